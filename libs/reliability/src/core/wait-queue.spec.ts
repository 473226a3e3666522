import fc from 'fast-check';
import { ManualClock, settlePromises } from '../testing/manual-clock.js';
import { testCall } from '../testing/test-call.js';
import { ExpiryHeap } from './expiry-heap.js';
import type { Priority } from './priority.js';
import { PRIORITIES, PRIORITY_RANK } from './priority.js';
import type { Waiter } from './wait-queue.js';
import { WaitQueue } from './wait-queue.js';

function setUp(options: { capacity?: number; agingMs?: number } = {}) {
  const clock = new ManualClock();
  const answers: string[] = [];
  let permits = 0;
  let serves = 0;
  const queue: WaitQueue<string> = new WaitQueue<string>(
    { capacity: options.capacity ?? 100, agingMs: options.agingMs },
    clock,
    {
      serve: () => {
        serves += 1;
        for (let head = queue.head(); head !== undefined && permits >= head.cost; head = queue.head()) {
          permits -= head.cost;
          queue.serve(head, 'served');
        }
      },
      refuse: (why, waiter, now) => `${why} after ${now - waiter.since}`,
    },
  );
  const enter = (
    name: string,
    priority: Priority = 'normal',
    { cost = 1, expiresAt = Infinity, call = testCall() } = {},
  ) => {
    const answer = queue.enter(call, priority, cost, clock.now(), expiresAt);
    void Promise.resolve(answer).then((text) => answers.push(`${name} ${text}`));
    return call;
  };
  const grant = (count: number) => {
    permits += count;
    queue.wakeAt(clock.now(), clock.now());
    clock.advance(0.01);
  };
  return { clock, queue, answers, enter, grant, serves: () => serves };
}

