import * as fc from 'fast-check';

import { FairQueue, type FairBatch } from './fair-queue.js';

const limits = (perTopic: number, perKey: number, total = 100) => ({ perTopic: () => perTopic, perKey, total });

describe('a fair queue', () => {
  it('gives keys their turns, however much one of them has', () => {
    const queue = new FairQueue<string>(limits(10, 1));
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1']) queue.enqueue('t', item[0] ?? '', item, 1, 0);
    expect(queue.take(1, 100)?.items).toEqual(['a1']);
    expect(queue.take(1, 100)?.items).toEqual(['b1']);
    expect(queue.take(1, 100)?.items).toEqual(['c1']);
    expect(queue.take(1, 100)).toBeUndefined();
  });

  it('gives topics their turns', () => {
    const queue = new FairQueue<string>(limits(10, 10));
    for (const item of ['x1', 'x2', 'x3']) queue.enqueue('x', item, item, 1, 0);
    queue.enqueue('y', 'y1', 'y1', 1, 0);
    const order = [queue.take(1, 9), queue.take(1, 9), queue.take(1, 9)].map((batch) => batch?.items[0]);
    expect(order).toEqual(['x1', 'y1', 'x2']);
  });

  it('fills a batch from all keys of a topic, each in its order', () => {
    const queue = new FairQueue<string>(limits(1, 1));
    for (const item of ['a1', 'a2', 'a3', 'b1', 'b2']) queue.enqueue('t', item[0] ?? '', item, 10, 0);
    const batch = queue.take(4, 1_000);
    expect(batch?.items).toEqual(['a1', 'b1', 'a2', 'b2']);
    expect(queue.take(4, 1_000)).toBeUndefined();
    queue.finish(batch as FairBatch<string>);
    expect(queue.take(4, 1_000)?.items).toEqual(['a3']);
  });

  it('ends a batch at its bytes, and lets a single larger item through', () => {
    const queue = new FairQueue<string>(limits(10, 10));
    for (const [item, bytes] of [
      ['big', 500],
      ['b', 60],
      ['c', 60],
    ] as const)
      queue.enqueue('t', 'k', item, bytes, 0);
    expect(queue.take(9, 100)?.items).toEqual(['big']);
    expect(queue.take(9, 100)?.items).toEqual(['b']);
  });

  it('knows how much waits, since when, and forgets idle keys', () => {
    const queue = new FairQueue<string>(limits(1, 1));
    queue.enqueue('t', 'a', 'a1', 5, 100);
    queue.enqueue('t', 'b', 'b1', 7, 200);
    expect([queue.size, queue.bytes, queue.oldest, queue.keys]).toEqual([2, 12, 100, 2]);
    const first = queue.take(1, 99);
    expect([queue.size, queue.bytes, queue.oldest, queue.running]).toEqual([1, 7, 200, 1]);
    queue.finish(first as FairBatch<string>);
    const second = queue.take(1, 99);
    queue.finish(second as FairBatch<string>);
    expect([queue.size, queue.oldest, queue.keys, queue.topics, queue.running]).toEqual([0, undefined, 0, 0, 0]);
  });

  it('keeps every limit and every order, and loses nothing, in any sequence of events', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('enqueue', 'take', 'finish'), fc.nat(2), fc.nat(3), fc.nat(9)), {
          maxLength: 300,
        }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        (events, perTopic, perKey, total, batchSize) => {
          const queue = new FairQueue<{ topic: string; key: string; n: number }>(limits(perTopic, perKey, total));
          const running: FairBatch<{ topic: string; key: string; n: number }>[] = [];
          const started = new Map<string, number>();
          let [enqueued, taken] = [0, 0];
          const take = () => {
            const batch = queue.take(batchSize, 1_000);
            if (batch === undefined) return false;
            running.push(batch);
            taken += batch.items.length;
            for (const { topic, key, n } of batch.items) {
              expect(topic).toBe(batch.topic);
              expect(n).toBeGreaterThan(started.get(`${topic}/${key}`) ?? 0);
              started.set(`${topic}/${key}`, n);
            }
            expect(running.length).toBeLessThanOrEqual(total);
            expect(running.filter((one) => one.topic === batch.topic).length).toBeLessThanOrEqual(perTopic);
            for (const { key } of batch.items)
              expect(
                running.filter((one) => one.topic === batch.topic && one.items.some((item) => item.key === key)).length,
              ).toBeLessThanOrEqual(perKey);
            return true;
          };
          const finish = (index: number) => {
            const [batch] = running.splice(index % Math.max(1, running.length), 1);
            if (batch !== undefined) queue.finish(batch);
          };
          for (const [kind, topic, key, pick] of events) {
            if (kind === 'enqueue') {
              enqueued += 1;
              queue.enqueue(`t${topic}`, `k${key}`, { topic: `t${topic}`, key: `k${key}`, n: enqueued }, 1, enqueued);
            } else if (kind === 'take') take();
            else finish(pick);
            expect(queue.size).toBe(enqueued - taken);
          }
          while (queue.size > 0 || running.length > 0) {
            while (take());
            expect(running.length).toBeGreaterThan(0);
            finish(0);
          }
          expect(taken).toBe(enqueued);
          expect([queue.keys, queue.topics, queue.bytes]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
