// Jest runs CommonJS: Nest 12 and some other packages ship only ES modules, which @swc/jest renders for it.
// An ES-module package missing here fails with "Must use import to load ES Module" naming it.
const esmPackages = [
  '@nestjs',
  '@noble',
  '@prisma',
  // Its exporter imports `http` when it first needs it.
  '@opentelemetry/otlp-exporter-base',
  '@scure',
  'ccxt',
  'chdb',
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer',
  '@borewit',
  'log-update',
  'ansi-escapes',
  'cli-cursor',
  'restore-cursor',
  'slice-ansi',
  'string-width',
  'strip-ansi',
  'ansi-regex',
  'wrap-ansi',
  'ansi-styles',
  'is-fullwidth-code-point',
  'get-east-asian-width',
  'environment',
  'onetime',
  'mimic-function',
  'signal-exit',
  'fast-check',
  'pure-rand',
  'content-disposition',
];

const swc = (syntax) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: syntax === 'ts' ? { syntax: 'typescript', decorators: true } : { syntax: 'ecmascript' },
      ...(syntax === 'ts' && {
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      }),
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const project = (displayName, extra) => ({
  displayName,
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@marketprism/source', 'node', 'node-addons'] },
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  setupFilesAfterEnv: ['<rootDir>/test/engines/second-chance.js', '<rootDir>/test/properties/fixed-seed.js'],
  modulePathIgnorePatterns: ['/dist/', '/.stryker-tmp/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': swc('ts'), '^.+\\.m?js$': swc('js') },
  transformIgnorePatterns: [`/node_modules/(?!(.*/node_modules/)?(${esmPackages.join('|')})/)`],
  ...extra,
});

/** The same specs on each major version of Nest. */
const nest = (version, moduleNameMapper = {}) =>
  project(`nest-${version}`, {
    roots: ['<rootDir>/test/nest-matrix'],
    moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1', ...moduleNameMapper },
  });

/** @type {import('jest').Config} */
export default {
  // Many tests wait for real processes: with one worker, as on two cores by default, most of the time is waiting.
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/engines/absent-engines-reporter.js'],
  projects: [
    project('tests', {
      roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
      testPathIgnorePatterns: ['/node_modules/', '/test/nest-matrix/', '/test/reliability/'],
    }),
    project('reliability', { roots: ['<rootDir>/test/reliability'] }),
    nest(12),
    nest(11, { '^@nestjs/([^/]+)(.*)$': '<rootDir>/test/nest-11/node_modules/@nestjs/$1$2' }),
  ],
};
