import { CALL_BOUNDS_MS } from '../core/duration-histogram.js';
import { parseOptions } from '../core/options.js';
import { endingOf, pendingWork, settlePromises, testCall, testContext } from '../testing/index.js';
import { deadlinePolicy } from './deadline.js';
import { DeadlineExceededError, isDeadlineExceeded } from './deadline-exceeded-error.js';
import { type DeadlineOptions, deadlineOptions } from './time-limit.options.js';

function deadline(options: DeadlineOptions) {
  const context = testContext();
  return { ...context, policy: deadlinePolicy.create('okx', parseOptions(deadlineOptions, options, ''), context) };
}

describe('Deadline', () => {
  it('is made from the options under `deadline`, and surrounds retries', () => {
    expect(deadlinePolicy).toMatchObject({ type: 'deadline', optionKey: 'deadline', slot: 'deadline' });
    expect(deadlinePolicy.options).toBe(deadlineOptions);
    const { policy } = deadline({ limitMs: 100 });
    expect(policy).toMatchObject({ kind: 'around', type: 'deadline', name: 'okx' });
    expect(policy.inspect(0)).toEqual({
      type: 'deadline',
      name: 'okx',
      limitMs: 100,
      strategy: 'abandoning',
      exceeded: 0,
      running: 0,
      lateResults: 0,
      lateErrors: 0,
      cancelled: 0,
      refused: 0,
    });
  });

  it('gives a plain value as it is and sets no timer for it', () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    expect(policy.intercept(testCall(), () => 7)).toBe(7);
    expect(clock.pending).toBe(0);
  });

  it('tells those further in until when the result is of use, and that the call may be aborted', () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    clock.advance(20);
    const call = testCall();
    expect(call.abortable).toBe(false);
    policy.intercept(call, () => undefined);
    expect(call.deadline).toBe(120);
    expect(call.abortable).toBe(true);
  });

  it('keeps an earlier deadline that the call came with, and enforces it', async () => {
    const { policy, clock, events } = deadline({ limitMs: 100 });
    const call = testCall({ deadline: 30 });
    const result = policy.intercept(call, () => pendingWork().promise);
    expect(call.deadline).toBe(30);
    clock.advance(30);
    await expect(result).rejects.toThrow(DeadlineExceededError);
    expect(events.of('deadline.exceeded')).toMatchObject([{ limitMs: 30, elapsedMs: 30 }]);
  });

  it('puts itself in the place of a later deadline', async () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    const call = testCall({ deadline: 130 });
    const result = policy.intercept(call, () => pendingWork().promise);
    expect(call.deadline).toBe(100);
    clock.advance(100);
    await expect(result).rejects.toThrow(DeadlineExceededError);
  });

  it('does not start a call whose deadline has passed', () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    clock.advance(30);
    const next = jest.fn();
    expect(() => policy.intercept(testCall({ deadline: 30 }), next)).toThrow(
      expect.objectContaining({ code: 'DEADLINE_EXCEEDED', policyType: 'deadline', refused: true }),
    );
    expect(next).not.toHaveBeenCalled();
    expect(policy.inspect(30)).toMatchObject({ refused: 1, exceeded: 0 });
  });

  it('ends the whole call at the limit, not before', async () => {
    const { policy, clock, events } = deadline({ limitMs: 100 });
    const call = testCall();
    const waiter = jest.fn();
    const result = policy.intercept(call, () => {
      call.onAbort(waiter);
      return pendingWork().promise;
    }) as Promise<unknown>;
    clock.advance(99);
    expect(await endingOf(result)).toBe('pending');
    clock.advance(1);
    const error = await result.catch((reason: unknown) => reason);
    expect(isDeadlineExceeded(error)).toBe(true);
    expect(error).toMatchObject({
      refused: false,
      policyType: 'deadline',
      policy: 'okx',
      message: 'deadline "okx": the deadline of Test.call passed before it gave a result',
    });
    expect(call.aborted).toBe(true);
    expect(waiter.mock.calls).toEqual([[error]]);
    expect(call.abandoned).toHaveLength(1);
    expect(events.all).toEqual([
      { type: 'deadline.exceeded', policy: 'okx', at: 100, call: 'Test.call', limitMs: 100, elapsedMs: 100 },
    ]);
  });

  it('passes values and errors in time on; one timer for both finds nothing', async () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    await expect(policy.intercept(testCall(), () => Promise.resolve(1))).resolves.toBe(1);
    await expect(policy.intercept(testCall(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(clock.pending).toBe(0);
  });

  it('waits for the work to end when cooperative', async () => {
    const { policy, clock } = deadline({ limitMs: 100, strategy: 'cooperative' });
    const call = testCall();
    const slow = pendingWork();
    const result = policy.intercept(call, () => slow.promise);
    clock.advance(100);
    expect(call.aborted).toBe(true);
    expect(await endingOf(result)).toBe('pending');
    slow.reject(new Error('gave up'));
    await expect(result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: new Error('gave up') });
  });

  it('derives its limit from what calls take, but learns nothing from an earlier deadline', async () => {
    const { policy, clock } = deadline({ limitMs: 1_000, adaptive: {} });
    policy.intercept(testCall(), () => 'plain');
    expect(policy.inspect(0)).toMatchObject({ samples: 1, limitMs: 1_000 });
    const result = policy.intercept(testCall({ deadline: 5 }), () => pendingWork().promise);
    clock.advance(5);
    await expect(result).rejects.toThrow(DeadlineExceededError);
    expect(policy.inspect(5)).toMatchObject({ samples: 1, exceeded: 1, running: 1 });
    await expect(
      Promise.race([policy.intercept(testCall(), () => pendingWork().promise), clock.run(1_000)]),
    ).rejects.toThrow(DeadlineExceededError);
    expect(policy.inspect(1_005)).toMatchObject({ samples: 2, exceeded: 2, running: 2 });
  });

  it('takes a deadline that falls together with its own limit for its own', async () => {
    const { policy, clock } = deadline({ limitMs: 100, adaptive: {} });
    const result = policy.intercept(testCall({ deadline: 100 }), () => pendingWork().promise);
    clock.advance(100);
    await expect(result).rejects.toThrow(DeadlineExceededError);
    expect(policy.inspect(100)).toMatchObject({ samples: 1 });
  });

  it('has the durations of calls counted once somebody measures: in time, failed, and as long as they were given', async () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    policy.intercept(testCall(), () => 'not measured');
    expect(policy.inspect(0).durations).toBeUndefined();
    policy.measure();
    policy.intercept(testCall(), () => clock.advance(3));
    const [inTime, failed, late] = [pendingWork(), pendingWork(), pendingWork()];
    for (const { promise } of [inTime, failed, late]) {
      (policy.intercept(testCall(), () => promise) as Promise<unknown>).catch(() => undefined);
    }
    clock.advance(10);
    inTime.resolve('a');
    await settlePromises();
    clock.advance(20);
    failed.reject(new Error('no'));
    await settlePromises();
    clock.advance(500);
    late.resolve('late');
    await settlePromises();
    policy.measure();
    expect(policy.inspect(0).durations).toEqual({
      boundsMs: CALL_BOUNDS_MS,
      counts: [0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0],
      sumMs: 3 + 10 + 30 + 100,
    });
  });

  it('says that it may let its callers wait', () => {
    expect(deadlinePolicy.waits()).toBe(true);
  });

  it('takes a new limit for calls from then on', async () => {
    const { policy, clock } = deadline({ limitMs: 100 });
    policy.reconfigure(parseOptions(deadlineOptions, { limitMs: 40 }, ''));
    const result = policy.intercept(testCall(), () => pendingWork().promise);
    clock.advance(40);
    await expect(result).rejects.toThrow(DeadlineExceededError);
  });
});
