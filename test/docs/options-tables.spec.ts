import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILTIN_POLICIES, handlerOptions, rateLimiterPolicy } from '@marketprism/reliability';
import { alertRule, alertsOptions } from '@marketprism/reliability/alerting';
import { fleetBreakerOptions, sharedRateLimiterOptions, sharedStoreOptions } from '@marketprism/reliability/redis';

// Plain JavaScript, shared with `npm run docs`.
const { alertSchemas, redisSchemas, tableOf, withTables } = jest.requireActual<{
  alertSchemas: (alerting: object) => Readonly<Record<string, unknown>>;
  redisSchemas: (redis: object, rateLimit: unknown) => Readonly<Record<string, unknown>>;
  tableOf: (schema: unknown) => string;
  withTables: (page: string, schemas: Readonly<Record<string, unknown>>) => string;
}>('../../docs/options-table.js');

const docs = join(__dirname, '../../docs');
const schemas: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(BUILTIN_POLICIES.map(({ optionKey, options }) => [optionKey, options])),
  ...alertSchemas({ alertRule, alertsOptions }),
  ...redisSchemas({ sharedRateLimiterOptions, sharedStoreOptions, fleetBreakerOptions }, rateLimiterPolicy.options),
  handlers: handlerOptions,
};
const pages = readdirSync(docs).filter((file) => file.endsWith('.md'));
/** As formatted or not: cells without padding, the rule below the head aside. */
const bare = (page: string) =>
  page
    .split('\n')
    .filter((line) => !/^\|[\s|-]+$/.test(line))
    .map((line) => (line.startsWith('|') ? line.replace(/\s*\|\s*/g, '|') : line).trim())
    .filter((line) => line !== '')
    .join('\n');

describe('the tables of options', () => {
  it('stand somewhere for every kind of policy and of alert', () => {
    const all = pages.map((page) => readFileSync(join(docs, page), 'utf8')).join('\n');
    const marked = [...all.matchAll(/<!-- options: (\w+) -->/g)].map(([, key]) => key!);
    expect(marked.sort()).toEqual(Object.keys(schemas).sort());
  });

  it.each(pages)('of %s are current (`npm run docs` writes them)', (name) => {
    const page = readFileSync(join(docs, name), 'utf8');
    expect(bare(page)).toBe(bare(withTables(page, schemas)));
  });

  it.each(Object.keys(schemas))('say what each option of %s means', (key) => {
    const undescribed = tableOf(schemas[key])
      .split('\n')
      .filter((line) => line.endsWith('|  |'));
    expect(undescribed).toEqual([]);
  });
});
