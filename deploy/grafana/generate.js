// `npm run docs`, and by itself: writes dashboards/*.json from the code's families of metrics. Needs a build.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { RELIABILITY_FAMILIES } from '@marketprism/reliability/prometheus';
import { STORE_FAMILIES } from '@marketprism/store/prometheus';
import { STREAM_FAMILIES } from '@marketprism/stream/prometheus';
import { COLLECTOR_FAMILIES } from '../../apps/collector/dist/metrics/collector-families.js';
import { dashboardsOf } from './dashboards.js';

const directory = join(dirname(fileURLToPath(import.meta.url)), 'dashboards');
mkdirSync(directory, { recursive: true });
const families = {
  library: RELIABILITY_FAMILIES,
  stream: STREAM_FAMILIES,
  store: STORE_FAMILIES,
  collector: COLLECTOR_FAMILIES,
};
for (const [name, made] of Object.entries(dashboardsOf(families))) {
  const path = join(directory, `${name}.json`);
  const config = await prettier.resolveConfig(path);
  writeFileSync(path, await prettier.format(JSON.stringify(made), { ...config, filepath: path }));
}
