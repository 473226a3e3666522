import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** The long form of the kill tests: `npm run test:kills -- --messages 100000 --seed 7`. */
const args = ['--import', '@swc-node/register/esm-register', '--conditions=@marketprism/source', '--no-warnings'];
const { status } = spawnSync(process.execPath, [...args, 'test/stream/kills/long.ts', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SWC_NODE_PROJECT: resolve('tsconfig.base.json') },
});
process.exit(status ?? 1);
