// `npm run bench -- circuit-breaker retry`: builds the library and the benches and runs those named, or all.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const SUFFIX = '.bench.ts';

const known = readdirSync(here)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No bench is called ${unknown.join(', ')}; known: ${known.join(', ')}`);
  process.exit(2);
}

const node = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const tsc = join(root, 'node_modules/typescript/bin/tsc');
node(tsc, '-b', 'libs/reliability', 'libs/stream', 'libs/store');
node(tsc, '-p', 'bench');
for (const name of wanted.length > 0 ? wanted : known) {
  node('--expose-gc', '--max-semi-space-size=32', join(here, 'dist', `${name}.bench.js`));
}
