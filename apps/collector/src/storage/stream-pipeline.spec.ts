import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '@marketprism/store';
import { openStream, type Stream, StreamError } from '@marketprism/stream';
import type { FundingRecord, RejectedRow, SettlementRecord } from '../records/funding-record.js';
import type { Batch, TableName } from './pipeline.js';
import { RowWriter } from './row-writer.js';
import { StreamPipeline } from './stream-pipeline.js';

const T = 1_795_248_000_000;
const observation = (symbolId: string, fundingRate: string, receivedAt = T - 5_000): FundingRecord => ({
  exchange: 'okx',
  symbol: null,
  symbolId,
  fundingRate,
  rawFundingRate: null,
  fundingTime: T,
  nextFundingRate: null,
  nextFundingTime: null,
  intervalHours: 8,
  markPrice: null,
  indexPrice: null,
  exchangeTime: null,
  receivedAt,
});
const settled = (symbolId: string, fundingRate: string): SettlementRecord => ({
  source: 'history',
  exchange: 'okx',
  symbol: null,
  symbolId,
  fundingRate,
  rawFundingRate: null,
  fundingTime: T,
  receivedAt: T + 1_000,
});
const setAside = (symbolId: string): RejectedRow => ({
  exchange: 'okx',
  symbolId,
  reason: 'fundingRate: must be a decimal',
  row: '{}',
  receivedAt: T,
});
const batch = (parts: Partial<Batch>): Batch => ({ observations: [], settlements: [], rejected: [], ...parts });
const OPTIONS = { batchRows: 100, flushEveryMs: 1, queueRows: 3, writers: 2, pauseMs: 1, stopMs: 50 };

interface Inserted {
  readonly table: TableName;
  readonly ids: readonly string[];
  readonly token: string;
}

