// `npm run docs`: writes the tables of options into the pages, and the rule files for Prometheus. Builds the library first.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { ruleFiles } from '../deploy/prometheus/rule-files.js';
import { alertSchemas, redisSchemas, withTables } from './options-table.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'libs/reliability'], {
  cwd: root,
  stdio: 'inherit',
});
const { BUILTIN_POLICIES, handlerOptions, rateLimiterPolicy } = await import('@marketprism/reliability');
const alerting = await import('@marketprism/reliability/alerting');
const redis = await import('@marketprism/reliability/redis');
const schemas = {
  ...Object.fromEntries(BUILTIN_POLICIES.map(({ optionKey, options }) => [optionKey, options])),
  ...alertSchemas(alerting),
  ...redisSchemas(redis, rateLimiterPolicy.options),
  handlers: handlerOptions,
};

for (const name of readdirSync(here).filter((file) => file.endsWith('.md'))) {
  const path = join(here, name);
  const page = readFileSync(path, 'utf8');
  const config = await prettier.resolveConfig(path);
  const made = await prettier.format(withTables(page, schemas), { ...config, filepath: path });
  if (made !== page) {
    writeFileSync(path, made);
    console.log(`docs/${name}`);
  }
}

const files = ruleFiles(alerting);
for (const [name, made] of Object.entries(files)) {
  const path = join(root, 'deploy/prometheus', name);
  const known = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const formatted = await prettier.format(made, { ...(await prettier.resolveConfig(path)), filepath: path });
  if (formatted === known) continue;
  writeFileSync(path, formatted);
  console.log(`deploy/prometheus/${name}`);
}
