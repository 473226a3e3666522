import type { Call } from '../core/call.js';
import { parseOptions } from '../core/options.js';
import { Failure, Ignored, Success } from '../core/outcome.js';
import type { Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE, type Use } from '../core/use.js';
import { endingOf, settlePromises, testCall, testContext } from '../testing/index.js';
import { bulkheadPolicy } from './bulkhead.js';
import { BulkheadRefusal } from './bulkhead-full-error.js';
import { type BulkheadOptions, bulkheadOptions } from './bulkhead.options.js';
import { ProcessLoad } from './process-load.js';

const parsed = (options: BulkheadOptions) => parseOptions(bulkheadOptions, options, 'bulkhead');

/** A bulkhead, and the calls of it in the order in which they were let in. */
function bulkhead(options: BulkheadOptions, heapShare = () => 0) {
  const context = testContext();
  context.shared('process-load', 'process', () => new ProcessLoad(context.clock, heapShare));
  const policy = bulkheadPolicy.create('orders', parsed(options), context);
  const served: string[] = [];
  return {
    ...context,
    policy,
    served,
    admit: (call = testCall(), use = PLAIN_USE): Permit => policy.admit(call, context.clock.now(), use),
    /** Lets a call wait; its name is noted when it is served. */
    wait: (name: string, call = testCall(), use = PLAIN_USE) => {
      const admission = policy.admit(call, context.clock.now(), use);
      expect(admission).toBeInstanceOf(Promise);
      return (admission as Promise<Permit | Refusal>).then((answer) => {
        if (!(answer instanceof Refusal)) served.push(name);
        return answer;
      });
    },
    finish: (permit: unknown, call = testCall()) => {
      policy.settle(permit as Permit, new Success('done', 0), call, context.clock.now());
      policy.end(permit as Permit);
    },
  };
}

const refusal = (reason: string) => expect.objectContaining({ reason }) as BulkheadRefusal;

