import {
  type BackupTarget,
  directoryTarget,
  embeddedNode,
  NodeDatabase,
  type NodeSpec,
  RedundantStore,
} from '@marketprism/store';
import { bindStoreMetrics, MeteredBackups, MeteredDatabase, STORE_FAMILIES } from '@marketprism/store/prometheus';
import { Journal } from '@marketprism/stream/journal';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { typescriptArguments, typescriptEnvironment } from '../engines/typescript-child.js';
import { checkMetrics } from './promtool.js';
import { Sightings } from './sightings.js';

describeWithEngines(['promtool'], 'the metrics of a store, where everything happens', () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-metrics-'));
  const registry = new Registry();
  const sightings = new Sightings();
  const open = new Map<string, NodeDatabase>();
  let journal: Journal;
  let redundant: RedundantStore;
  let database: MeteredDatabase;
  let unbind: () => void;
  let broken = false;
  let mayOpen: Promise<void> | undefined;
  let now = Date.parse('2026-11-21T00:00:00Z');

  const node = (name: string): NodeSpec => {
    const options = {
      startMs: 120_000,
      dataDir: join(directory, name),
      execArgv: typescriptArguments,
      env: typescriptEnvironment,
    };
    const spec = embeddedNode(name, options);
    return {
      name,
      open: async () => {
        await mayOpen;
        const opened = (await spec.open()) as NodeDatabase;
        open.set(name, opened);
        return opened;
      },
    };
  };
  const backups = () => {
    const target = directoryTarget(join(directory, 'backups'));
    const breaking: BackupTarget = {
      ...target,
      name: target.name,
      list: () => target.list(),
      get: (name) => target.get(name),
      delete: (names) => target.delete(names),
      put: (name, bytes) => (broken ? Promise.reject(new Error('disk full')) : target.put(name, bytes)),
    };
    return new MeteredBackups({ target: breaking, retentionMs: 86_400_000, now: () => now });
  };
  const scrape = async () => {
    await new Promise(setImmediate);
    const text = await registry.metrics();
    sightings.add(text);
    return text;
  };

  beforeAll(async () => {
    journal = await Journal.open({ directory: join(directory, 'journal') });
    redundant = await RedundantStore.open({
      nodes: ['a', 'b', 'c'].map(node),
      journal,
      startMs: 120_000,
      probeEveryMs: 1_000,
      probeMs: 60_000, // a loaded machine is not a dead node; a killed one is known by its end
    });
    database = new MeteredDatabase(redundant);
  }, 180_000);
  afterAll(async () => {
    unbind?.();
    await redundant?.close();
    await journal?.close();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('tells of calls, of nodes and of a primary that is lost', async () => {
    const made = backups();
    unbind = bindStoreMetrics(registry, { database, redundant, backups: made });
    await database.command('CREATE TABLE rate (id UInt64) ENGINE = MergeTree ORDER BY id PARTITION BY intDiv(id, 10)');
    const inserting = database.insert('rate', [{ id: 1 }, { id: 2 }]);
    expect(await scrape()).toContain('store_calls_in_flight{operation="insert"} 1');
    await inserting;
    await database.insertJson('rate', Buffer.from('{"id":"11"}\n'));
    await database.exportTsv('SELECT id FROM rate');
    await expect(database.query('SELECT nothing')).rejects.toMatchObject({ name: 'StoreError' });

    const full = made.create(database, 'full');
    await eventually(async () => expect(await scrape()).toContain('store_backups_running 1'));
    await full;
    now += 3_600_000;
    await made.create(database, 'incremental');
    broken = true;
    await database.insert('rate', [{ id: 21 }]);
    await expect(made.create(database, 'full')).rejects.toThrow('disk full');
    broken = false;
    now += 30 * 86_400_000;
    await made.create(database, 'full');
    await made.prune();
    const text = await scrape();
    expect(text).toContain('store_rows_inserted_total{table="rate"} 3');
    expect(text).toContain('store_backups_total{result="failed"} 1');
    expect(text).toMatch(/store_backup_parts_total\{how="reused"\} [1-9]/);

    const primary = redundant.snapshot().primary!;
    await open.get(primary)!.kill();
    await eventually(async () => {
      expect(await scrape()).toContain('store_failovers_total 1');
    }, 60_000);
    const others = ['a', 'b', 'c'].filter((name) => name !== redundant.snapshot().primary);
    let reopen!: () => void;
    mayOpen = new Promise((resolve) => (reopen = resolve));
    await Promise.all(others.map((name) => open.get(name)!.kill()));
    await expect(database.insert('rate', [{ id: 3 }], { deadlineMs: 150 })).rejects.toMatchObject({
      outcomeUnknown: true,
    });
    expect(await scrape()).toMatch(/store_unknown_outcomes_total\{operation="insert"\} 1/);
    reopen();
    await eventually(
      () => expect(redundant.snapshot().nodes.map(({ state }) => state)).toEqual(['up', 'up', 'up']),
      120_000,
    );
  }, 240_000);

  it('has shown every family with a value other than 0', () => {
    expect(sightings.missing(STORE_FAMILIES)).toEqual([]);
  });

  it('follows the rules of naming, as promtool sees them', async () => {
    expect(checkMetrics(await scrape())).toBe('');
  });
});
