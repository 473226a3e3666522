import {
  BackupKeys,
  Backups,
  directoryTarget,
  durableTableSettings,
  NodeDatabase,
  openDatabase,
  startBackups,
  type BackupTarget,
  type Database,
} from '@marketprism/store';
import { s3Target } from '@marketprism/store/s3';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { eventually } from '../engines/eventually.js';
import { typescriptArguments, typescriptEnvironment } from '../engines/typescript-child.js';
import { FakeS3 } from './fake-s3.js';

const key = (fill: number) => Buffer.alloc(32, fill).toString('hex');

describe('backups', () => {
  const directory = mkdtempSync(join(tmpdir(), 'backup-'));
  let source: Database;
  let restored: NodeDatabase | undefined;
  let place: string;
  let places = 0;
  let now = Date.parse('2026-11-21T00:00:00Z');
  let nextId = 0;

  beforeAll(async () => {
    source = await openDatabase({ dataDir: join(directory, 'source') });
    const durable = durableTableSettings(source.features);
    await source.command(
      `CREATE TABLE settlement (id UInt64, rate Decimal(38, 20), at DateTime64(3), note Nullable(String), v UInt32) ENGINE = ReplacingMergeTree(v) PARTITION BY intDiv(id, 1000) ORDER BY id ${durable}`,
    );
    await source.command(
      `CREATE TABLE observation (id UInt64, tags Array(String)) ENGINE = MergeTree ORDER BY id ${durable}`,
    );
    await add(2_500);
  });

  afterAll(async () => {
    await source.close();
    rmSync(directory, { recursive: true, force: true });
  });

  beforeEach(() => {
    place = join(directory, `backups-${(places += 1)}`);
  });

  afterEach(async () => {
    await restored?.close();
    restored = undefined;
  });

  const add = async (count: number) => {
    const ids = Array.from({ length: count }, () => nextId++);
    const notes = ['tab\t line\n', null, "it's \\N", ''];
    await source.insert(
      'settlement',
      ids.map((id) => ({
        id,
        rate: `0.${String(id).padStart(20, '0')}`,
        at: new Date(1_700_000_000_000 + id),
        note: notes[id % 4],
        v: 1,
      })),
    );
    await source.insert(
      'observation',
      ids.map((id) => ({ id, tags: [`t${id}`, "a'b"] })),
    );
  };
  const backups = (options: { keys?: BackupKeys; target?: BackupTarget; retentionMs?: number } = {}) =>
    new Backups({ target: directoryTarget(place), now: () => (now += 1_000), ...options });
  const restore = async (from: Backups, id: string) => {
    const dataDir = join(directory, `restored-${(places += 1)}`);
    restored = await NodeDatabase.start({ dataDir, execArgv: typescriptArguments, env: typescriptEnvironment });
    return from.restore(id, restored);
  };
  const parts = (id: string) =>
    readdirSync(join(place, id))
      .filter((name) => name !== 'manifest.json')
      .map((name) => readFileSync(join(place, id, name)));
  const contents = async (database: Database | undefined) => [
    await database?.query('SELECT id, toString(rate) AS rate, at, note FROM settlement FINAL ORDER BY id'),
    await database?.query('SELECT * FROM observation ORDER BY id'),
  ];

  it('restore everything as it was, encrypted, into an empty database', async () => {
    const own = backups({ keys: BackupKeys.parse(key(1)) });
    const report = await own.create(source);
    expect(report).toMatchObject({ kind: 'full', rows: 2 * nextId, reused: 0 });
    expect(await own.verify(report.id)).toMatchObject({ rows: 2 * nextId });
    expect(await restore(own, report.id)).toEqual({ tables: 2, rows: 2 * nextId });
    expect(await contents(restored)).toEqual(await contents(source));
    for (const part of parts(report.id)) {
      expect(part.subarray(0, 4).toString()).toBe('MPB1');
      expect(() => gunzipSync(part)).toThrow('incorrect header check');
    }
    // The same rows without keys are readable, so that the check above can fail.
    const plain = await backups().create(source);
    expect(Buffer.concat(parts(plain.id).map((part) => gunzipSync(part))).includes('t1')).toBe(true);
    await expect(own.restore(report.id, restored as unknown as Database)).rejects.toThrow(
      'is not empty: restore into an empty database',
    );
  }, 30_000);

  it('store only what has changed, and restore to any backup of the chain', async () => {
    const own = backups();
    const first = await own.create(source, 'incremental');
    expect(first.kind).toBe('full');
    const before = await contents(source);
    await add(10);
    const second = await own.create(source, 'incremental');
    expect(second).toMatchObject({ kind: 'incremental', written: 2, reused: 2 });
    const after = await contents(source);
    await restore(own, first.id);
    expect(await contents(restored)).toEqual(before);
    await restored?.close();
    await restore(own, second.id);
    expect(await contents(restored)).toEqual(after);
  }, 30_000);

  it('are read with an old key after rotation, and not without it', async () => {
    const { id } = await backups({ keys: BackupKeys.parse(key(1)) }).create(source);
    const rotated = backups({ keys: BackupKeys.parse(`${key(2)},${key(1)}`) });
    await rotated.verify(id);
    await add(1);
    const next = await rotated.create(source, 'incremental');
    await rotated.verify(next.id);
    await expect(backups({ keys: BackupKeys.parse(key(2)) }).verify(next.id)).rejects.toThrow(
      /encrypted under key [0-9a-f]{16}, which is not among the keys given/,
    );
    await expect(backups({ keys: BackupKeys.parse(key(3)) }).verify(id)).rejects.toThrow(
      'was not signed under any of the keys given',
    );
    await expect(backups().verify(id)).rejects.toThrow('it is encrypted, and no key was given');
    expect(() => BackupKeys.parse('abc')).toThrow('backup key 1 of 1: must have 32 bytes');
  });

  it.each([
    [
      'a bit turned',
      (bytes: Buffer) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte)),
      'its SHA-256 is not the one in the manifest',
    ],
    ['the end missing', (bytes: Buffer) => bytes.subarray(0, -1), /must have \d+ bytes, has \d+/],
  ])(
    'with %s in a part are refused before anything is restored',
    async (_, damage, message) => {
      const own = backups();
      const { id } = await own.create(source);
      const part = join(place, id, readdirSync(join(place, id)).find((name) => name.startsWith('settlement')) ?? '');
      writeFileSync(part, damage(readFileSync(part)));
      await expect(own.verify(id)).rejects.toThrow(message);
      await expect(restore(own, id)).rejects.toThrow(message);
      expect(await restored?.query('SELECT name FROM system.tables WHERE database = currentDatabase()')).toEqual([]);
    },
    30_000,
  );

  it('with a damaged manifest are named, and the next backup is made without it', async () => {
    const own = backups();
    const { id } = await own.create(source);
    const path = join(place, id, 'manifest.json');
    writeFileSync(path, readFileSync(path).subarray(0, -10));
    expect((await own.list())[0]?.problem).toBe(`backup ${id}: its manifest cannot be read`);
    expect((await own.create(source, 'incremental')).kind).toBe('full');
  });

  it('survive a crash at any write: earlier ones stay whole, and the unfinished one is none', async () => {
    const whole = await backups().create(source);
    await add(5);
    for (let crashAt = 1; ; crashAt += 1) {
      const target = directoryTarget(place);
      let writes = 0;
      const crashing: BackupTarget = {
        ...target,
        put: async (name, bytes) => {
          writes += 1;
          if (writes < crashAt) return target.put(name, bytes);
          throw new Error('the process is gone');
        },
      };
      const finished = await backups({ target: crashing })
        .create(source, 'incremental')
        .then(
          () => true,
          () => false,
        );
      await backups().verify(whole.id);
      if (finished) break;
      expect((await backups().list()).map(({ id }) => id)).toEqual([whole.id]);
      expect(crashAt).toBeLessThan(10);
    }
    expect(await backups().list()).toHaveLength(2);
  });

  it('are removed beyond the retention, but never the last good chain', async () => {
    const own = backups({ retentionMs: 3_600_000 });
    const old = await own.create(source);
    now += 7_200_000;
    expect(await own.prune()).toEqual([]);
    const full = await own.create(source);
    await add(1);
    const incremental = await own.create(source, 'incremental');
    writeFileSync(join(place, 'notes.txt'), 'not a backup');
    expect(await own.prune()).toEqual([old.id]);
    now += 7_200_000;
    expect(await own.prune()).toEqual([]);
    expect((await own.list()).map(({ id }) => id)).toEqual([full.id, incremental.id]);
    await own.verify(incremental.id);
    expect(readdirSync(place)).toContain('notes.txt');
  });

  it('hold still what does not stand still: rows that arrive meanwhile', async () => {
    const own = backups();
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) await add(3);
    })();
    const report = await own.create(source);
    stop.abort();
    await writing;
    const { rows } = await restore(own, report.id);
    expect(rows).toBe(report.rows);
  }, 60_000);

  it('are kept in S3-compatible storage as well', async () => {
    const s3 = new FakeS3();
    const endpoint = await s3.start();
    try {
      const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' };
      const target = s3Target({ bucket: 'b', prefix: 'market/prism', endpoint, credentials });
      const own = backups({ target, keys: BackupKeys.parse(key(1)), retentionMs: 1 });
      const { id } = await own.create(source);
      await add(1);
      const next = await own.create(source, 'incremental');
      await restore(own, next.id);
      expect(await contents(restored)).toEqual(await contents(source));
      expect([...s3.objects.keys()].every((name) => name.startsWith('market/prism/'))).toBe(true);
      const full = await own.create(source, 'full');
      expect(await own.prune()).toEqual([id, next.id]);
      expect((await own.list()).map((one) => one.id)).toEqual([full.id]);
    } finally {
      await s3.stop();
    }
  }, 30_000);

  it('are made at intervals, a full one first', async () => {
    const lines: string[] = [];
    const schedule = startBackups(backups(), source, { everyMs: 50, fullEvery: 3, log: (line) => lines.push(line) });
    await eventually(() => expect(lines.length).toBeGreaterThanOrEqual(4), 20_000);
    await schedule.stop();
    const kinds = (await backups().list()).map(({ kind }) => kind);
    expect(kinds.slice(0, 4)).toEqual(['full', 'incremental', 'incremental', 'full']);
    expect(schedule.last?.ok).toBe(true);
  }, 30_000);
});
