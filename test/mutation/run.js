// `npm run mutation -- circuit-breaker`: mutates the pure files of a room and runs that room's own specs against each
// mutant. `npm run mutation -- core keyed-states`: one file of a room against the spec of that name, which is faster;
// `npm run mutation -- circuit-breaker circuit-machine circuit-breaker`: against the specs whose names begin so.
// `MUTATION_CONCURRENCY=1` leaves a core to others (default: 2 mutants at a time). Reports: reports/mutation.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const [room, file, specs = file] = process.argv.slice(2);

if (room === undefined || !existsSync(join(root, 'libs/reliability/src', room))) {
  console.error(
    'Which room? npm run mutation -- <folder of libs/reliability/src> [file without .ts [beginning of its specs]]',
  );
  process.exit(2);
}

const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const { status } = spawnSync(process.execPath, [stryker, 'run', join(here, 'stryker.config.js')], {
  cwd: root,
  stdio: 'inherit',
  // Where time is not UTC it shows who reads a date as if it were.
  env: {
    TZ: 'Asia/Kathmandu',
    ...process.env,
    MUTATION_ROOM: room,
    MUTATION_FILE: file ?? '',
    MUTATION_SPECS: specs ?? '',
  },
});
process.exit(status ?? 1);
