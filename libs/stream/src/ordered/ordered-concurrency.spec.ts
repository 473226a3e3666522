import { isStreamError } from '../errors.js';
import { OrderedConcurrency } from './ordered-concurrency.js';

/** Work that the test ends by hand. */
function heldWork() {
  const started: { items: readonly string[]; end: () => void }[] = [];
  const work = (_: string, items: readonly string[]) =>
    new Promise<void>((resolve) => started.push({ items, end: resolve }));
  return { started, work };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('ordered concurrency', () => {
  it('starts at most so many per topic and queues the rest', async () => {
    const { started, work } = heldWork();
    const ordered = new OrderedConcurrency<string>({ perTopic: 2 }, work);
    for (const key of ['a', 'b', 'c']) ordered.submit('t', key, key, 1);
    expect(started.map(({ items }) => items)).toEqual([['a'], ['b']]);
    started[0]?.end();
    await turn();
    expect(started.map(({ items }) => items)).toEqual([['a'], ['b'], ['c']]);
  });

  it('never starts an item of a key while an earlier one is in work', async () => {
    const { started, work } = heldWork();
    const ordered = new OrderedConcurrency<string>({ perTopic: 9 }, work);
    ordered.submit('t', 'k', 'first', 1);
    ordered.submit('t', 'k', 'second', 1);
    expect(started).toHaveLength(1);
    started[0]?.end();
    await turn();
    expect(started[1]?.items).toEqual(['second']);
  });

  it('holds the pull back by count and by bytes, and refuses what comes anyway', async () => {
    const { started, work } = heldWork();
    const ordered = new OrderedConcurrency<string>({ perTopic: 1, maxQueued: 2, maxQueuedBytes: 1_024 }, work);
    for (const item of ['running', 'one', 'two']) ordered.submit('t', item, item, 600);
    expect(ordered.room).toEqual({ count: 0, bytes: 0 });
    expect(() => ordered.submit('t', 'three', 'three', 1)).toThrow('the ordered queue holds 2 items of 1200 bytes');
    let room: unknown;
    void ordered.whenRoom(1).then((free) => (room = free));
    await turn();
    expect(room).toBeUndefined();
    started[0]?.end();
    await turn();
    expect(room).toEqual({ count: 1, bytes: 424 });
  });

  it('waits for a batch to fill, but not longer than told', async () => {
    jest.useFakeTimers();
    try {
      const { started, work } = heldWork();
      const ordered = new OrderedConcurrency<string>({ batchSize: 3, waitMs: 10 }, work);
      ordered.submit('t', 'a', 'a', 1);
      ordered.submit('t', 'b', 'b', 1);
      expect(started).toHaveLength(0);
      jest.advanceTimersByTime(10);
      expect(started[0]?.items).toEqual(['a', 'b']);
      for (const key of ['c', 'd', 'e']) ordered.submit('t', key, key, 1);
      expect(started[1]?.items).toEqual(['c', 'd', 'e']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('follows a limit that moves, and tells it how batches went', async () => {
    const { started, work } = heldWork();
    const seen: unknown[] = [];
    let now = 0;
    const limit = { limit: 1, observe: (...args: unknown[]) => void seen.push(args) };
    const ordered = new OrderedConcurrency<string>({ perTopic: limit }, work, () => now);
    for (const key of ['a', 'b', 'c']) ordered.submit('t', key, key, 1);
    expect(started).toHaveLength(1);
    limit.limit = 2;
    now = 30;
    started[0]?.end();
    await turn();
    expect(started).toHaveLength(3);
    expect(seen).toEqual([[30, 1, false, 30]]);
  });

  it('shows depth, age and waits', async () => {
    const { started, work } = heldWork();
    let now = 100;
    const ordered = new OrderedConcurrency<string>({ perTopic: 1 }, work, () => now);
    ordered.submit('t', 'a', 'a', 5);
    ordered.submit('t', 'b', 'b', 7);
    now = 130;
    expect(ordered.snapshot()).toMatchObject({
      depth: 1,
      depthBytes: 7,
      ageMs: 30,
      running: 1,
      topics: 1,
      keys: 2,
      perTopic: 1,
    });
    started[0]?.end();
    await turn();
    expect(ordered.snapshot().wait).toMatchObject({ count: 2, sumMs: 30, maxMs: 30 });
  });

  it('gives back what has not started when stopped, and ends when the rest has', async () => {
    const { started, work } = heldWork();
    const ordered = new OrderedConcurrency<string>({ perTopic: 1 }, work);
    for (const key of ['a', 'b', 'c']) ordered.submit('t', key, key, 1);
    expect(ordered.stop()).toEqual(['b', 'c']);
    let idle = false;
    void ordered.whenIdle().then(() => (idle = true));
    await turn();
    expect(idle).toBe(false);
    started[0]?.end();
    await turn();
    expect(idle).toBe(true);
    expect(() => ordered.submit('t', 'd', 'd', 1)).toThrow('the ordered queue is stopped');
  });

  it('names every wrong option', () => {
    const error = (() => {
      try {
        return new OrderedConcurrency({ perTopic: 0, perKey: 0.5 }, async () => undefined);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(isStreamError(error, 'INVALID') && error.message).toBe(
      'ordered concurrency options are wrong:\n' +
        '  perTopic: Too small: expected number to be >=1, got 0\n' +
        '  perKey: Invalid input: expected int, received number, got 0.5',
    );
  });
});
