import { runInNewContext } from 'node:vm';
import { parseOptions } from '../core/options.js';
import { endingOf, pendingWork, settlePromises, testCall, testCapabilities } from '../testing/index.js';
import { CallTimeoutError, isCallTimeout } from './call-timeout-error.js';
import { isDeadlineExceeded } from './deadline-exceeded-error.js';
import { TimeLimit } from './time-limit.js';
import { type TimeLimitOptions, timeLimitOptions } from './time-limit.options.js';

function timeLimit(options: TimeLimitOptions) {
  const capabilities = testCapabilities();
  return { ...capabilities, policy: new TimeLimit('okx', parseOptions(timeLimitOptions, options, ''), capabilities) };
}

describe('TimeLimit', () => {
  it('gives a plain value as it is and sets no timer for it', () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    expect(policy.intercept(testCall(), () => 7)).toBe(7);
    expect(clock.pending).toBe(0);
  });

  it('throws what is thrown at once', () => {
    const { policy } = timeLimit({ limitMs: 100 });
    const error = new Error('broken');
    expect(() =>
      policy.intercept(testCall(), () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it('reads the clock no more than once for a call of which nobody wants to know the duration', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const now = jest.spyOn(clock, 'now');
    policy.intercept(testCall(), () => 7);
    expect(now).toHaveBeenCalledTimes(1);
    await policy.intercept(testCall(), () => Promise.resolve(7));
    expect(now).toHaveBeenCalledTimes(2);
  });

  it('passes a value and an error in time on; one timer for both finds nothing', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    await expect(policy.intercept(testCall(), () => Promise.resolve('a'))).resolves.toBe('a');
    const error = new Error('broken');
    await expect(policy.intercept(testCall(), () => Promise.reject(error))).rejects.toBe(error);
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(clock.pending).toBe(0);
    expect(policy.inspect(0)).toMatchObject({ exceeded: 0, lateResults: 0, lateErrors: 0, running: 0 });
  });

  it('makes no AbortController unless the signal was asked for', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const made = jest.spyOn(globalThis, 'AbortController');
    const result = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(100);
    await expect(result).rejects.toThrow(CallTimeoutError);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });

  it('ends at the limit, not before', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const result = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(99.9);
    expect(await endingOf(result)).toBe('pending');
    clock.advance(0.1);
    const error = await (result as Promise<unknown>).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'CALL_TIMEOUT',
      policy: 'okx',
      policyType: 'time-limit',
      limitMs: 100,
      refused: false,
      message: 'Time limit "okx": Test.call gave no result within 100 ms',
    });
    expect(isCallTimeout(error)).toBe(true);
  });

  it('ends at the limit for a method that works before it calls another under the same one', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    let inner: unknown;
    const outer = policy.intercept(testCall(), () => {
      clock.advance(40);
      inner = policy.intercept(testCall(), () => pendingWork().promise);
      return pendingWork().promise;
    });
    const later = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(59);
    expect(await endingOf(outer)).toBe('pending');
    clock.advance(1);
    expect(await endingOf(outer)).toMatchObject({ error: { code: 'CALL_TIMEOUT' } });
    clock.advance(39);
    expect(await endingOf(inner)).toBe('pending');
    clock.advance(1);
    expect(await endingOf(inner)).toMatchObject({ error: { code: 'CALL_TIMEOUT' } });
    expect(await endingOf(later)).toMatchObject({ error: { code: 'CALL_TIMEOUT' } });
    expect(clock.pending).toBe(0);
  });

  it('counts the time the method takes before it gives its promise', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const result = policy.intercept(testCall(), () => {
      clock.advance(60);
      return pendingWork().promise;
    });
    clock.advance(40);
    await expect(result).rejects.toThrow(CallTimeoutError);
  });

  it('holds for a limit beyond 2^31−1 ms', async () => {
    const { policy, clock } = timeLimit({ limitMs: 2 ** 31 });
    const result = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(2 ** 31 - 1);
    expect(await endingOf(result)).toBe('pending');
    clock.advance(1);
    await expect(result).rejects.toThrow(CallTimeoutError);
  });

  it('aborts the attempt, not the call, with the error the caller gets', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const call = testCall();
    const { signal } = call;
    const result = policy.intercept(call, () => pendingWork().promise);
    clock.advance(100);
    const error = await (result as Promise<unknown>).catch((reason: unknown) => reason);
    expect(signal.reason).toBe(error);
    expect(call.aborted).toBe(false);
  });

  it('announces a limit that was reached', () => {
    const { policy, clock, events } = timeLimit({ limitMs: 100 });
    clock.advance(30);
    (policy.intercept(testCall(), () => pendingWork().promise) as Promise<unknown>).catch(() => undefined);
    clock.advance(100);
    expect(events.all).toEqual([
      { type: 'time-limit.exceeded', policy: 'okx', at: 130, call: 'Test.call', limitMs: 100, elapsedMs: 100 },
    ]);
  });

  it('waits for a promise that is not of this realm', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const result = policy.intercept(testCall(), () => runInNewContext('new Promise(() => {})'));
    clock.advance(100);
    await expect(result).rejects.toThrow(CallTimeoutError);
  });

  describe('abandoning', () => {
    it('hands the work that goes on to the call, until it ends', async () => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const call = testCall();
      const slow = pendingWork();
      const result = policy.intercept(call, () => slow.promise) as Promise<unknown>;
      result.catch(() => undefined);
      clock.advance(100);
      expect(call.abandoned).toHaveLength(1);
      expect(await endingOf(call.abandoned![0])).toBe('pending');
      expect(policy.inspect(100)).toMatchObject({ exceeded: 1, running: 1 });
      slow.resolve('late');
      expect(await endingOf(call.abandoned![0])).not.toBe('pending');
      expect(policy.inspect(100)).toMatchObject({ exceeded: 1, running: 0, lateResults: 1, lateErrors: 0 });
    });

    it.each(['resolve', 'reject'] as const)('tells who follows once, however late the work ends: %s', async (how) => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const slow = pendingWork();
      const follower = { succeeded: jest.fn(), failed: jest.fn(() => 'instead') };
      const result = policy.wait(testCall(), slow.promise, 0, 100, follower);
      clock.advance(100);
      expect(follower.failed.mock.calls).toEqual([[expect.any(CallTimeoutError)]]);
      slow[how]('late');
      await settlePromises();
      expect(await result).toBe('instead');
      expect(follower.failed).toHaveBeenCalledTimes(1);
      expect(follower.succeeded).not.toHaveBeenCalled();
    });

    it('announces a late result with what it took', async () => {
      const { policy, clock, events } = timeLimit({ limitMs: 100 });
      const slow = pendingWork();
      const result = policy.intercept(testCall(), () => slow.promise) as Promise<unknown>;
      result.catch(() => undefined);
      clock.advance(100);
      clock.advance(150);
      slow.resolve('late');
      await settlePromises();
      expect(events.of('time-limit.late-result')).toEqual([
        { type: 'time-limit.late-result', policy: 'okx', at: 250, call: 'Test.call', limitMs: 100, elapsedMs: 250 },
      ]);
    });

    it.each([
      ['an error of its own', () => new Error('late'), { lateErrors: 1, cancelled: 0 }],
      ['something that is no error', () => 'late', { lateErrors: 1, cancelled: 0 }],
      ['null', () => null, { lateErrors: 1, cancelled: 0 }],
      ['nothing', () => undefined, { lateErrors: 1, cancelled: 0 }],
      ["the signal's reason", (reason: unknown) => reason, { lateErrors: 0, cancelled: 1 }],
      ['an AbortError', () => new DOMException('aborted', 'AbortError'), { lateErrors: 0, cancelled: 1 }],
      [
        'an error caused by the reason',
        (cause: unknown) => new Error('gone', { cause }),
        { lateErrors: 0, cancelled: 1 },
      ],
    ])('counts work that ends with %s', async (_, errorOf, counts) => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const call = testCall();
      const slow = pendingWork();
      const result = policy.intercept(call, () => slow.promise) as Promise<unknown>;
      clock.advance(100);
      const error = await result.catch((reason: unknown) => reason);
      slow.reject(errorOf(error));
      await settlePromises();
      expect(policy.inspect(100)).toMatchObject({ running: 0, lateResults: 0, ...counts });
    });
  });

  describe('cooperative', () => {
    it('aborts at the limit and waits for the work to end', async () => {
      const { policy, clock, events } = timeLimit({ limitMs: 100, strategy: 'cooperative' });
      const call = testCall();
      const { signal } = call;
      const slow = pendingWork();
      const result = policy.intercept(call, () => slow.promise) as Promise<unknown>;
      clock.advance(100);
      expect(signal.aborted).toBe(true);
      expect(await endingOf(result)).toBe('pending');
      expect(call.abandoned).toBeUndefined();
      expect(events.of('time-limit.exceeded')).toHaveLength(1);
      expect(policy.inspect(100)).toMatchObject({ exceeded: 1, running: 0 });
      const error = new Error('late');
      slow.reject(error);
      await expect(result).rejects.toBe(signal.reason);
      expect(Object.getOwnPropertyDescriptor(signal.reason, 'cause')).toEqual({
        value: error,
        configurable: true,
        writable: true,
        enumerable: false,
      });
      expect(policy.inspect(100)).toMatchObject({ running: 0, lateErrors: 1 });
    });

    it('gives a value that comes late, and counts it', async () => {
      const { policy, clock } = timeLimit({ limitMs: 100, strategy: 'cooperative' });
      const slow = pendingWork();
      const result = policy.intercept(testCall(), () => slow.promise) as Promise<unknown>;
      clock.advance(100);
      slow.resolve('late');
      await expect(result).resolves.toBe('late');
      expect(policy.inspect(100)).toMatchObject({ exceeded: 1, running: 0, lateResults: 1 });
    });

    it('gives an error without a cause when the work throws the reason it was aborted with', async () => {
      const { policy, clock } = timeLimit({ limitMs: 100, strategy: 'cooperative' });
      const call = testCall();
      const slow = pendingWork();
      const result = policy.intercept(call, () => slow.promise) as Promise<unknown>;
      clock.advance(100);
      slow.reject(call.reason);
      await expect(result).rejects.toBe(call.reason);
      expect((call.reason as Error).cause).toBeUndefined();
      expect(policy.inspect(100)).toMatchObject({ cancelled: 1, lateErrors: 0 });
    });
  });

  describe('with a deadline on the call', () => {
    it('does not start what can no longer be of use', () => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      clock.advance(50);
      const next = jest.fn();
      let error: unknown;
      try {
        policy.intercept(testCall({ deadline: 50 }), next);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({
        code: 'DEADLINE_EXCEEDED',
        refused: true,
        message: 'time-limit "okx": the deadline of Test.call had passed before it was called',
      });
      expect(next).not.toHaveBeenCalled();
      expect(policy.inspect(50)).toMatchObject({ refused: 1, exceeded: 0 });
    });

    it('ends the call at the deadline when that comes before the limit', async () => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const call = testCall({ deadline: 30 });
      const result = policy.intercept(call, () => pendingWork().promise) as Promise<unknown>;
      clock.advance(29);
      expect(await endingOf(result)).toBe('pending');
      clock.advance(1);
      const error = await result.catch((reason: unknown) => reason);
      expect(isDeadlineExceeded(error)).toBe(true);
      expect(isCallTimeout(error)).toBe(false);
      expect(error).toMatchObject({ refused: false, policyType: 'time-limit', policy: 'okx' });
      expect(call.aborted).toBe(true);
      expect(call.reason).toBe(error);
    });

    it.each(['resolve', 'reject'] as const)('takes the timer of a call back that ends before it: %s', async (how) => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const call = testCall({ deadline: 30 });
      const quick = pendingWork();
      const result = policy.intercept(call, () => quick.promise) as Promise<unknown>;
      result.catch(() => undefined);
      expect(clock.pending).toBe(1);
      quick[how]('in time');
      await settlePromises();
      expect(clock.pending).toBe(0);
      clock.advance(100);
      expect(call.aborted).toBe(false);
    });

    it('keeps its own limit when the deadline comes later', async () => {
      const { policy, clock } = timeLimit({ limitMs: 100 });
      const result = policy.intercept(testCall({ deadline: 100 }), () => pendingWork().promise);
      clock.advance(100);
      await expect(result).rejects.toThrow(CallTimeoutError);
    });
  });

  describe('derived from what calls take', () => {
    const adaptive = { percentile: 0.5, factor: 2, floorMs: 20, windowMs: 30_000, minimumSamples: 4 };

    async function take(setup: ReturnType<typeof timeLimit>, ms: number, times: number) {
      for (let time = 0; time < times; time += 1) {
        const slow = pendingWork();
        const result = setup.policy.intercept(testCall(), () => slow.promise) as Promise<unknown>;
        result.catch(() => undefined);
        setup.clock.advance(ms);
        slow.resolve('done');
        await settlePromises();
      }
    }

    it('starts at limitMs, then follows the percentile', async () => {
      const setup = timeLimit({ limitMs: 1_000, adaptive });
      expect(setup.policy.inspect(0)).toMatchObject({ limitMs: 1_000, samples: 0 });
      await take(setup, 100, 40);
      expect(setup.policy.inspect(4_000).limitMs).toBeGreaterThan(195);
      expect(setup.policy.inspect(4_000).limitMs).toBeLessThan(205);
    });

    it('learns from calls that give a plain value and from those cut off, not from errors', async () => {
      const setup = timeLimit({ limitMs: 1_000, adaptive });
      setup.policy.intercept(testCall(), () => 'plain');
      expect(setup.policy.inspect(0)).toMatchObject({ samples: 1 });
      await take(setup, 1_500, 1);
      expect(setup.policy.inspect(1_500)).toMatchObject({ samples: 2, lateResults: 1 });
      await expect(setup.policy.intercept(testCall(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(setup.policy.inspect(1_500)).toMatchObject({ samples: 2 });
    });

    it('does not learn from a deadline that cut a call short', async () => {
      const setup = timeLimit({ limitMs: 1_000, adaptive });
      const result = setup.policy.intercept(testCall({ deadline: 5 }), () => pendingWork().promise);
      setup.clock.advance(5);
      await expect(result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(setup.policy.inspect(5)).toMatchObject({ samples: 0 });
    });
  });

  it('takes a new limit for calls from then on', async () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const running = policy.intercept(testCall(), () => pendingWork().promise);
    policy.reconfigure(parseOptions(timeLimitOptions, { limitMs: 50 }, ''));
    clock.advance(99);
    expect(await endingOf(running)).toBe('pending');
    clock.advance(1);
    await expect(running).rejects.toThrow(CallTimeoutError);
    const after = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(50);
    await expect(after).rejects.toThrow(CallTimeoutError);
  });

  it('has one timer for all calls of one limit, and another for those of a new one', () => {
    const { policy, clock } = timeLimit({ limitMs: 100 });
    const wait = () => {
      (policy.intercept(testCall(), () => pendingWork().promise) as Promise<unknown>).catch(() => undefined);
    };
    wait();
    clock.advance(10);
    wait();
    policy.reconfigure(parseOptions(timeLimitOptions, { limitMs: 100, strategy: 'cooperative' }, ''));
    wait();
    expect(clock.pending).toBe(1);
    policy.reconfigure(parseOptions(timeLimitOptions, { limitMs: 50 }, ''));
    wait();
    wait();
    expect(clock.pending).toBe(2);
  });

  it.each([
    ['the strategy has changed', { limitMs: 100, strategy: 'cooperative', adaptive: {} }, 1],
    ['the ceiling has changed', { limitMs: 99, adaptive: {} }, 0],
    ['the rule has changed', { limitMs: 100, adaptive: { factor: 3 } }, 0],
    ['it is no longer derived', { limitMs: 100 }, undefined],
  ] as const)('keeps what it has learned, or not, when %s', async (_, options, samples) => {
    const { policy } = timeLimit({ limitMs: 100, adaptive: {} });
    await policy.intercept(testCall(), () => Promise.resolve());
    policy.reconfigure(parseOptions(timeLimitOptions, options, ''));
    expect(policy.inspect(0).samples).toBe(samples);
  });
});
