import { BatchWriter, type BatchWriterOptions } from './batch-writer.js';
import type { TableName } from './pipeline.js';

const OPTIONS: BatchWriterOptions = { batchRows: 3, flushEveryMs: 5, queueRows: 6, pauseMs: 1 };
const of = (...ids: number[]) => new Map<TableName, object[]>([['funding_observation', ids.map((id) => ({ id }))]]);

interface Written {
  readonly ids: number[];
  readonly token: string;
}

function recording(fail: (attempt: number) => boolean = () => false) {
  const attempts: Written[] = [];
  const done: Written[] = [];
  const writer = new BatchWriter((_table, rows, token) => {
    const block = { ids: rows.map((row) => (row as { id: number }).id), token };
    attempts.push(block);
    if (fail(attempts.length)) return Promise.reject(new Error('the disk is full'));
    done.push(block);
    return Promise.resolve();
  }, OPTIONS);
  return { writer, attempts, done };
}

describe('BatchWriter', () => {
  it('writes everything in order, in blocks', async () => {
    const { writer, done } = recording();
    await writer.add(of(1, 2));
    await writer.add(of(3, 4));
    expect(await writer.close(1_000)).toBe(true);
    expect(done.flatMap(({ ids }) => ids)).toEqual([1, 2, 3, 4]);
    expect(done.every(({ ids }) => ids.length <= 3)).toBe(true);
    expect(writer.written.funding_observation).toBe(4);
  });

  it('writes a block that failed again, the same rows under the same name, and none before it', async () => {
    const { writer, attempts, done } = recording((attempt) => attempt <= 3);
    await writer.add(of(1));
    expect(await writer.close(1_000)).toBe(true);
    expect(attempts.map(({ ids }) => ids)).toEqual([[1], [1], [1], [1]]);
    expect(new Set(attempts.map(({ token }) => token)).size).toBe(1);
    expect(done).toHaveLength(1);
    expect(writer.failures).toBe(3);
    expect(writer.failing).toBeUndefined();
  });

  it('counts rows as written only when they are', async () => {
    let release: () => void = () => undefined;
    const writer = new BatchWriter(() => new Promise<void>((resolve) => (release = resolve)), OPTIONS);
    await writer.add(of(1, 2, 3));
    await new Promise((resolve) => setImmediate(resolve));
    expect([writer.queued, writer.written.funding_observation]).toEqual([3, 0]);
    release();
    await writer.close(1_000);
    expect([writer.queued, writer.written.funding_observation]).toEqual([0, 3]);
  });

  it('makes those wait who bring more than there is room for', async () => {
    let broken = true;
    const { writer } = recording(() => broken);
    await writer.add(of(1, 2, 3, 4, 5, 6));
    let taken = false;
    const waiting = writer.add(of(7)).then(() => (taken = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBe(false);
    broken = false;
    await waiting;
    expect(await writer.close(1_000)).toBe(true);
    expect(writer.written.funding_observation).toBe(7);
  });

  it('says so when it could not write everything in time', async () => {
    const { writer } = recording(() => true);
    await writer.add(of(1));
    expect(await writer.close(20)).toBe(false);
    expect(writer.failing).toBe('the disk is full');
    expect(writer.queued).toBe(1);
  });

  it('takes nothing after it was closed', async () => {
    const { writer } = recording();
    await writer.close(100);
    await expect(writer.add(of(1))).rejects.toThrow('closed');
  });
});