describe('StreamPipeline', () => {
  let directory: string;
  let stream: Stream;
  let inserted: Inserted[];
  let broken: Error | undefined;

  const writer = (): RowWriter =>
    new RowWriter((table, rows, token) => {
      if (broken !== undefined) return Promise.reject(broken);
      inserted.push({ table, ids: rows.map((row) => (row as { symbolId: string }).symbolId), token });
      return Promise.resolve();
    });
  const idsIn = (wanted: TableName): string[] =>
    inserted.filter(({ table }) => table === wanted).flatMap(({ ids }) => ids);
  const open = async (): Promise<Stream> => openStream({ journal: { directory } });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pipeline-'));
    stream = await open();
    inserted = [];
    broken = undefined;
  });
  afterEach(async () => {
    await stream.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('brings observations, the settlements they speak of, histories and rejected rows into their tables', async () => {
    const pipeline = await StreamPipeline.start(stream, writer(), OPTIONS);
    await pipeline.accept(
      batch({ observations: [observation('A', '0.1')], settlements: [settled('B', '0.2')], rejected: [setAside('C')] }),
    );
    expect(await pipeline.drain(10_000)).toBe(true);
    expect(idsIn('funding_observation')).toEqual(['A']);
    expect(idsIn('funding_settlement').sort()).toEqual(['A', 'B']);
    expect(idsIn('funding_rejected')).toEqual(['C']);
    expect(pipeline.snapshot()).toMatchObject({
      queued: 0,
      inMemory: 0,
      written: { funding_observation: 1, funding_settlement: 2, funding_rejected: 1 },
      failing: undefined,
      accepting: true,
      deadLetters: 0,
    });
  });

  it('takes an observation again only when it says something new, and a settled rate once', async () => {
    const pipeline = await StreamPipeline.start(stream, writer(), OPTIONS);
    await pipeline.accept(batch({ observations: [observation('A', '0.1')], settlements: [settled('B', '0.2')] }));
    await pipeline.accept(
      batch({ observations: [observation('A', '0.1', T - 4_000)], settlements: [settled('B', '0.2')] }),
    );
    await pipeline.accept(batch({ observations: [observation('A', '0.3', T - 3_000)] }));
    expect(await pipeline.drain(10_000)).toBe(true);
    expect(idsIn('funding_observation')).toEqual(['A', 'A']);
    expect(idsIn('funding_settlement').filter((id) => id === 'B')).toEqual(['B']);
  });

  it('keeps what it accepted while the tables cannot be written, and stores it after a restart', async () => {
    broken = new StoreError('UNAVAILABLE', 'the disk is full');
    const pipeline = await StreamPipeline.start(stream, writer(), OPTIONS);
    await pipeline.accept(batch({ observations: [observation('A', '0.1'), observation('B', '0.1')] }));
    expect(await pipeline.drain(50)).toBe(false);
    expect(pipeline.snapshot()).toMatchObject({ inMemory: 0, failing: 'the disk is full', accepting: true });
    await stream.close();
    broken = undefined;
    stream = await open();
    const again = await StreamPipeline.start(stream, writer(), OPTIONS);
    expect(await again.drain(10_000)).toBe(true);
    expect(idsIn('funding_observation').sort()).toEqual(['A', 'B']);
  }, 30_000);

  it('waits for a store that refuses everything, and does not give rows up for it', async () => {
    broken = new StoreError('REFUSED', 'no such table', { engineCode: 60 });
    const pipeline = await StreamPipeline.start(stream, writer(), OPTIONS);
    await pipeline.accept(batch({ observations: [observation('A', '0.1')] }));
    expect(await pipeline.drain(50)).toBe(false);
    expect(await stream.deadLetters.count()).toBe(0);
  }, 30_000);

  it('gives up a message that cannot be read, visibly, and stores the others of its batch', async () => {
    await stream.publish('funding.observation.okx', '{"exchange":"okx"}', { id: 'okx|X|1' });
    await stream.publish('funding.elsewhere.okx', '{}', { id: 'okx|Y|1' });
    const pipeline = await StreamPipeline.start(stream, writer(), OPTIONS);
    await pipeline.accept(batch({ observations: [observation('A', '0.1')] }));
    expect(await pipeline.drain(10_000)).toBe(true);
    expect(idsIn('funding_observation')).toEqual(['A']);
    expect(pipeline.snapshot().deadLetters).toBe(2);
    const letters = await stream.deadLetters.list();
    expect(letters.map(({ errorClass }) => errorClass)).toEqual(['data', 'data']);
    expect(letters[0]?.reason).toContain('symbolId:');
    expect(letters[1]?.reason).toContain('unknown subject "funding.elsewhere.okx"');
  });

  it('gives up only the row that the store cannot take', async () => {
    const choosy = new RowWriter((table, rows, token) => {
      const ids = rows.map((row) => (row as { symbolId: string }).symbolId);
      if (ids.includes('BAD')) return Promise.reject(new StoreError('REFUSED', 'overflow', { engineCode: 407 }));
      inserted.push({ table, ids, token });
      return Promise.resolve();
    });
    const pipeline = await StreamPipeline.start(stream, choosy, OPTIONS);
    await pipeline.accept(batch({ settlements: ['A', 'B', 'BAD', 'C'].map((id) => settled(id, '0.1')) }));
    expect(await pipeline.drain(10_000)).toBe(true);
    expect(idsIn('funding_settlement').sort()).toEqual(['A', 'B', 'C']);
    expect((await stream.deadLetters.list()).map(({ message }) => message.id)).toEqual([`okx|BAD|${T}|history|0.1`]);
  });

  it('makes polls wait while the stream takes nothing, repeats, and goes on when it does', async () => {
    let full = true;
    const closing = new AbortController();
    const choked = new Proxy(stream, {
      get: (target, property) => {
        if (property === 'publish' && full) return () => Promise.reject(new StreamError('FULL', 'the journal is full'));
        const value = Reflect.get(target, property) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const pipeline = await StreamPipeline.start(choked, writer(), OPTIONS);
    const accepted = pipeline.accept(batch({ settlements: ['A', 'B', 'C'].map((id) => settled(id, '0.1')) }));
    let room = false;
    const waiting = pipeline.whenRoom(closing.signal).then(() => (room = true));
    while (pipeline.snapshot().failures < 6) await new Promise((resolve) => setImmediate(resolve));
    expect(room).toBe(false);
    expect(pipeline.snapshot()).toMatchObject({ inMemory: 3, accepting: false, failing: 'the journal is full' });
    full = false;
    await Promise.all([accepted, waiting]);
    expect(pipeline.snapshot()).toMatchObject({ inMemory: 0, accepting: true });
    expect(await pipeline.drain(10_000)).toBe(true);
    expect(idsIn('funding_settlement').sort()).toEqual(['A', 'B', 'C']);
  });

  it('says so when rows never got into the stream, and takes nothing after it was closed', async () => {
    const dead = new Proxy(stream, {
      get: (target, property) => {
        if (property === 'publish') return () => Promise.reject(new StreamError('UNAVAILABLE', 'no server'));
        const value = Reflect.get(target, property) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const pipeline = await StreamPipeline.start(dead, writer(), OPTIONS);
    const accepted = pipeline.accept(batch({ settlements: [settled('A', '0.1')] }));
    const outcome = accepted.catch((error: unknown) => error);
    expect(await pipeline.drain(20)).toBe(false);
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE', message: 'no server' });
    await expect(pipeline.accept(batch({}))).rejects.toThrow('closed');
  });
});
