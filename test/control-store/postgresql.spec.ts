import pg from 'pg';
import { openControlStore } from '@marketprism/control-store';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { postgresServer, type PostgresServer } from '../engines/postgresql.js';
import { behavesAsControlStore } from './control-store.contract.js';
import { holdsAmongProcesses, survivesAKillDuringMigration } from './processes.js';

jest.setTimeout(240_000);

describeWithEngines(['postgres'], 'the control store in PostgreSQL', () => {
  let server: PostgresServer;
  const database = (name: string) => server.url.replace(/postgres$/, name);

  beforeAll(async () => {
    server = await postgresServer();
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    for (const name of ['contract', 'processes', 'killed', 'newer', 'hung'])
      await client.query(`CREATE DATABASE ${name}`);
    await client.end();
  });
  afterAll(() => server.remove());

  behavesAsControlStore(() => database('contract'));
  holdsAmongProcesses(() => database('processes'));
  survivesAKillDuringMigration(() => database('killed'));

  it('refuses a database that newer code has made', async () => {
    const url = database('newer');
    await (await openControlStore({ url })).close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`INSERT INTO control_store_migration VALUES (2, 'later', 'x', 'then')`);
    await client.end();
    await expect(openControlStore({ url })).rejects.toMatchObject({
      code: 'MIGRATION',
      message: expect.stringMatching(/\/newer is at migration 2 \(later\), and this code knows 1: it is newer$/),
    });
  });

  it('gives up on a server that hangs, in its own time, and goes on when it is back', async () => {
    const store = await openControlStore({ url: database('hung'), timeoutMs: 5_000 });
    server.engine.hang();
    try {
      await expect(store.history.list()).rejects.toMatchObject({ name: 'ControlStoreError', code: 'UNAVAILABLE' });
    } finally {
      server.engine.resume();
    }
    await eventually(async () => expect(await store.history.list()).toEqual([]), 60_000);
    await store.close();
  });

  it('says where nobody answers, without the password', async () => {
    const url = 'postgresql://me:hunter2@127.0.0.1:1/control';
    const refused = openControlStore({ url, timeoutMs: 30_000 });
    await expect(refused).rejects.toThrow(/^postgresql:\/\/127\.0\.0\.1:1\/control: .*ECONNREFUSED/);
    await expect(refused).rejects.not.toThrow('hunter2');
  });
});
