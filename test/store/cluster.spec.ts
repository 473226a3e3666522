import { migrate, openDatabase, type Database } from '@marketprism/store';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clickhouseServer } from '../engines/clickhouse.js';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { zookeeperServer } from '../engines/zookeeper.js';

type Server = Engine & { readonly url: string };

describeWithEngines(['clickhouse-server', 'zookeeper'], 'a cluster of two replicas', () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-cluster-'));
  let keeper: Engine;
  let servers: Server[];
  let database: Database;

  beforeAll(async () => {
    keeper = await zookeeperServer(join(directory, 'zookeeper'));
    await keeper.start();
    servers = [];
    for (const replica of ['a', 'b']) {
      const server = await clickhouseServer(join(directory, replica), { replica, zookeeperPort: keeper.port });
      servers.push(await server.start());
    }
    database = await openDatabase({ url: servers.map(({ url }) => url).join(','), deadlineMs: 40_000 });
    await migrate(database, [
      {
        version: 1,
        name: 'event',
        statements: [
          'CREATE TABLE IF NOT EXISTS event (id UInt64, note String) ENGINE = MergeTree PARTITION BY tuple() ORDER BY id {durable}',
        ],
      },
    ]);
  }, 120_000);

  afterAll(async () => {
    await database.close();
    for (const server of servers) await server.kill();
    await keeper.kill();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  const rows = (block: number) =>
    Array.from({ length: 10 }, (_, index) => ({ id: block * 10 + index, note: `n${block}` }));
  const countOn = async (server: Server | undefined) => {
    const direct = await openDatabase({ url: server?.url ?? '' });
    const [row] = await direct.query<{ n: string; d: string }>('SELECT count() AS n, uniqExact(id) AS d FROM event');
    await direct.close();
    return [Number(row?.n), Number(row?.d)];
  };

  it('makes tables replicated, and has an insert on both replicas when it succeeds', async () => {
    await database.insert('event', rows(0));
    expect([await countOn(servers[0]), await countOn(servers[1])]).toEqual([
      [10, 10],
      [10, 10],
    ]);
  });

  it('stores the same block once, whichever replica gets it', async () => {
    await database.insert('event', rows(0));
    await database.insert('event', rows(0));
    expect(await countOn(servers[1])).toEqual([10, 10]);
  });

  it('stores every block once while replicas are killed in the middle of writes', async () => {
    let written = 1;
    const writing = (async () => {
      for (; written < 60; written += 1) await database.insert('event', rows(written));
    })();
    for (const victim of [1, 0]) {
      await eventually(() => expect(written).toBeGreaterThan(victim === 1 ? 5 : 25), 60_000);
      await servers[victim]?.kill();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await servers[victim]?.start();
    }
    await writing;
    await eventually(async () => {
      expect([await countOn(servers[0]), await countOn(servers[1])]).toEqual([
        [600, 600],
        [600, 600],
      ]);
    }, 30_000);
  }, 180_000);

  it('says that the outcome is not known when no quorum answers, and stores the block once when it is back', async () => {
    await servers[1]?.kill();
    await expect(database.insert('event', rows(100), { deadlineMs: 7_000 })).rejects.toMatchObject({
      outcomeUnknown: true,
    });
    await servers[1]?.start();
    await database.insert('event', rows(100));
    await eventually(async () => {
      expect([await countOn(servers[0]), await countOn(servers[1])]).toEqual([
        [610, 610],
        [610, 610],
      ]);
    }, 30_000);
  }, 120_000);
});