describe('WaitQueue', () => {
  it('serves the most urgent level first and each level in order of arrival', async () => {
    const { enter, grant, answers } = setUp();
    enter('low', 'low');
    enter('normal 1');
    enter('high', 'high');
    enter('normal 2');
    enter('critical', 'critical');
    grant(5);
    await settlePromises();
    expect(answers).toEqual(['critical served', 'high served', 'normal 1 served', 'normal 2 served', 'low served']);
  });

  it('keeps the order between levels strict however long somebody has waited, without ageing', async () => {
    const { clock, enter, grant, answers } = setUp();
    enter('low', 'low');
    clock.advance(3_600_000);
    enter('normal');
    grant(1);
    await settlePromises();
    expect(answers).toEqual(['normal served']);
  });

  it('with ageing lets 30 ms of waiting outweigh three levels of 10 ms, and 29 ms not', async () => {
    const after = async (waitedMs: number) => {
      const { clock, enter, grant, answers } = setUp({ agingMs: 10 });
      enter('low', 'low');
      clock.advance(waitedMs);
      enter('critical', 'critical');
      grant(1);
      await settlePromises();
      return answers;
    };
    expect(await after(29)).toEqual(['critical served']);
    expect(await after(31)).toEqual(['low served']);
  });

  it('sheds the latest of the least urgent level to make room for a more urgent call', async () => {
    const { enter, answers, queue } = setUp({ capacity: 3 });
    enter('low 1', 'low');
    enter('low 2', 'low');
    enter('normal');
    enter('high', 'high');
    await settlePromises();
    expect(answers).toEqual(['low 2 shed after 0']);
    expect(queue.size).toBe(3);
  });

  it('refuses a newcomer when full of calls that are at least as urgent', () => {
    const { enter, queue, clock } = setUp({ capacity: 1 });
    enter('high 1', 'high');
    expect(queue.accepts('high')).toBe(false);
    expect(queue.accepts('critical')).toBe(true);
    expect(queue.enter(testCall(), 'high', 1, clock.now(), Infinity)).toBe('full after 0');
  });

  it('refuses everybody at capacity 0', () => {
    const { queue } = setUp({ capacity: 0 });
    expect(queue.enter(testCall(), 'critical', 1, 0, Infinity)).toBe('full after 0');
  });

  it('lets a waiter go when its time is over, not before', async () => {
    const { clock, enter, answers } = setUp();
    enter('a', 'normal', { expiresAt: 100 });
    await clock.run(99);
    expect(answers).toEqual([]);
    await clock.run(1);
    expect(answers).toEqual(['a expired after 100']);
  });

  it('lets a waiter go when its call is aborted, and unsubscribes from those that were served', async () => {
    const { clock, enter, grant, answers, queue } = setUp();
    const served = enter('served');
    const aborted = enter('aborted');
    grant(1);
    clock.advance(5);
    aborted.abort(new Error('gave up'));
    served.abort(new Error('too late'));
    await settlePromises();
    expect(answers).toEqual(['served served', expect.stringMatching(/^aborted aborted after 5/)]);
    expect(queue.size).toBe(0);
  });

  it('refuses a call that is already aborted without letting it in', () => {
    const { queue } = setUp();
    const call = testCall();
    call.abort(new Error('gave up'));
    expect(queue.enter(call, 'normal', 1, 0, Infinity)).toBe('aborted after 0');
  });

  it('lets those behind go at once when a costly head gives up', async () => {
    const { enter, grant, answers } = setUp();
    const costly = enter('costly', 'normal', { cost: 5 });
    enter('cheap', 'normal', { cost: 1 });
    grant(2);
    await settlePromises();
    expect(answers).toEqual([]);
    costly.abort(new Error('gave up'));
    await settlePromises();
    expect(answers).toEqual([expect.stringContaining('costly aborted'), 'cheap served']);
  });

  it('has one timer for all of its waiters, and none when it is empty', async () => {
    const { clock, enter, grant } = setUp();
    for (let index = 0; index < 50; index += 1) enter(`w${index}`, 'normal', { expiresAt: 1_000 - index });
    expect(clock.pending).toBe(1);
    grant(50);
    await settlePromises();
    expect(clock.pending).toBe(0);
  });

  it('asks its owner to serve at the time it was told, once', () => {
    const { clock, enter, queue, serves } = setUp();
    enter('a');
    queue.wakeAt(50, 0);
    clock.advance(49);
    expect(serves()).toBe(0);
    clock.advance(1);
    expect(serves()).toBe(1);
    clock.advance(1_000);
    expect(serves()).toBe(1);
  });

  it('tells the cost of those who go before a newcomer of each level', () => {
    const { enter, queue } = setUp();
    enter('a', 'critical', { cost: 2 });
    enter('b', 'normal', { cost: 3 });
    enter('c', 'low', { cost: 5 });
    expect(PRIORITIES.map((priority) => queue.costAhead(priority))).toEqual([2, 2, 5, 10]);
    expect(PRIORITIES.map((priority) => queue.count(priority))).toEqual([1, 0, 1, 1]);
  });

  it('refuses everybody when closed, those who wait and those who come', async () => {
    const { enter, queue, answers, clock, serves } = setUp();
    enter('a');
    enter('b', 'high');
    queue.close(0);
    enter('c');
    await settlePromises();
    expect(answers.toSorted()).toEqual(['a closed after 0', 'b closed after 0', 'c closed after 0']);
    expect(queue.accepts('critical')).toBe(false);
    expect(clock.pending).toBe(0);
    expect(serves()).toBe(0);
  });

  it('applies a lower capacity to those who come and throws nobody out', () => {
    const { enter, queue } = setUp({ capacity: 3 });
    enter('a');
    enter('b');
    queue.options = { capacity: 1, agingMs: undefined };
    expect(queue.size).toBe(2);
    expect(queue.accepts('normal')).toBe(false);
  });

  it('answers everybody exactly once and serves by level, then arrival, in any order of events', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('enter' as const),
        priority: fc.constantFrom(...PRIORITIES),
        patienceMs: fc.integer({ min: 1, max: 60 }),
      }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant('abort' as const), which: fc.nat(30) }),
      fc.record({ kind: fc.constant('grant' as const), count: fc.integer({ min: 1, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new ManualClock();
        const model: { id: number; rank: number; expiresAt: number }[] = [];
        const answered = new Map<number, string>();
        const calls: ReturnType<typeof testCall>[] = [];
        const idOf = (waiter: Waiter) => calls.indexOf(waiter.call);
        const served: number[] = [];
        const queue: WaitQueue<string> = new WaitQueue<string>({ capacity: 8, agingMs: undefined }, clock, {
          serve: () => undefined,
          refuse: (why) => why,
        });
        const drop = (id: number) => {
          const index = model.findIndex((entry) => entry.id === id);
          if (index >= 0) model.splice(index, 1);
        };
        for (const current of steps) {
          if (current.kind === 'enter') {
            const id = calls.length;
            const call = testCall();
            calls.push(call);
            const expiresAt = clock.now() + current.patienceMs;
            const answer = queue.enter(call, current.priority, 1, clock.now(), expiresAt);
            const rank = PRIORITY_RANK[current.priority];
            if (model.length >= 8) {
              const worst = Math.max(...model.map((entry) => entry.rank));
              if (worst <= rank) expect(answer).toBe('full');
              else drop(model.findLast((entry) => entry.rank === worst)!.id);
            }
            if (answer !== 'full') model.push({ id, rank, expiresAt });
            void Promise.resolve(answer).then((text) => {
              expect(answered.has(id)).toBe(false);
              answered.set(id, text);
            });
          } else if (current.kind === 'advance') {
            await clock.run(current.ms);
            for (const entry of model.filter(({ expiresAt }) => expiresAt <= clock.now())) drop(entry.id);
          } else if (current.kind === 'abort' && calls[current.which] !== undefined) {
            calls[current.which]!.abort('gave up');
            drop(current.which);
          } else if (current.kind === 'grant') {
            for (let count = 0; count < current.count; count += 1) {
              const head = queue.head();
              const expected = model.toSorted((a, b) => a.rank - b.rank || a.id - b.id)[0];
              expect(head === undefined ? undefined : idOf(head)).toBe(expected?.id);
              if (head === undefined) break;
              queue.serve(head, 'served');
              served.push(expected!.id);
              drop(expected!.id);
            }
          }
          expect(queue.size).toBe(model.length);
        }
        queue.close(clock.now());
        await settlePromises();
        expect(answered.size).toBe(calls.length);
        expect(clock.pending).toBe(0);
        for (const id of served) expect(answered.get(id)).toBe('served');
      }),
      { numRuns: 200 },
    );
  });
});

