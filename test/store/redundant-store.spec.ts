import {
  embeddedNode,
  NodeDatabase,
  RedundantStore,
  type Database,
  type NodeSpec,
  type RedundantOptions,
} from '@marketprism/store';
import { Journal } from '@marketprism/stream/journal';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '../engines/eventually.js';
import { typescriptArguments, typescriptEnvironment } from '../engines/typescript-child.js';

/** Three nodes in a directory, and the processes behind them. */
class Nodes {
  readonly directory = mkdtempSync(join(tmpdir(), 'redundant-'));
  readonly open = new Map<string, NodeDatabase>();
  journal: Journal | undefined;
  store: RedundantStore | undefined;

  node(name: string): NodeSpec {
    const spec = embeddedNode(name, {
      dataDir: join(this.directory, name),
      execArgv: typescriptArguments,
      env: typescriptEnvironment,
    });
    return {
      name,
      open: async () => {
        const database = (await spec.open()) as NodeDatabase;
        this.open.set(name, database);
        return database;
      },
    };
  }

  async start(names = ['a', 'b', 'c'], options: Partial<RedundantOptions> = {}): Promise<RedundantStore> {
    this.journal ??= await Journal.open({ directory: join(this.directory, 'journal') });
    this.store = await RedundantStore.open({
      nodes: names.map((name) => this.node(name)),
      journal: this.journal,
      probeEveryMs: 200,
      probeMs: 500,
      ...options,
    });
    return this.store;
  }

  async closeJournal(): Promise<void> {
    await this.journal?.close();
    this.journal = undefined;
  }

  async end(): Promise<void> {
    await this.store?.close();
    await this.closeJournal();
    rmSync(this.directory, { recursive: true, force: true });
  }

  pid(name: string): number {
    return this.open.get(name)?.pid ?? 0;
  }

  async count(name: string, table: string): Promise<[number, number]> {
    const [row] =
      (await this.open
        .get(name)
        ?.query<{ n: string; d: string }>(`SELECT count() AS n, uniqExact(id) AS d FROM ${table}`)) ?? [];
    return [Number(row?.n), Number(row?.d)];
  }
}

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, note: `n${from + index}` }));
/** Append only: nothing but the token of a block keeps a second copy out. */
const createTable = (table: string) =>
  `CREATE TABLE IF NOT EXISTS ${table} (id UInt64, note String) ENGINE = MergeTree ORDER BY id PARTITION BY intDiv(id, 1000) ` +
  'SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1';

describe('a redundant store of three nodes', () => {
  const nodes = new Nodes();
  let store: RedundantStore;
  let table: string;
  let tables = 0;

  beforeAll(async () => {
    store = await nodes.start();
  }, 60_000);

  afterAll(() => nodes.end(), 30_000);

  beforeEach(async () => {
    table = `event_${(tables += 1)}`;
    await store.command(createTable(table));
  });

  const everywhere = (count: number, withinMs = 15_000) =>
    eventually(async () => {
      for (const name of ['a', 'b', 'c']) expect(await nodes.count(name, table)).toEqual([count, count]);
    }, withinMs);
  const everyoneUp = () =>
    eventually(
      () =>
        expect(store.snapshot().nodes.map(({ state, behind }) => [state, behind])).toEqual([
          ['up', 0],
          ['up', 0],
          ['up', 0],
        ]),
      15_000,
    );

  it('writes to every node, the first being the primary, and reads it back', async () => {
    expect(store.snapshot()).toMatchObject({ primary: 'a', failovers: 0, epoch: 1 });
    await store.insert(table, rows(0, 10));
    expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: '10' }]);
    await everywhere(10);
  });

  it('stores a block under one token once', async () => {
    await store.insert(table, rows(0, 10), { token: 'block' });
    await store.insert(table, rows(0, 10), { token: 'block' });
    await everywhere(10);
  });

  it('leaves a block that the engine refuses out on every node, and goes on', async () => {
    await expect(store.insert(table, [{ id: 'seven', note: '' }])).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(store.insert('nowhere', [{ id: 1 }])).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(store.insert(table, [{ id: null, note: '' }])).rejects.toThrow('row 0, id: must not be null');
    await store.insert(table, rows(0, 3));
    await everywhere(3);
    await everyoneUp();
  });

  it('tries a refused block again when its token comes again, instead of calling it stored', async () => {
    const later = `${table}_later`;
    const write = () => store.insert(later, rows(0, 5), { token: 'refused' });
    await expect(write()).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(write()).rejects.toMatchObject({ code: 'REFUSED' });
    await store.command(createTable(later));
    await write();
    await write();
    expect(await store.query(`SELECT count() AS n FROM ${later}`)).toEqual([{ n: '5' }]);
  });

  it('says what a block larger than the journal takes is, and takes large ones compressed', async () => {
    const note = 'n'.repeat(2_000_000);
    await store.insert(table, [{ id: 1, note }]);
    expect(await store.query(`SELECT length(note) AS n FROM ${table}`)).toEqual([{ n: '2000000' }]);
    const random = Array.from({ length: 200 }, () => ({ id: 2, note: randomBytes(8_192).toString('hex') }));
    await expect(store.insert(table, random)).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('finds and repairs what differs, partition by partition', async () => {
    await store.insert(table, rows(0, 3_000));
    await everywhere(3_000);
    await nodes.open.get('c')?.command(`ALTER TABLE ${table} DELETE WHERE id = 1500 SETTINGS mutations_sync = 1`);
    await nodes.open.get('b')?.insert(table, [{ id: 5_000, note: 'stray' }]);
    const found = new Map([
      ['b', [{ table, partition: '5' }]],
      ['c', [{ table, partition: '1' }]],
    ]);
    expect(await store.compare()).toEqual(found);
    expect(await store.repair()).toEqual(found);
    expect(await store.compare()).toEqual(new Map());
    await everywhere(3_000);
  }, 30_000);

  it('refuses a second writer with a journal of its own', async () => {
    const journal = await Journal.open({ directory: join(nodes.directory, 'other-journal') });
    const shared = (name: string): Database => {
      const database = nodes.open.get(name) as NodeDatabase;
      return new Proxy(database, {
        get: (target, property) => {
          if (property === 'close') return async () => undefined;
          const value = Reflect.get(target, property) as unknown;
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    };
    const specs = ['a', 'b', 'c'].map((name) => ({ name, open: async () => shared(name) }));
    await expect(RedundantStore.open({ nodes: specs, journal })).rejects.toMatchObject({ code: 'FENCED' });
    await journal.close();
    await store.insert(table, rows(0, 1));
  }, 30_000);

  it('goes on writing and reading within five seconds when the primary is killed, and brings it the rest', async () => {
    await store.insert(table, rows(0, 10));
    const { primary = '', failovers } = store.snapshot();
    process.kill(nodes.pid(primary), 'SIGKILL');
    const since = performance.now();
    await store.insert(table, rows(10, 20));
    expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: '20' }]);
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(store.snapshot().failovers).toBe(failovers + 1);
    await everywhere(20);
  }, 30_000);

  it('goes on within five seconds when the primary hangs', async () => {
    await everyoneUp();
    await store.insert(table, rows(0, 10));
    process.kill(nodes.pid(store.snapshot().primary ?? ''), 'SIGSTOP');
    const since = performance.now();
    await store.insert(table, rows(10, 20));
    expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: '20' }]);
    expect(performance.now() - since).toBeLessThan(5_000);
    await everywhere(20);
  }, 30_000);

  it('stores every block once on every node, whichever nodes are killed meanwhile', async () => {
    await everyoneUp();
    const writing = (async () => {
      for (let block = 0; block < 150; block += 1) await store.insert(table, rows(block * 10, block * 10 + 10));
    })();
    for (const name of ['b', 'c', 'a']) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      process.kill(nodes.pid(name), 'SIGKILL');
    }
    await writing;
    await everywhere(1_500, 20_000);
    expect(await store.compare()).toEqual(new Map());
  }, 60_000);
});

