import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openControlStore } from '@marketprism/control-store';
import { forkTypeScript } from '../engines/typescript-child.js';

const CHILDREN = 2;
const ENTRIES = 25;

const ended = async (child: ChildProcess): Promise<number | null> => {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
};

/** What holds when several processes use one database. */
export function holdsAmongProcesses(url: () => string): void {
  it('lets processes that start together make the tables once, and write side by side', async () => {
    const children = Array.from({ length: CHILDREN }, () =>
      forkTypeScript('test/control-store/processes/append-entries.ts', [url(), String(ENTRIES)]),
    );
    expect(await Promise.all(children.map(ended))).toEqual(children.map(() => 0));
    const store = await openControlStore({ url: url(), instance: 'shared' });
    const entries = await store.auditTrail.list({ limit: 1_000 });
    await store.close();
    expect(entries).toHaveLength(CHILDREN * ENTRIES);
    expect(new Set(entries.map(({ who, reason }) => `${who} ${reason}`)).size).toBe(CHILDREN * ENTRIES);
  }, 240_000);
}

/** What holds when a process dies while it makes the tables. The database is empty at first. */
export function survivesAKillDuringMigration(url: () => string): void {
  it('makes the tables after a process was killed in the middle of making them', async () => {
    const child = forkTypeScript('test/control-store/processes/migrate-until-killed.ts', [url()]);
    const said = await Promise.race([once(child, 'message'), ended(child)]);
    expect(said).toEqual(['applied', undefined]);
    const exit = ended(child);
    child.kill('SIGKILL');
    await exit;
    const store = await openControlStore({ url: url() });
    expect(await store.history.list()).toEqual([]);
    await store.close();
  }, 240_000);
}
