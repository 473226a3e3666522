import { fileURLToPath } from 'node:url';
import jestConfig from '../../jest.config.js';

const room = process.env.MUTATION_ROOM;
const file = process.env.MUTATION_FILE;
const specs = process.env.MUTATION_SPECS;
const report = `reports/mutation/${[room, file].filter(Boolean).join('.').replaceAll('/', '.')}`;
const source = 'libs/reliability/src';
const project = jestConfig.projects?.find(({ displayName }) => displayName === 'reliability') ?? jestConfig;

/**
 * Files that only carry out what the pure ones decide: they await, time or inject, and their contract and composition
 * specs stand elsewhere. Everything else of a room is mutated, by every mutator.
 */
const SHELLS = [
  `!${source}/*/${room}.ts`,
  `!${source}/load-balancer/{background-work,discovery,dns-discovery,health-probe}.ts`,
  `!${source}/balancers/child-process-provisioner.ts`,
  // What talks to the server, and what awaits it: proven against real ones in test/redis.
  `!${source}/redis/{fleet-breaker,leases,redis-config-source,redis-connection}.ts`,
  `!${source}/redis/{shared-gate,shared-limit,shared-limits,shared-rate-limiter,shared-store}.ts`,
  `!${source}/redis/{fleet-script,limit-script}.ts`,
  `!${source}/**/*.spec.ts`,
  `!${source}/**/*.contract.ts`,
];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: file ? [`${source}/${room}/${file}.ts`] : [`${source}/${room}/**/*.ts`, ...SHELLS],
  testRunner: 'jest',
  jest: {
    config: {
      ...project,
      roots: [`<rootDir>/${source}/${room}`],
      testMatch: [`<rootDir>/${source}/${room}/**/${specs ? `${specs}*` : '*'}.spec.ts`],
      // Empty, or Stryker puts the project's own back in and runs every spec once for each of them.
      projects: [],
      testEnvironment: fileURLToPath(new URL('first-failure-environment.cjs', import.meta.url)),
      // Engines are none of a room's business.
      setupFilesAfterEnv: [fileURLToPath(new URL('fail-at-once.js', import.meta.url))],
      reporters: [],
      // The project's own setting keeps sandboxes out of ordinary runs; here the sandbox is what runs.
      modulePathIgnorePatterns: ['/dist/'],
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2),
  // A mutant that takes too long counts as found: generous, so that a busy machine finds none.
  timeoutMS: 30_000,
  ignoreStatic: false,
  thresholds: { high: 100, low: 95, break: 95 },
  reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `${report}.html` },
  jsonReporter: { fileName: `${report}.json` },
  tempDirName: '.stryker-tmp',
  ignorePatterns: [
    'apps',
    'bench',
    'config',
    'deploy',
    'docs',
    'test',
    'libs/control-store',
    'libs/store',
    'libs/stream',
    'dist',
    'reports',
  ],
  disableTypeChecks: true,
};