describe('ExpiryHeap', () => {
  it('gives its members by expiry, whichever were removed in between', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.array(fc.nat(100)), (times, removals) => {
        const heap = new ExpiryHeap<{ expiresAt: number; heapIndex: number }>();
        const members = times.map((expiresAt) => ({ expiresAt, heapIndex: -1 }));
        for (const member of members) heap.add(member);
        const left = new Set(members);
        for (const index of removals) {
          const member = members[index];
          if (member === undefined || !left.delete(member)) continue;
          heap.remove(member);
          expect(member.heapIndex).toBe(-1);
        }
        const order: number[] = [];
        for (let next = heap.due(Infinity); next !== undefined; next = heap.due(Infinity)) {
          order.push(next.expiresAt);
          heap.remove(next);
        }
        expect(order).toEqual([...left].map(({ expiresAt }) => expiresAt).sort((a, b) => a - b));
        expect(heap.earliest).toBe(Infinity);
      }),
    );
  });

  it('says who is due by a time', () => {
    const heap = new ExpiryHeap<{ expiresAt: number; heapIndex: number }>();
    heap.add({ expiresAt: 10, heapIndex: -1 });
    expect(heap.due(9)).toBeUndefined();
    expect(heap.due(10)?.expiresAt).toBe(10);
    expect(heap.size).toBe(1);
  });
});
