import { durableTableSettings, openDatabase } from '@marketprism/store';
import { writeSync } from 'node:fs';

/** Inserts numbered blocks, and writes each block's number to standard output once it is acknowledged. */
const [, , dataDir = '', from = '0', rowsPerBlock = '10'] = process.argv;
const database = await openDatabase({ dataDir });
await database.command(
  `CREATE TABLE IF NOT EXISTS event (id UInt64, block UInt32) ENGINE = ReplacingMergeTree ORDER BY id ${durableTableSettings(database.features)}`,
);
writeSync(1, 'ready\n');
const size = Number(rowsPerBlock);
for (let block = Number(from); ; block += 1) {
  const rows = Array.from({ length: size }, (_, index) => ({ id: block * size + index, block }));
  await database.insert('event', rows, { token: `block-${block}` });
  writeSync(1, `${block}\n`);
}
