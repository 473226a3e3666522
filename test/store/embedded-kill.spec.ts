import { openDatabase } from '@marketprism/store';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { forkTypeScript } from '../engines/typescript-child.js';

const ROWS = 10;
const directory = mkdtempSync(join(tmpdir(), 'store-kill-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Lets a process insert from a block on, kills it `afterMs` after its first acknowledgement; gives the acknowledged. */
async function insertAndKill(from: number, afterMs: number): Promise<number[]> {
  const child = forkTypeScript('test/store/processes/insert-until-killed.ts', [directory, String(from), String(ROWS)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let printed = '';
  const firstBlock = new Promise<void>((resolve) =>
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (/\d+\n/.test(printed)) resolve();
    }),
  );
  const ended = once(child, 'close');
  await Promise.race([firstBlock, ended]);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await ended;
  return printed
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== 'ready')
    .map(Number);
}

it('keeps every acknowledged row, none of them double, through kills in the middle of inserts', async () => {
  const acknowledged = new Set<number>();
  let from = 0;
  for (const afterMs of [3, 20, 51, 120]) {
    const blocks = await insertAndKill(from, afterMs);
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) acknowledged.add(block);
    from = Math.max(...blocks) + 1; // the block in flight at the kill is sent again, as a writer would
  }
  const database = await openDatabase({ dataDir: directory });
  try {
    const rows = await database.query<{ block: number; ids: string; copies: string }>(
      'SELECT block, uniqExact(id) AS ids, count() AS copies FROM event FINAL GROUP BY block ORDER BY block',
    );
    const stored = new Map(rows.map(({ block, ids, copies }) => [block, [Number(ids), Number(copies)]]));
    for (const block of acknowledged) expect(stored.get(block)).toEqual([ROWS, ROWS]);
    for (const counts of stored.values()) expect(counts).toEqual([ROWS, ROWS]);
    expect(stored.size - acknowledged.size).toBeLessThanOrEqual(4);
  } finally {
    await database.close();
  }
}, 60_000);
