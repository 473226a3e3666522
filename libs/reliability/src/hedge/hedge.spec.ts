import { getEventListeners } from 'node:events';
import { Budget, type BudgetOptions } from '../core/budget.js';
import type { Call } from '../core/call.js';
import { ReliabilityError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { endingOf, type PendingWork, pendingWork, settlePromises, testCall, testContext } from '../testing/index.js';
import { hedgePolicy } from './hedge.js';
import { type HedgeOptions, hedgeOptions } from './hedge.options.js';

const parsed = (options: HedgeOptions) => parseOptions(hedgeOptions, options, 'hedge');

/** A hedge, and the attempts that it sends, each of which ends when the test says so. */
function hedge(options: HedgeOptions = { delayMs: 100 }, budget?: Budget) {
  const context = testContext(budget === undefined ? {} : { 'budget:okx': budget });
  const policy = hedgePolicy.create('okx', parsed(options), context);
  const attempts: (PendingWork & { call: Call })[] = [];
  const send = (call: Call): unknown => {
    const work = { ...pendingWork(), call };
    attempts.push(work);
    return work.promise;
  };
  return {
    ...context,
    policy,
    attempts,
    run: (call = testCall(), next = send) => policy.intercept(call, next) as Promise<unknown>,
    counts: () => policy.inspect(context.clock.now()),
  };
}

const refused = new ReliabilityError('full', {
  code: 'BULKHEAD_FULL',
  policyType: 'bulkhead',
  policy: 'okx',
  refused: true,
});

describe('Hedge', () => {
  it('gives what the first attempt gives, and sends no other, when it is fast enough', async () => {
    const { run, attempts, clock, counts } = hedge();
    const result = run();
    clock.advance(99);
    attempts[0]!.resolve('fast');
    expect(await result).toBe('fast');
    expect(clock.pending).toBe(0);
    expect(attempts).toHaveLength(1);
    expect(counts()).toMatchObject({ calls: 1, sent: 0, won: 0 });
  });

  it('passes a plain value and an error thrown at once on as they are', () => {
    const { policy, clock, counts } = hedge();
    expect(policy.intercept(testCall(), () => 7)).toBe(7);
    expect(() =>
      policy.intercept(testCall(), () => {
        throw refused;
      }),
    ).toThrow(refused);
    expect(clock.pending).toBe(0);
    expect(counts()).toMatchObject({ calls: 2, sent: 0, won: 0 });
  });

  it('fails with the first attempt when that fails before the delay, and sends no other', async () => {
    const { run, attempts, clock } = hedge();
    const result = run();
    const error = new Error('down');
    attempts[0]!.reject(error);
    await expect(result).rejects.toBe(error);
    expect(clock.pending).toBe(0);
  });

  it('sends another attempt after the delay, not before, and announces it', () => {
    const { run, attempts, clock, events, counts } = hedge();
    void run();
    clock.advance(99);
    expect(attempts).toHaveLength(1);
    clock.advance(1);
    expect(attempts).toHaveLength(2);
    expect(events.all).toEqual([{ type: 'hedge.sent', policy: 'okx', at: 100, call: 'Test.call' }]);
    expect(counts()).toMatchObject({ sent: 1, won: 0, delayMs: 100, samples: undefined });
    clock.advance(10_000);
    expect(attempts).toHaveLength(2);
  });

  it('numbers the attempts and gives each a signal of its own', () => {
    const { run, attempts, clock } = hedge();
    const call = testCall();
    call.attempt = 3;
    void run(call);
    clock.advance(100);
    expect(attempts.map(({ call: { attempt } }) => attempt)).toEqual([3, 4]);
    expect(attempts[0]!.call.signal).not.toBe(attempts[1]!.call.signal);
  });

  it('tells the further attempts where the others went', () => {
    const { run, attempts, clock } = hedge();
    const call = testCall();
    void run(call, (each) => {
      // As a balancer does: goes where nobody has gone, and says so.
      const id = each.tried!.length === 0 ? 'a' : 'b';
      each.endpoint = { id, target: undefined };
      each.tried!.push(each.endpoint);
      const work = { ...pendingWork(), call: each };
      attempts.push(work);
      return work.promise;
    });
    clock.advance(100);
    expect(attempts.map((attempt) => attempt.call.endpoint!.id)).toEqual(['a', 'b']);
  });

  describe('when the further attempt answers first', () => {
    async function overtaken(options: HedgeOptions = { delayMs: 100 }) {
      const setup = hedge(options);
      const call = testCall();
      const result = setup.run(call);
      setup.clock.advance(100);
      setup.attempts[1]!.call.endpoint = { id: 'b', target: undefined };
      return { ...setup, call, result };
    }

    it('gives its value and announces it', async () => {
      const { attempts, result, events, counts, clock, call } = await overtaken();
      clock.advance(20);
      attempts[1]!.resolve('second');
      expect(await result).toBe('second');
      expect(events.of('hedge.won')).toEqual([{ type: 'hedge.won', policy: 'okx', at: 120, call: 'Test.call' }]);
      expect(counts()).toMatchObject({ sent: 1, won: 1 });
      expect(call.endpoint).toEqual({ id: 'b', target: undefined });
    });

    it('aborts the first, which the call and the winner do not notice', async () => {
      const { attempts, result, call } = await overtaken();
      const signals = attempts.map((attempt) => attempt.call.signal);
      attempts[1]!.resolve('second');
      await result;
      expect(signals[0]!.reason).toMatchObject({
        name: 'AbortError',
        message: 'Another attempt of Test.call answered first',
      });
      expect(signals[1]!.aborted).toBe(false);
      expect([call.aborted, call.attemptAborted]).toEqual([false, false]);
    });

    it('leaves the first to the call until it has ended', async () => {
      const { attempts, result, call } = await overtaken();
      attempts[1]!.resolve('second');
      await result;
      expect(call.abandoned).toHaveLength(1);
      const [left] = call.abandoned!;
      expect(await endingOf(left)).toBe('pending');
      const zombie = pendingWork();
      attempts[0]!.call.abandon(zombie.promise);
      attempts[0]!.reject(new Error('aborted'));
      expect(await endingOf(left)).toBe('pending');
      zombie.reject(new Error('at last'));
      expect(await endingOf(left)).not.toBe('pending');
    });

    it.each([
      ['Symbol.asyncDispose', (dispose: () => unknown) => ({ [Symbol.asyncDispose]: dispose, [Symbol.dispose]: fail })],
      ['Symbol.dispose', (dispose: () => unknown) => ({ [Symbol.dispose]: dispose })],
    ])('disposes of the value that the first still gives, by %s', async (_, disposable) => {
      const { attempts, result, counts } = await overtaken();
      attempts[1]!.resolve('second');
      await result;
      const dispose = jest.fn();
      attempts[0]!.resolve(disposable(dispose));
      await settlePromises();
      expect(dispose).toHaveBeenCalledTimes(1);
      expect(counts()).toMatchObject({ disposed: 1, disposeErrors: 0 });
    });

    it('disposes of it as the options say, and survives that this fails', async () => {
      const dispose = jest.fn((value: unknown) => (value === 'bad' ? Promise.reject(new Error('no')) : undefined));
      for (const value of ['good', 'bad']) {
        const { attempts, result, counts } = await overtaken({ delayMs: 100, dispose });
        attempts[1]!.resolve('second');
        await result;
        attempts[0]!.resolve(value);
        await settlePromises();
        expect(counts()).toMatchObject({ disposed: value === 'good' ? 1 : 0, disposeErrors: value === 'bad' ? 1 : 0 });
      }
      expect(dispose.mock.calls).toEqual([['good'], ['bad']]);
    });

    it('disposes of nothing when the first fails', async () => {
      const dispose = jest.fn();
      const { attempts, result } = await overtaken({ delayMs: 100, dispose });
      attempts[1]!.resolve('second');
      await result;
      attempts[0]!.reject(new Error('aborted'));
      await settlePromises();
      expect(dispose).not.toHaveBeenCalled();
    });
  });

  it('aborts the further attempt when the first answers after all', async () => {
    const { run, attempts, clock, counts } = hedge();
    const call = testCall();
    const result = run(call);
    clock.advance(100);
    attempts[0]!.resolve('first');
    expect(await result).toBe('first');
    expect(attempts[1]!.call.aborted).toBe(true);
    expect(attempts[0]!.call.aborted).toBe(false);
    expect(call.abandoned).toHaveLength(1);
    expect(counts()).toMatchObject({ sent: 1, won: 0 });
  });

  describe("the caller's signal", () => {
    /** A call whose caller may leave, and how many listen to that. */
    function leavable() {
      const call = testCall();
      const { signal } = new AbortController();
      call.follow(signal);
      return { call, listening: () => getEventListeners(signal, 'abort').length };
    }

    it('is listened to for the attempts that asked for theirs, until each of them has ended', async () => {
      const { run, attempts, clock } = hedge();
      const { call, listening } = leavable();
      const result = run(call);
      clock.advance(100);
      for (const attempt of attempts) expect(attempt.call.signal.aborted).toBe(false);
      expect(listening()).toBe(1);
      attempts[0]!.resolve('first');
      await result;
      attempts[1]!.resolve('second');
      await settlePromises();
      expect(listening()).toBe(0);
    });

    it('is let go of when an attempt fails, gives a plain value or throws at once', async () => {
      const { run, attempts, policy } = hedge();
      const { call, listening } = leavable();
      const result = run(call);
      expect(attempts[0]!.call.signal.aborted).toBe(false);
      attempts[0]!.reject(new Error('down'));
      await expect(result).rejects.toThrow('down');
      expect(listening()).toBe(0);
      policy.intercept(call, (attempt) => attempt.signal.aborted);
      expect(listening()).toBe(0);
      expect(() =>
        policy.intercept(call, (attempt) => {
          throw new Error(`aborted: ${attempt.signal.aborted}`);
        }),
      ).toThrow('aborted: false');
      expect(listening()).toBe(0);
    });
  });

  describe('failures', () => {
    it('of one attempt are waited out while another runs', async () => {
      for (const [failing, winning] of [[0, 1] as const, [1, 0] as const]) {
        const { run, attempts, clock } = hedge();
        const result = run();
        clock.advance(100);
        attempts[failing]!.reject(new Error('down'));
        expect(await endingOf(result)).toBe('pending');
        attempts[winning]!.resolve('answer');
        expect(await result).toBe('answer');
      }
    });

    it('of all give the error of the first', async () => {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { run, attempts, clock } = hedge();
        const result = run();
        result.catch(() => undefined);
        clock.advance(100);
        for (const index of order) {
          attempts[index]!.reject(new Error(`attempt ${index}`));
          await settlePromises();
        }
        await expect(result).rejects.toThrow('attempt 0');
        expect(clock.pending).toBe(0);
      }
    });

    it('thrown by the further attempt at once leave the first alone', async () => {
      const { attempts, clock, policy } = hedge();
      let sent = 0;
      const result = policy.intercept(testCall(), (call) => {
        sent += 1;
        if (sent === 2) throw refused;
        attempts.push({ ...pendingWork(), call });
        return attempts[0]!.promise;
      });
      clock.advance(100);
      await settlePromises();
      expect(sent).toBe(2);
      attempts[0]!.resolve('first');
      expect(await result).toBe('first');
    });

    it('a further attempt may give a plain value', async () => {
      const { clock, policy } = hedge();
      let sent = 0;
      const result = policy.intercept(testCall(), () => {
        sent += 1;
        return sent === 2 ? 'plain' : pendingWork().promise;
      });
      clock.advance(100);
      expect(await result).toBe('plain');
    });
  });

  describe('with several further attempts', () => {
    /** As {@link hedge}, after calls enough for the extra load of several attempts. */
    function busy() {
      const setup = hedge({ delayMs: 100, maxHedges: 2, maxExtraLoad: 1 });
      for (let count = 0; count < 10; count += 1) setup.policy.intercept(testCall(), () => 'plain');
      return setup;
    }

    it('sends them one by one, a delay apart, up to the most', () => {
      const { run, attempts, clock } = busy();
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(2);
      clock.advance(99);
      expect(attempts).toHaveLength(2);
      clock.advance(1);
      expect(attempts).toHaveLength(3);
      clock.advance(10_000);
      expect(attempts).toHaveLength(3);
      expect(attempts.map(({ call }) => call.attempt)).toEqual([1, 2, 2]);
    });

    it('sends no more once there is an answer', async () => {
      const { run, attempts, clock } = busy();
      const result = run();
      clock.advance(100);
      attempts[1]!.resolve('second');
      await result;
      expect(clock.pending).toBe(0);
    });

    it('aborts every loser', async () => {
      const { run, attempts, clock } = busy();
      const call = testCall();
      const result = run(call);
      clock.advance(200);
      attempts[1]!.resolve('second');
      await result;
      expect(attempts.map((attempt) => attempt.call.aborted)).toEqual([true, false, true]);
      expect(call.abandoned).toHaveLength(2);
    });

    it('fails when the last one has', async () => {
      const { run, attempts, clock } = busy();
      const result = run();
      result.catch(() => undefined);
      clock.advance(200);
      for (const index of [2, 0, 1]) {
        expect(await endingOf(result)).toBe('pending');
        attempts[index]!.reject(new Error(`attempt ${index}`));
      }
      await expect(result).rejects.toThrow('attempt 0');
    });
  });

  describe('sends no further attempt', () => {
    it.each([
      ['the call says so', {}, false],
      ['the options say so', { idempotent: false }, undefined],
      ['the options say so and the call does not', { idempotent: false }, true],
      ['the call says so and the options do not', { idempotent: true }, false],
    ])('of what must not be repeated: %s', async (_, options, idempotent) => {
      const { run, attempts, clock, counts } = hedge({ delayMs: 100, ...options });
      const call = testCall({ idempotent });
      const result = run(call);
      expect(attempts[0]!.call).toBe(call);
      expect(clock.pending).toBe(0);
      attempts[0]!.resolve('once');
      expect(await result).toBe('once');
      expect(counts()).toMatchObject({ suppressed: { idempotence: 1 }, calls: 1 });
    });

    it('when the call, or the attempt that it belongs to, was aborted', () => {
      for (const abort of ['abort', 'abortAttempt'] as const) {
        const { run, attempts, clock, counts } = hedge();
        const call = testCall();
        void run(call);
        call[abort](new Error('left'));
        clock.advance(100);
        expect(attempts).toHaveLength(1);
        expect(attempts[0]!.call.aborted).toBe(true);
        expect(counts()).toMatchObject({ sent: 0, suppressed: { budget: 0, 'extra-load': 0, overloaded: 0 } });
      }
    });

    it('that would come after the deadline', () => {
      const { run, attempts, clock } = hedge();
      const call = testCall({ deadline: 100 });
      void run(call);
      expect(attempts[0]!.call).toBe(call);
      expect(clock.pending).toBe(0);
      void run(testCall({ deadline: 101 }));
      expect(clock.pending).toBe(1);
    });

    it('when the budget shared with retries is used up', () => {
      const options: BudgetOptions = { form: 'inFlight', ratio: 0, minInFlight: 1, costs: {} };
      const budget = new Budget(options, () => 0);
      const { run, attempts, clock, counts, events } = hedge({ delayMs: 100, maxExtraLoad: 1 }, budget);
      void run();
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(3);
      expect(counts()).toMatchObject({ sent: 1, suppressed: { budget: 1 } });
      expect(events.of('hedge.suppressed')).toEqual([
        { type: 'hedge.suppressed', policy: 'okx', at: 100, call: 'Test.call', reason: 'budget' },
      ]);
    });

    it('beyond its share of the calls', () => {
      const { run, attempts, clock, counts } = hedge({ delayMs: 100, maxExtraLoad: 0.2 });
      for (let count = 0; count < 20; count += 1) void run();
      clock.advance(100);
      expect(attempts).toHaveLength(24);
      expect(counts()).toMatchObject({ sent: 4, suppressed: { 'extra-load': 16 } });
    });

    it.each([
      ['refused', refused],
      ['throttled', { status: 429 }],
      ['timed out', { code: 'ETIMEDOUT' }],
    ])('while calls are %s', async (_, error) => {
      const { run, attempts, clock, counts } = hedge({ delayMs: 100, maxExtraLoad: 1 });
      const results = Array.from({ length: 9 }, () => run());
      for (const attempt of attempts) attempt.reject(error);
      await Promise.allSettled(results);
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(10);
      expect(counts()).toMatchObject({ sent: 0, suppressed: { overloaded: 1 } });
      clock.advance(10_000);
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(12);
    });

    it('not even while they fail at once', () => {
      const { run, policy, attempts, clock } = hedge({ delayMs: 100, maxExtraLoad: 1 });
      for (let count = 0; count < 9; count += 1) {
        expect(() =>
          policy.intercept(testCall({ deadline: count % 2 === 0 ? Infinity : 50 }), () => {
            throw refused;
          }),
        ).toThrow(refused);
      }
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(1);
    });

    it('but does while they fail for other reasons', async () => {
      const { run, attempts, clock } = hedge({ delayMs: 100, maxExtraLoad: 1 });
      const results = Array.from({ length: 9 }, () => run());
      for (const attempt of attempts) attempt.reject({ status: 500 });
      await Promise.allSettled(results);
      void run();
      clock.advance(100);
      expect(attempts).toHaveLength(11);
    });
  });

  describe('the budget', () => {
    const inFlight: BudgetOptions = { form: 'inFlight', ratio: 1, minInFlight: 0, costs: {} };

    it('counts the operations, while they run, when no retry does', async () => {
      const budget = new Budget(inFlight, () => 0);
      const { run, attempts, clock, policy } = hedge({ delayMs: 100, maxExtraLoad: 1 }, budget);
      const available = () => budget.inspect(0).available;
      const ends = [run(), run(testCall({ deadline: 50 })), run(), run(testCall({ deadline: 50 }))];
      policy.intercept(testCall(), () => 'plain');
      policy.intercept(testCall({ deadline: 50 }), () => 'plain');
      expect(available()).toBe(4);
      attempts[0]!.resolve('done');
      attempts[1]!.resolve('done');
      attempts[2]!.reject(new Error('down'));
      attempts[3]!.reject(new Error('down'));
      await Promise.allSettled(ends);
      expect(available()).toBe(0);
      expect(clock.pending).toBe(0);
    });

    it('leaves the counting to a retry that does', () => {
      const budget = new Budget(inFlight, () => 0);
      budget.countedByRetry = true;
      const { run } = hedge({ delayMs: 100 }, budget);
      void run();
      expect(budget.inspect(0).available).toBe(0);
    });

    it('gets back what a further attempt took when that has ended, even long after the answer', async () => {
      const budget = new Budget(inFlight, () => 0);
      const { run, attempts, clock } = hedge({ delayMs: 100, maxExtraLoad: 1 }, budget);
      const result = run();
      void run();
      clock.advance(100);
      expect(budget.inspect(0).available).toBe(0);
      attempts[0]!.resolve('first');
      await result;
      expect(budget.inspect(0)).toMatchObject({ available: 0, granted: 2 });
      attempts[2]!.reject(new Error('aborted'));
      attempts[3]!.reject(new Error('down'));
      await settlePromises();
      expect(budget.inspect(0)).toMatchObject({ available: 1 });
    });

    it('is still charged for a further attempt when the first has ended', async () => {
      const budget = new Budget(inFlight, () => 0);
      const { run, attempts, clock } = hedge({ delayMs: 100 }, budget);
      void run();
      clock.advance(100);
      attempts[0]!.reject(new Error('down'));
      await settlePromises();
      expect(budget.inspect(0).available).toBe(0);
    });

    it('is as that of a retry by default, under the same name', () => {
      const setup = hedge();
      expect(setup.counts().budget).toMatchObject({ form: 'tokens', available: 100 });
      expect(setup.shared('budget', 'okx', () => 'another')).toBeInstanceOf(Budget);
    });
  });

  describe('with a delay derived from what calls take', () => {
    const derived = { percentile: 0.5, floorMs: 20, ceilingMs: 500, minimumSamples: 4 } as const;

    async function take(setup: ReturnType<typeof hedge>, ms: number, times: number) {
      for (let time = 0; time < times; time += 1) {
        const result = setup.run();
        setup.clock.advance(ms);
        setup.attempts.at(-1)!.resolve('done');
        await result;
      }
    }

    it('hedges nothing until it knows enough, then follows the percentile', async () => {
      const setup = hedge(derived);
      expect(setup.counts()).toMatchObject({ delayMs: null, samples: 0 });
      await take(setup, 100, 4);
      expect(setup.attempts).toHaveLength(4);
      expect(setup.counts()).toMatchObject({ samples: 4, sent: 0 });
      setup.clock.advance(2_000);
      const { delayMs } = setup.counts();
      expect(delayMs).toBeGreaterThan(97);
      expect(delayMs).toBeLessThan(103);
      void setup.run();
      setup.clock.advance(103);
      expect(setup.attempts).toHaveLength(6);
    });

    it('learns from plain values, not from failures', async () => {
      const { policy, run, attempts, counts } = hedge(derived);
      policy.intercept(testCall(), () => 'plain');
      expect(counts()).toMatchObject({ samples: 1 });
      const result = run();
      attempts[0]!.reject(new Error('down'));
      await expect(result).rejects.toThrow('down');
      expect(counts()).toMatchObject({ samples: 1 });
    });

    it('counts a first attempt that was overtaken with the time it had taken', async () => {
      const setup = hedge({ ...derived, minimumSamples: 1 });
      await take(setup, 100, 1);
      setup.clock.advance(2_000);
      const result = setup.run();
      setup.clock.advance(150);
      setup.attempts.at(-1)!.resolve('second');
      await result;
      expect(setup.counts()).toMatchObject({ samples: 2, won: 1 });
    });
  });

  it('takes new options for calls from then on', () => {
    const { policy, run, attempts, clock } = hedge({ delayMs: 100 });
    void run();
    policy.reconfigure(parsed({ delayMs: 40, maxExtraLoad: 1 }));
    clock.advance(99);
    expect(attempts).toHaveLength(1);
    void run();
    clock.advance(1);
    expect(attempts).toHaveLength(3);
    clock.advance(39);
    expect(attempts).toHaveLength(4);
  });
});

function fail(): never {
  throw new Error('the other way of disposing was there');
}