describe('Bulkhead', () => {
  it('gives as many slots as it has, and a new one for each that comes back', () => {
    const { admit, finish, policy } = bulkhead({ maxConcurrent: 2, maxQueued: 0 });
    const first = admit();
    expect(first).toBe(1);
    expect(admit()).toBe(1);
    expect(admit()).toEqual(refusal('full'));
    finish(first);
    expect(admit()).toBe(1);
    expect(policy.inspect(0)).toMatchObject({ limit: 2, inFlight: 2, used: 2, admitted: 3, refused: { full: 1 } });
  });

  it('does not need the clock while it only counts', () => {
    expect(bulkhead({}).policy.timed).toBe(false);
    expect(bulkhead({ shed: { heapShare: 0.9 } }).policy.timed).toBe(false);
    expect(bulkhead({ adaptive: { algorithm: 'aimd' } }).policy.timed).toBe(true);
  });

  it('explains a refusal: code, reason, and when to come back', () => {
    const { admit, events, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0, maxWaitMs: 700 });
    admit();
    expect((admit() as BulkheadRefusal).toError()).toMatchObject({
      name: 'BulkheadFullError',
      code: 'BULKHEAD_FULL',
      policyType: 'bulkhead',
      policy: 'orders',
      reason: 'full',
      retryAfterMs: 700,
      refused: true,
      message: 'Bulkhead "orders" is full',
    });
    expect(events.all).toEqual([
      { type: 'bulkhead.refused', policy: 'orders', at: 0, key: undefined, reason: 'full', priority: 'normal' },
    ]);
    expect(policy.type).toBe('bulkhead');
  });

  describe('held until the work ends', () => {
    it('keeps the slot of work that was abandoned, and counts it', () => {
      const { admit, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0 });
      const permit = admit();
      policy.settle(permit, new Failure(new Error('timed out'), 20), testCall(), 20);
      expect(policy.inspect(20)).toMatchObject({ inFlight: 1, abandoned: 1, used: 1 });
      expect(admit()).toEqual(refusal('full'));
      policy.end(permit);
      expect(policy.inspect(20)).toMatchObject({ inFlight: 0, abandoned: 0, used: 0 });
      expect(admit()).toBe(1);
    });

    it('serves the queue when the work ends, not when its result is known', async () => {
      const { admit, wait, policy, served } = bulkhead({ maxConcurrent: 1 });
      const permit = admit();
      void wait('next');
      policy.settle(permit, new Success('done', 0), testCall(), 0);
      await settlePromises();
      expect(served).toEqual([]);
      policy.end(permit);
      await settlePromises();
      expect(served).toEqual(['next']);
    });
  });

  describe('the queue', () => {
    it('serves the most urgent first, and first come first served within a priority', async () => {
      const { admit, wait, finish, served } = bulkhead({ maxConcurrent: 1 });
      let permit: unknown = admit();
      const answers = [
        wait('normal 1'),
        wait('low', testCall({ priority: 'low' })),
        wait('normal 2'),
        wait('critical', testCall({ priority: 'critical' })),
        wait('high', testCall({ priority: 'high' })),
      ];
      for (let turn = 0; turn < 5; turn += 1) {
        finish(permit);
        await settlePromises();
        permit = 1;
      }
      await Promise.all(answers);
      expect(served).toEqual(['critical', 'high', 'normal 1', 'normal 2', 'low']);
    });

    it('takes the priority from the use when it names one', async () => {
      const { admit, wait, finish, served } = bulkhead({ maxConcurrent: 1 });
      const permit = admit();
      void wait('plain');
      void wait('urgent', testCall(), { ...PLAIN_USE, priority: 'high' });
      finish(permit);
      await settlePromises();
      expect(served).toEqual(['urgent']);
    });

    it('lets a newcomer not overtake those who wait for more', async () => {
      const { admit, wait, finish, served, policy } = bulkhead({ maxConcurrent: 4 });
      const [big, small] = [admit(testCall(), { ...PLAIN_USE, cost: 3 }), admit()];
      void wait('three', testCall(), { ...PLAIN_USE, cost: 3 });
      finish(small);
      void wait('one');
      await settlePromises();
      expect(served).toEqual([]);
      expect(policy.inspect(0)).toMatchObject({ used: 3, inFlight: 1, queued: 2, waited: 2 });
      finish(big);
      await settlePromises();
      expect(served).toEqual(['three', 'one']);
    });

    it('lets the least urgent go first in the end: nobody starves', async () => {
      const { admit, wait, finish, served, clock } = bulkhead({ maxConcurrent: 1, agingMs: 100, maxWaitMs: 10_000 });
      let permit: unknown = admit();
      void wait('low', testCall({ priority: 'low' }));
      for (let turn = 0; turn < 5; turn += 1) {
        void wait(`critical ${turn}`, testCall({ priority: 'critical' }));
        clock.advance(99);
        finish(permit);
        await settlePromises();
        permit = 1;
      }
      expect(served).toEqual(['critical 0', 'critical 1', 'critical 2', 'critical 3', 'low']);
    });

    it('refuses those for whom there is no room, and sheds for the more urgent', async () => {
      const { admit, wait, policy, events } = bulkhead({ maxConcurrent: 1, maxQueued: 2 });
      admit();
      void wait('a');
      const shed = wait('b');
      expect(admit()).toEqual(refusal('full'));
      void wait('c', testCall({ priority: 'high' }));
      expect(await shed).toEqual(refusal('shed'));
      expect(policy.inspect(0)).toMatchObject({ queued: 2, waited: 3, refused: { full: 1, shed: 1 } });
      expect(events.of('bulkhead.refused').map(({ reason }) => reason)).toEqual(['full', 'shed']);
    });

    it('ends a wait at maxWaitMs, not before', async () => {
      const { admit, wait, clock, policy } = bulkhead({ maxConcurrent: 1, maxWaitMs: 100 });
      admit();
      clock.advance(30);
      const answer = wait('late');
      clock.advance(99);
      expect(await endingOf(answer)).toBe('pending');
      clock.advance(1);
      expect(await answer).toEqual(refusal('expired'));
      expect(policy.inspect(130)).toMatchObject({ queued: 0, refused: { expired: 1 } });
      expect(clock.pending).toBe(0);
    });

    it('ends a wait at the deadline of the call when that is earlier', async () => {
      const { admit, wait, clock } = bulkhead({ maxConcurrent: 1, maxWaitMs: 100 });
      admit();
      const answer = wait('late', testCall({ deadline: 40 }));
      clock.advance(40);
      expect(await answer).toEqual(refusal('expired'));
    });

    it('lets go of a call that is aborted while it waits, and serves the one behind', async () => {
      const { admit, wait, finish, served } = bulkhead({ maxConcurrent: 1 });
      const permit = admit();
      const call: Call = testCall();
      const answer = wait('gone', call);
      void wait('behind');
      call.abort(new Error('caller left'));
      expect(await answer).toEqual(refusal('aborted'));
      finish(permit);
      await settlePromises();
      expect(served).toEqual(['behind']);
    });

    it('refuses everybody in it, and those who come, when it is closed', async () => {
      const { admit, wait, policy, finish } = bulkhead({ maxConcurrent: 1 });
      const permit = admit();
      const answer = wait('in the queue');
      policy.close();
      expect(await answer).toEqual(refusal('closed'));
      const refused = admit() as BulkheadRefusal;
      expect(refused.toError()).toMatchObject({ code: 'SHUTTING_DOWN', policyType: 'bulkhead', policy: 'orders' });
      finish(permit);
      expect(policy.inspect(0)).toMatchObject({ inFlight: 0, refused: { closed: 2 } });
    });

    it('refuses as closed even when it never had a queue', () => {
      const { admit, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0 });
      admit();
      policy.close();
      expect(admit()).toEqual(refusal('closed'));
    });
  });

  describe('cost', () => {
    it('is what a call takes of the limit', () => {
      const { admit, policy } = bulkhead({ maxConcurrent: 5, maxQueued: 0 });
      expect(admit(testCall(), { ...PLAIN_USE, cost: 3 })).toBe(3);
      expect(admit(testCall(), { ...PLAIN_USE, cost: 3 })).toEqual(refusal('full'));
      expect(admit(testCall(), { ...PLAIN_USE, cost: 2 })).toBe(2);
      expect(policy.inspect(0)).toMatchObject({ used: 5, inFlight: 2 });
    });

    it('beyond the limit is let in alone', () => {
      const { admit, finish } = bulkhead({ maxConcurrent: 2, maxQueued: 0 });
      const permit = admit(testCall(), { ...PLAIN_USE, cost: 9 });
      expect(permit).toBe(9);
      expect(admit()).toEqual(refusal('full'));
      finish(permit);
      expect(admit()).toBe(1);
      expect(admit(testCall(), { ...PLAIN_USE, cost: 9 })).toEqual(refusal('full'));
    });

    it('in fractions leaves nothing behind', () => {
      const { admit, finish, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0 });
      const permits = [0.1, 0.2, 0.3].map((cost) => admit(testCall(), { ...PLAIN_USE, cost }));
      for (const permit of permits) finish(permit);
      expect(policy.inspect(0)).toMatchObject({ used: 0, inFlight: 0 });
    });
  });

  describe('with keys', () => {
    const of = (key: string): Use => ({ site: 'Test.call', key: () => key });

    it('keeps slots and queue of each key apart', async () => {
      const { admit, wait, finish, served, policy } = bulkhead({ maxConcurrent: 1 });
      const a = admit(testCall(), of('a'));
      const b = admit(testCall(), of('b'));
      expect(b).not.toBeInstanceOf(Promise);
      void wait('a waits', testCall(), of('a'));
      expect(policy.inspect(0)).toMatchObject({ keys: 2, inFlight: 2, queued: 1 });
      finish(b);
      await settlePromises();
      expect(served).toEqual([]);
      finish(a);
      await settlePromises();
      expect(served).toEqual(['a waits']);
    });

    it('names the key in refusals', () => {
      const { admit, events } = bulkhead({ maxConcurrent: 1, maxQueued: 0 });
      admit(testCall(), of('a'));
      const refused = admit(testCall(), of('a')) as BulkheadRefusal;
      expect(refused.toError()).toMatchObject({ key: 'a', message: 'Bulkhead "orders" for "a" is full' });
      expect(events.of('bulkhead.refused')[0]).toMatchObject({ key: 'a' });
    });

    it('forgets idle keys and keeps those at work, however long', () => {
      const { admit, finish, policy, clock } = bulkhead({ keyIdleMs: 1_000 });
      const busy = admit(testCall(), of('busy'));
      finish(admit(testCall(), of('idle')));
      clock.advance(5_000);
      admit(testCall(), of('other'));
      expect(policy.inspect(5_000)).toMatchObject({ keys: 2 });
      finish(busy);
      clock.advance(5_000);
      admit(testCall(), of('another'));
      expect(policy.inspect(10_000)).toMatchObject({ keys: 2, inFlight: 2 });
    });

    it('lets keys beyond the most that are kept apart share slots', () => {
      const { admit, finish, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0, maxKeys: 1 });
      const a = admit(testCall(), of('a'));
      const b = admit(testCall(), of('b'));
      expect(b).toBe(1);
      expect(admit(testCall(), of('c'))).toEqual(refusal('full'));
      expect(policy.inspect(0)).toMatchObject({ keys: 1, keysOverflowed: 2 });
      finish(b);
      expect(admit(testCall(), of('c'))).toBe(1);
      finish(a);
      expect(policy.inspect(0)).toMatchObject({ inFlight: 1, used: 1 });
      expect(admit(testCall(), of('b'))).not.toEqual(refusal('full'));
    });
  });

  describe('reconfigured', () => {
    it('serves the queue at once with a higher limit', async () => {
      const { admit, wait, policy, served } = bulkhead({ maxConcurrent: 1 });
      admit();
      for (const name of ['a', 'b', 'c']) void wait(name);
      policy.reconfigure(parsed({ maxConcurrent: 3 }));
      await settlePromises();
      expect(served).toEqual(['a', 'b']);
      expect(policy.inspect(0)).toMatchObject({ limit: 3, inFlight: 3, queued: 1 });
    });

    it('reaches a lower limit as work ends', () => {
      const { admit, finish, policy } = bulkhead({ maxConcurrent: 3, maxQueued: 0 });
      const permits = [admit(), admit(), admit()];
      policy.reconfigure(parsed({ maxConcurrent: 1, maxQueued: 0 }));
      for (const permit of permits) {
        expect(admit()).toEqual(refusal('full'));
        finish(permit);
      }
      expect(admit()).toBe(1);
    });

    it('bounds the queue anew without throwing anybody out', async () => {
      const { admit, wait, policy, finish, served } = bulkhead({ maxConcurrent: 1, maxQueued: 5 });
      const permit = admit();
      for (const name of ['a', 'b']) void wait(name);
      policy.reconfigure(parsed({ maxConcurrent: 1, maxQueued: 1 }));
      expect(admit()).toEqual(refusal('full'));
      finish(permit);
      finish(1);
      await settlePromises();
      expect(served).toEqual(['a', 'b']);
    });

    it('changes the limits of every key', () => {
      const { admit, policy } = bulkhead({ maxConcurrent: 1, maxQueued: 0 });
      const use: Use = { site: 'Test.call', key: () => 'a' };
      admit(testCall(), use);
      expect(admit(testCall(), use)).toEqual(refusal('full'));
      policy.reconfigure(parsed({ maxConcurrent: 2, maxQueued: 0 }));
      expect(admit(testCall(), use)).not.toBeInstanceOf(Refusal);
    });
  });

  describe('adaptive', () => {
    const adaptive = { algorithm: 'aimd', initialLimit: 10, windowMs: 100, minimumCalls: 5 } as const;

    /** One window of calls side by side that all take `ms`, each ending as `outcome` says. */
    function window(
      setup: ReturnType<typeof bulkhead>,
      ms: number,
      outcome = () => new Success('done', ms) as Outcome,
    ) {
      const permits = Array.from({ length: 8 }, () => setup.admit());
      setup.clock.advance(ms);
      for (const permit of permits) {
        setup.policy.settle(permit, outcome(), testCall(), setup.clock.now());
        setup.policy.end(permit);
      }
    }
    type Outcome = Success | Failure | Ignored;

    it('begins at its initial limit, at most maxConcurrent', () => {
      expect(bulkhead({ adaptive }).policy.inspect(0)).toMatchObject({ limit: 10, algorithm: 'aimd', vetoes: 0 });
      expect(bulkhead({ maxConcurrent: 7, adaptive }).policy.inspect(0)).toMatchObject({ limit: 7, maxConcurrent: 7 });
      expect(bulkhead({}).policy.inspect(0)).toMatchObject({ algorithm: undefined, vetoes: undefined });
    });

    it('grows with results and announces it', () => {
      const setup = bulkhead({ adaptive });
      window(setup, 100);
      expect(setup.policy.inspect(100)).toMatchObject({ limit: 11 });
      expect(setup.events.of('bulkhead.limit')).toEqual([
        { type: 'bulkhead.limit', policy: 'orders', at: 100, key: undefined, from: 10, to: 11 },
      ]);
    });

    it.each([
      ['a timeout', { code: 'ETIMEDOUT' }, 9],
      ['a refusal by the other side', { status: 429 }, 9],
      ['a failure of another kind', { status: 500 }, 10],
    ])('takes %s for what it is', (_, error, limit) => {
      const setup = bulkhead({ adaptive });
      window(setup, 100, () => new Failure(error, 100));
      expect(setup.policy.inspect(100)).toMatchObject({ limit });
    });

    it('learns nothing from what is ignored', () => {
      const setup = bulkhead({ adaptive });
      window(setup, 100, () => new Ignored(new Error('gone')));
      expect(setup.policy.inspect(100)).toMatchObject({ limit: 10 });
    });

    it('asks the predicate given what a drop is, and takes its throwing for a no', () => {
      const dropped = (error: unknown) => {
        if (error === 'throw') throw new Error('predicate failed');
        return error === 'full';
      };
      const setup = bulkhead({ adaptive: { ...adaptive, dropped } });
      window(setup, 100, () => new Failure('throw', 100));
      window(setup, 100, () => new Failure({ code: 'ETIMEDOUT' }, 100));
      expect(setup.policy.inspect(200)).toMatchObject({ limit: 10 });
      window(setup, 100, () => new Failure('full', 100));
      expect(setup.policy.inspect(300)).toMatchObject({ limit: 9 });
    });

    it('measures from the slot, not from the place in the queue', async () => {
      const setup = bulkhead({
        maxConcurrent: 1,
        adaptive: { ...adaptive, minLimit: 1, slowMs: 150, minimumCalls: 1 },
      });
      const first = setup.admit();
      setup.clock.advance(100);
      const second = setup.wait('second');
      setup.clock.advance(40);
      setup.finish(first);
      const permit = await second;
      setup.clock.advance(140);
      setup.finish(permit);
      expect(setup.events.of('bulkhead.limit')).toEqual([]);
    });

    it('serves the queue when the limit grows', async () => {
      const setup = bulkhead({ adaptive: { ...adaptive, initialLimit: 4, minimumCalls: 1 } });
      const permits = Array.from({ length: 4 }, () => setup.admit());
      void setup.wait('waits');
      setup.clock.advance(100);
      setup.policy.settle(permits[0]!, new Success('done', 100), testCall(), 100);
      await settlePromises();
      expect(setup.served).toEqual(['waits']);
      expect(setup.policy.inspect(100)).toMatchObject({ limit: 5, inFlight: 5, abandoned: 1 });
    });

    it('keeps what it learned under the same rule, and forgets it under another', () => {
      const setup = bulkhead({ adaptive });
      window(setup, 100);
      setup.policy.reconfigure(parsed({ maxQueued: 3, adaptive }));
      expect(setup.policy.inspect(100)).toMatchObject({ limit: 11 });
      setup.policy.reconfigure(parsed({ adaptive: { ...adaptive, backoffRatio: 0.8 } }));
      expect(setup.policy.inspect(100)).toMatchObject({ limit: 10 });
      window(setup, 100);
      setup.policy.reconfigure(parsed({ maxConcurrent: 30, adaptive: { ...adaptive, backoffRatio: 0.8 } }));
      expect(setup.policy.inspect(200)).toMatchObject({ limit: 10 });
    });

    it('can be switched on and off with calls under way', () => {
      const setup = bulkhead({ maxConcurrent: 20 });
      const before = setup.admit();
      setup.policy.reconfigure(parsed({ maxConcurrent: 20, adaptive }));
      const during = setup.admit();
      setup.finish(before);
      setup.policy.reconfigure(parsed({ maxConcurrent: 20 }));
      setup.finish(during);
      expect(setup.policy.inspect(0)).toMatchObject({ limit: 20, used: 0, inFlight: 0 });
    });

    it('reads the clock itself when the chain does not', () => {
      const setup = bulkhead({ adaptive: { ...adaptive, slowMs: 50, minimumCalls: 1 } });
      setup.clock.advance(1_000);
      const permits = Array.from({ length: 8 }, () => setup.policy.admit(testCall(), 0, PLAIN_USE));
      setup.clock.advance(100);
      setup.policy.settle(permits[0]!, new Success('done', 0), testCall(), 0);
      expect(setup.policy.inspect(0)).toMatchObject({ limit: 9 });
    });

    it('keeps a limit for each key', () => {
      const setup = bulkhead({ adaptive: { ...adaptive, minimumCalls: 1 } });
      const use: Use = { site: 'Test.call', key: () => 'a' };
      const permits = Array.from({ length: 8 }, () => setup.admit(testCall(), use));
      setup.clock.advance(100);
      setup.policy.settle(permits[0]!, new Success('done', 0), testCall(), 100);
      expect(setup.events.of('bulkhead.limit')).toMatchObject([{ key: 'a', from: 10, to: 11 }]);
      expect(setup.policy.inspect(0)).toMatchObject({ limit: 10 });
    });
  });

  describe('shedding', () => {
    it('refuses the less urgent while the process is overloaded', () => {
      let heap = 0.5;
      const { admit, policy, clock, events } = bulkhead({ shed: { heapShare: 0.8 } }, () => heap);
      const low = () => admit(testCall({ priority: 'low' }));
      expect(low()).toBe(1);
      expect(policy.inspect(0)).toMatchObject({ shedding: undefined, load: { heapShare: 0.5, eventLoopDelayMs: 0 } });
      heap = 0.85;
      clock.advance(50);
      expect(low()).toEqual(refusal('overloaded'));
      expect(admit()).toBe(1);
      expect(policy.inspect(50)).toMatchObject({ shedding: 'low', refused: { overloaded: 1 }, inFlight: 2 });
      expect(events.of('bulkhead.refused')).toMatchObject([{ reason: 'overloaded', priority: 'low', at: 50 }]);
      heap = 0.5;
      clock.advance(50);
      expect(low()).toBe(1);
    });

    it('refuses by the delay of the event loop', () => {
      const { admit, clock } = bulkhead({ shed: { eventLoopDelayMs: 20 } });
      const low = () => admit(testCall({ priority: 'low' }));
      expect(low()).toBe(1);
      clock.advance(1);
      expect(low()).toBe(1);
      expect(clock.pending).toBe(1);
    });

    it('sets no timer and reads no heap unless asked to shed', () => {
      const read = jest.fn(() => 1);
      const { admit, clock, policy } = bulkhead({}, read);
      admit();
      expect(policy.inspect(0).load).toBeUndefined();
      expect(clock.pending).toBe(0);
      expect(read).not.toHaveBeenCalled();
    });
  });
});
