// `npm run docs`: writes the tables of metrics into docs/metrics.md, and Grafana's dashboards. Builds everything first.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { withMetrics } from './metrics-table.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const run = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
const projects = ['libs/reliability', 'libs/stream', 'libs/store', 'apps/exchange-simulator', 'apps/collector'];
run(join(root, 'node_modules/typescript/bin/tsc'), '-b', ...projects);

const tables = {
  library: (await import('@marketprism/reliability/prometheus')).RELIABILITY_FAMILIES,
  stream: (await import('@marketprism/stream/prometheus')).STREAM_FAMILIES,
  store: (await import('@marketprism/store/prometheus')).STORE_FAMILIES,
  collector: (await import('../apps/collector/dist/metrics/collector-families.js')).COLLECTOR_FAMILIES,
};
const path = join(here, 'metrics.md');
const config = await prettier.resolveConfig(path);
const made = await prettier.format(withMetrics(readFileSync(path, 'utf8'), tables), { ...config, filepath: path });
writeFileSync(path, made);
run(join(root, 'deploy/grafana/generate.js'));