describe('a redundant store', () => {
  let nodes: Nodes;

  beforeEach(() => {
    nodes = new Nodes();
  });

  afterEach(() => nodes.end(), 30_000);

  it('does not report success with one node alone, and brings the write to the other when it is back', async () => {
    const store = await nodes.start(['a', 'b'], { probeMs: 30_000 });
    await store.command(createTable('event'));
    await store.insert('event', rows(0, 10));
    process.kill(nodes.pid('b'), 'SIGSTOP');
    await expect(store.insert('event', rows(10, 20), { deadlineMs: 400, token: 'again' })).rejects.toMatchObject({
      code: 'UNKNOWN_OUTCOME',
      outcomeUnknown: true,
    });
    const again = store.insert('event', rows(10, 20), { token: 'again' });
    process.kill(nodes.pid('b'), 'SIGCONT');
    await again;
    expect(await nodes.count('a', 'event')).toEqual([20, 20]);
    expect(await nodes.count('b', 'event')).toEqual([20, 20]);
  }, 40_000);

  it('brings to every node, after a restart, what its journal had accepted; and fills a node that was replaced', async () => {
    const store = await nodes.start();
    await store.command(createTable('event'));
    await store.insert('event', rows(0, 50));
    await store.close();
    await nodes.journal?.append({
      subject: '$store.json',
      headers: { table: 'event' },
      body: Buffer.from('{"id":77,"note":"kept"}'),
    });
    await nodes.closeJournal();
    rmSync(join(nodes.directory, 'a'), { recursive: true, force: true });
    const again = await nodes.start();
    expect(again.snapshot().primary).not.toBe('a');
    expect(again.snapshot().nodes[0]).toMatchObject({ name: 'a', state: 'detached' });
    await eventually(async () => {
      for (const name of ['b', 'c']) expect(await nodes.count(name, 'event')).toEqual([51, 51]);
    });
    await again.repair();
    await again.insert('event', rows(50, 60));
    await eventually(async () => expect(await nodes.count('a', 'event')).toEqual([61, 61]), 10_000);
    expect(await again.compare()).toEqual(new Map());
  }, 60_000);

  it('names every wrong option', async () => {
    nodes.journal = await Journal.open({ directory: join(nodes.directory, 'journal') });
    await expect(RedundantStore.open({ nodes: [nodes.node('a')], journal: nodes.journal, probeMs: 1 })).rejects.toThrow(
      'redundant store options are wrong:\n  probeMs: Too small: expected number to be >=50\n  minReplicas: must be less than the number of nodes',
    );
  });
});
