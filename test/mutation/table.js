// `node test/mutation/table.js circuit-breaker`: the rows of docs/mutation.md of a room, and its survivors, from the
// reports that runs have left in reports/mutation. Found are killed and timed-out mutants; not covered ones are survivors.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const reports = join(import.meta.dirname, '../../reports/mutation');
const room = process.argv[2];
const rows = [];
const survivors = [];

for (const report of readdirSync(reports).filter((file) => file.startsWith(`${room}.`) && file.endsWith('.json'))) {
  const { files } = JSON.parse(readFileSync(join(reports, report), 'utf8'));
  for (const [path, { mutants, source }] of Object.entries(files)) {
    const counted = mutants.filter(({ status }) => !['Ignored', 'CompileError', 'RuntimeError'].includes(status));
    const left = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
    const timedOut = counted.filter(({ status }) => status === 'Timeout').length;
    rows.push({ file: basename(path), mutants: counted.length, survivors: left.length, timedOut });
    for (const { location, mutatorName, replacement, status } of left) {
      const line = source.split('\n')[location.start.line - 1].trim();
      survivors.push(`${basename(path)}:${location.start.line} ${mutatorName} ${status}: ${line} → ${replacement}`);
    }
  }
}

const total = { file: 'all', mutants: 0, survivors: 0, timedOut: 0 };
for (const row of rows) for (const count of ['mutants', 'survivors', 'timedOut']) total[count] += row[count];
for (const { file, mutants, survivors: left, timedOut } of [...rows, total]) {
  const score = mutants === 0 ? '–' : ((100 * (mutants - left)) / mutants).toFixed(1);
  console.log(`| ${file === 'all' ? 'all' : `\`${file}\``} | ${mutants} | ${left} | ${timedOut} | ${score} |`);
}
for (const survivor of survivors) console.log(survivor);
