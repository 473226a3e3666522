import { durableTableSettings, embeddedNode, RedundantStore, type Database } from '@marketprism/store';
import { Journal } from '@marketprism/stream/journal';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The latency of a redundant write against that of a single node, interleaved.

const WRITES = 150;
const directory = mkdtempSync(join(tmpdir(), 'bench-store-'));
const rows = Array.from({ length: 100 }, (_, id) => ({ id, note: `row ${id}` }));
const percentile = (values: readonly number[], rank: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * rank)] ?? 0;

const journal = await Journal.open({ directory: join(directory, 'journal') });
const store = await RedundantStore.open({
  nodes: ['a', 'b', 'c'].map((name) => embeddedNode(name, { dataDir: join(directory, name) })),
  journal,
});
const single = await embeddedNode('single', { dataDir: join(directory, 'single') }).open();
const write = async (database: Database) => {
  const start = performance.now();
  await database.insert('event', rows);
  return performance.now() - start;
};
for (const database of [store, single])
  await database.command(
    `CREATE TABLE event (id UInt64, note String) ENGINE = MergeTree ORDER BY id ${durableTableSettings(single.features)}`,
  );
for (let index = 0; index < 20; index += 1) for (const database of [store, single]) await write(database);
const [redundant, alone]: [number[], number[]] = [[], []];
for (let index = 0; index < WRITES; index += 1) {
  redundant.push(await write(store));
  while (store.snapshot().nodes.some(({ behind }) => behind > 0))
    await new Promise((resolve) => setTimeout(resolve, 1));
  alone.push(await write(single));
}
for (const [name, rank] of [
  ['p50', 0.5],
  ['p90', 0.9],
] as const) {
  const [a, b] = [percentile(redundant, rank), percentile(alone, rank)];
  console.log(
    `redundant write (3 nodes, primary and 1 replica durable) against one node, ${name}: ${(a / b).toFixed(2)} ×   (${a.toFixed(1)} ms against ${b.toFixed(1)} ms)`,
  );
}
await store.close();
await single.close();
await journal.close();
rmSync(directory, { recursive: true, force: true });
process.exit(0);
