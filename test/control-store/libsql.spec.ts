import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@libsql/client';
import { openControlStore } from '@marketprism/control-store';
import { behavesAsControlStore } from './control-store.contract.js';
import { holdsAmongProcesses, survivesAKillDuringMigration } from './processes.js';

jest.setTimeout(240_000);

describe('the control store in a libsql file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'control-store-'));
  const file = (name: string) => `file:${join(directory, `${name}.db`)}`;
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  behavesAsControlStore(() => file('contract'));
  holdsAmongProcesses(() => file('processes'));
  survivesAKillDuringMigration(() => file('killed'));

  it('refuses a file that newer code has made', async () => {
    const url = file('newer');
    await (await openControlStore({ url })).close();
    const client = createClient({ url });
    await client.execute(`INSERT INTO control_store_migration VALUES (2, 'later', 'x', 'then')`);
    client.close();
    await expect(openControlStore({ url })).rejects.toMatchObject({
      code: 'MIGRATION',
      message: `${url} is at migration 2 (later), and this code knows 1: it is newer`,
    });
  });

  it('refuses a file whose tables were made by another content', async () => {
    const url = file('edited');
    await (await openControlStore({ url })).close();
    const client = createClient({ url });
    await client.execute(`UPDATE control_store_migration SET checksum = 'other'`);
    client.close();
    await expect(openControlStore({ url })).rejects.toMatchObject({
      code: 'MIGRATION',
      message: `${url}: migration 1 (tables) was applied with another content than it has here`,
    });
  });

  it('waits for a process that holds the file, and says so when that takes too long', async () => {
    const url = file('held');
    const holder = createClient({ url });
    const held = await holder.transaction('write');
    await expect(openControlStore({ url, migrationWaitMs: 100 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${url}: another process has held it for 100 ms`,
    });
    const opening = openControlStore({ url, migrationWaitMs: 60_000 });
    await held.rollback();
    holder.close();
    await (await opening).close();
  });

  it('writes on after an entry that was refused because another process held the file', async () => {
    const url = file('refused');
    const store = await openControlStore({ url, timeoutMs: 200 });
    const version = { version: 1, at: 1, who: 'ann', why: 'why', source: 'code', config: {} };
    const holder = createClient({ url });
    const held = await holder.transaction('write');
    await expect(store.history.append(version)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${url}: held by another process`,
    });
    await held.rollback();
    await Promise.all([1, 2, 3].map((number) => store.history.append({ ...version, version: number })));
    // Seen by others, not only over the connection that wrote it.
    const { rows } = await holder.execute('SELECT version FROM configuration_version ORDER BY version');
    expect(rows.map((row) => row['version'])).toEqual([1, 2, 3]);
    holder.close();
    await store.close();
  });

  it.each([
    [
      { url: 'mysql://me:hunter2@db.example/x' },
      'controlStore.url: must begin with file: or postgresql://; got "mysql://[redacted]@db.example/x"',
    ],
    [{ url: 'file:/absent/folder/control.db' }, /^file:\/absent\/folder\/control\.db: cannot be opened: /],
    [{ keep: { versions: 0 } }, /^controlStore\.keep\.versions: /],
  ])('refuses %j', async (options, message) => {
    await expect(openControlStore(options)).rejects.toThrow(message);
  });
});
