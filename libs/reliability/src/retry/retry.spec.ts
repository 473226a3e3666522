import { runInNewContext } from 'node:vm';
import { Budget } from '../core/budget.js';
import { Call } from '../core/call.js';
import { ReliabilityError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { type TestContext, testContext } from '../testing/test-context.js';
import { settlePromises } from '../testing/manual-clock.js';
import { testCall } from '../testing/test-call.js';
import { attemptsOf, retryReportOf } from './attempts-of.js';
import { fixed } from './backoff.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { withinRetryHop } from './retry-hop.js';
import { isRetryExhausted } from './retry-exhausted-error.js';
import { Retry } from './retry.js';
import { type RetryOptions, retryOptions } from './retry.options.js';

/** A failure as Node reports it. */
const failure = (code: string, extra: object = {}) => Object.assign(new Error(code), { code, ...extra });
const answer = (status: number, headers: Record<string, string> = {}) =>
  Object.assign(new Error(`status ${status}`), { status, headers });

function retryOf(options: RetryOptions, test = testContext(), name = 'okx') {
  return { retry: new Retry(name, parseOptions(retryOptions, options, 'retry'), test), test };
}

/** Runs a method that gives its results one after the other: an error is thrown, anything else returned. */
function scripted(...results: unknown[]) {
  const startedAt: number[] = [];
  return {
    startedAt,
    through(retry: Retry, test: TestContext, call = new Call('Rates.fetch', () => undefined, undefined, [])) {
      return retry.intercept(call, async () => {
        startedAt.push(test.clock.now());
        const result = results[Math.min(startedAt.length, results.length) - 1];
        if (result instanceof Error) throw result;
        return result;
      }) as Promise<unknown>;
    },
  };
}

/** How it ended, without a rejection that nobody handles meanwhile. */
const ending = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

const none = { kind: 'fixed', delayMs: 0 } as const;
const exactly = (baseMs: number) => ({ kind: 'exponential', baseMs, jitter: 'none' }) as const;
const newCall = () => new Call('Rates.fetch', () => undefined, undefined, []);

describe('a call that succeeds at once', () => {
  it('gives a plain value when the method does', () => {
    const { retry } = retryOf({});
    expect(retry.intercept(newCall(), () => 7)).toBe(7);
  });

  it('schedules no timer', async () => {
    const { retry, test } = retryOf({});
    await expect(scripted('rate').through(retry, test)).resolves.toBe('rate');
    expect(test.clock.pending).toBe(0);
    expect(retry.inspect(0)).toMatchObject({ calls: 1, failedFirst: 0, retries: 0, lastOperations: [] });
  });
});

describe('presets by class', () => {
  it.each([
    ['network', failure('ECONNRESET'), [0, 2_000, 6_000, 14_000, 30_000]],
    ['rateLimit', answer(429), [0, 5_000, 15_000]],
    ['server', answer(503), [0, 1_000, 3_000, 7_000]],
    ['timeout', failure('ETIMEDOUT'), [0, 3_000, 9_000]],
    ['unknown', new Error('who knows'), [0, 1_000, 3_000, 7_000, 15_000]],
    ['data', new SyntaxError('Unexpected token'), [0, 1_000]],
    ['client', answer(400), [0]],
    ['auth', answer(401), [0]],
  ])('%s failures are tried at the preset times, ±10 %', async (_class, error, expected) => {
    const { retry, test } = retryOf({});
    const method = scripted(error);
    const result = ending(method.through(retry, test));
    await test.clock.run(120_000);
    expect(await result).toEqual({ error });
    expect(method.startedAt).toHaveLength(expected.length);
    method.startedAt.forEach((at, index) => {
      expect(at).toBeGreaterThanOrEqual(expected[index]! * 0.9);
      expect(at).toBeLessThanOrEqual(expected[index]! * 1.1);
    });
  });
});

describe('the last error', () => {
  it('is thrown as itself, with the attempts attached', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: none });
    const [first, second] = [failure('ECONNRESET'), Object.freeze(answer(503))];
    await expect(scripted(first, second).through(retry, test)).rejects.toBe(second);
    expect(attemptsOf(second)).toEqual([
      { attempt: 1, errorClass: 'network', error: first, delayMs: 0, endpoint: undefined },
      { attempt: 2, errorClass: 'server', error: second, delayMs: undefined, endpoint: undefined },
    ]);
    expect(retryReportOf(second)).toMatchObject({ policy: 'okx', call: 'Rates.fetch', reason: 'attempts' });
  });

  it('is the cause of a RetryExhaustedError when so configured', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: none, onExhausted: 'wrap' });
    const error = answer(503);
    const thrown = await scripted(error)
      .through(retry, test)
      .catch((caught: unknown) => caught);
    expect(isRetryExhausted(thrown)).toBe(true);
    expect(thrown).toMatchObject({
      message: 'Retry "okx": Rates.fetch failed 2 times (last: server), no further attempt: attempts',
      code: 'RETRY_EXHAUSTED',
      cause: error,
    });
  });

  it('keeps the stack of its caller across waits', async () => {
    const { retry, test } = retryOf({ attempts: 3, backoff: exactly(50) });
    async function theCaller() {
      return await retry.intercept(newCall(), async () => {
        await Promise.resolve();
        throw new Error('deep');
      });
    }
    const caught = theCaller().catch((error: unknown) => error);
    await test.clock.run(1_000);
    expect(((await caught) as Error).stack).toContain('theCaller');
  });
});

describe('restraint', () => {
  it('does not retry into a refusal', async () => {
    const { retry, test } = retryOf({ backoff: none });
    const open = new ReliabilityError('open', {
      code: 'CIRCUIT_OPEN',
      policyType: 'circuit-breaker',
      policy: 'okx',
      refused: true,
    });
    const method = scripted(failure('ECONNRESET'), open, 'never');
    await expect(method.through(retry, test)).rejects.toBe(open);
    expect(method.startedAt).toHaveLength(2);
    expect(retryReportOf(open)?.reason).toBe('refused');
  });

  it('begins no attempt that the deadline would cut off before it starts', async () => {
    const { retry, test } = retryOf({ backoff: exactly(1_000) });
    const call = newCall();
    call.deadline = 2_500;
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test, call));
    await test.clock.run(10_000);
    expect(await result).toMatchObject({ error: { message: 'status 503' } });
    expect(method.startedAt).toEqual([0, 1_000]);
  });

  it('ends the wait at once when the caller gives up, and does not call the method again', async () => {
    const { retry, test } = retryOf({ backoff: exactly(1_000) });
    const call = newCall();
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test, call));
    await test.clock.run(300);
    call.abort(new Error('enough'));
    await settlePromises();
    expect(await result).toMatchObject({ error: { message: 'enough' } });
    expect(test.clock.pending).toBe(0);
    await test.clock.run(10_000);
    expect(method.startedAt).toEqual([0]);
  });

  it('shares one budget between policies of the same name', async () => {
    const test = testContext();
    const options: RetryOptions = { backoff: none, attempts: 3, budget: { form: 'tokens', ratio: 0, minPerWindow: 3 } };
    const [a, b] = [retryOf(options, test).retry, retryOf(options, test).retry];
    const method = scripted(answer(503));
    await expect(method.through(a, test)).rejects.toThrow('503');
    await expect(method.through(b, test)).rejects.toThrow('503');
    expect(method.startedAt).toHaveLength(2 + 3);
    expect(b.inspect(0)).toMatchObject({ stopped: { budget: 1 }, budget: { available: 0, granted: 3, refused: 1 } });
  });

  it('waits as long as the other side asks, a little longer at most', async () => {
    const { retry, test } = retryOf({});
    const method = scripted(answer(429, { 'retry-after': '7' }), 'rate');
    const result = ending(method.through(retry, test));
    await test.clock.run(20_000);
    expect(await result).toEqual({ value: 'rate' });
    expect(method.startedAt[1]).toBeGreaterThanOrEqual(7_000);
    expect(method.startedAt[1]).toBeLessThanOrEqual(7_700);
  });
});

describe('a method that is not asynchronous', () => {
  const throwing = (...results: unknown[]) => {
    let calls = 0;
    return () => {
      const result = results[Math.min((calls += 1), results.length) - 1];
      if (result instanceof Error) throw result;
      return result;
    };
  };

  it('is repeated at once where nothing has to be waited for, and gives its plain value', () => {
    const { retry } = retryOf({ backoff: none });
    expect(retry.intercept(newCall(), throwing(answer(503), answer(503), 7))).toBe(7);
    expect(retry.inspect(0)).toMatchObject({ calls: 1, failedFirst: 1, retries: 2, recovered: 1 });
  });

  it('throws at once what is not repeated', () => {
    const { retry } = retryOf({});
    const error = answer(400);
    expect(() => retry.intercept(newCall(), throwing(error))).toThrow(error);
    expect(retryReportOf(error)?.reason).toBe('not-retryable');
  });

  it('gives a promise once a delay has to be waited for', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100) });
    const result = ending(retry.intercept(newCall(), throwing(answer(503), answer(503), 7)) as Promise<unknown>);
    await test.clock.run(300);
    expect(await result).toEqual({ value: 7 });
  });

  it('may turn asynchronous in a later attempt, and fail there', async () => {
    const { retry } = retryOf({ backoff: none });
    const rejected = () => Promise.reject(answer(503));
    const results = [throwing(answer(503)), rejected, () => Promise.resolve('late')];
    const next = () => results.shift()!();
    await expect(retry.intercept(newCall(), next)).resolves.toBe('late');
    expect(retry.inspect(0)).toMatchObject({ retries: 2, recovered: 1 });
  });

  it('may answer with a promise in its second attempt', async () => {
    const { retry } = retryOf({ backoff: none });
    const results = [throwing(answer(503)), () => Promise.resolve('second')];
    await expect(retry.intercept(newCall(), () => results.shift()!())).resolves.toBe('second');
  });

  it('may give a promise of another realm', async () => {
    const { retry } = retryOf({});
    const foreign: unknown = runInNewContext("Promise.resolve('foreign')");
    expect(foreign).not.toBeInstanceOf(Promise);
    await expect(retry.intercept(newCall(), () => foreign)).resolves.toBe('foreign');
  });
});

describe('events', () => {
  it('tell of each repetition and of exhaustion', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: exactly(100) });
    const error = answer(503);
    const result = ending(scripted(error).through(retry, test));
    await test.clock.run(1_000);
    await result;
    const common = { policy: 'okx', call: 'Rates.fetch', errorClass: 'server' };
    expect(test.events.all).toEqual([
      { type: 'retry.scheduled', at: 0, attempt: 2, delayMs: 100, ...common },
      { type: 'retry.exhausted', at: 100, attempts: 2, reason: 'attempts', error, ...common },
    ]);
  });

  it('say nothing of what was not to be repeated', async () => {
    const { retry, test } = retryOf({});
    await ending(scripted(answer(400)).through(retry, test));
    expect(test.events.all).toEqual([]);
  });

  it('are not built where nobody listens', async () => {
    const test = testContext();
    const emit = jest.fn();
    const silent = {
      ...test,
      emit: Object.assign(Object.create(test.emit), { wants: () => false, emit }) as typeof test.emit,
    };
    const { retry } = retryOf({ attempts: 2, backoff: none }, silent);
    await ending(scripted(answer(503)).through(retry, test));
    expect(emit).not.toHaveBeenCalled();
  });
});

describe('inspect', () => {
  it('counts by class what failed, was repeated, recovered and was given up', async () => {
    const { retry, test } = retryOf({ attempts: 3, backoff: exactly(100) });
    const results = [
      ending(scripted(failure('ECONNRESET'), answer(503), 'ok').through(retry, test)),
      ending(scripted(answer(503)).through(retry, test)),
      ending(scripted(answer(401)).through(retry, test)),
    ];
    await test.clock.run(10_000);
    await Promise.all(results);
    expect(retry.inspect(test.clock.now())).toMatchObject({
      type: 'retry',
      name: 'okx',
      calls: 3,
      sleeping: 0,
      failedFirst: 3,
      retries: 4,
      recovered: 1,
      stopped: { attempts: 1, 'not-retryable': 1 },
      byClass: {
        network: { failures: 1, retries: 1, recovered: 0, exhausted: 0, delayMs: 100 },
        server: { failures: 4, retries: 3, recovered: 1, exhausted: 1, delayMs: 500 },
        auth: { failures: 1, retries: 0, recovered: 0, exhausted: 0, delayMs: 0 },
      },
    });
    expect(Object.keys(retry.inspect(0).byClass)).toEqual(['network', 'server', 'auth']);
  });

  it('shows who waits for the next attempt', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: exactly(100) });
    const result = ending(scripted(answer(503)).through(retry, test));
    await settlePromises();
    expect(retry.inspect(0).sleeping).toBe(1);
    await test.clock.run(100);
    await result;
    expect(retry.inspect(0).sleeping).toBe(0);
  });

  it('lists the last operations that had a failure, without arguments, results or errors', async () => {
    const { retry, test } = retryOf({ attempts: 3, backoff: exactly(100), history: { size: 2 } });
    await test.clock.run(50);
    const results = [
      ending(scripted('no failure').through(retry, test)),
      ending(scripted(answer(400)).through(retry, test)),
      ending(scripted(failure('ECONNRESET'), 'ok').through(retry, test)),
      ending(scripted(answer(503)).through(retry, test)),
    ];
    await test.clock.run(10_000);
    await Promise.all(results);
    const call = 'Rates.fetch';
    expect(retry.inspect(0).lastOperations).toEqual([
      { call, endedAt: 150, durationMs: 100, attempts: 2, delaysMs: [100], classes: ['network'], outcome: 'success' },
      {
        call,
        endedAt: 350,
        durationMs: 300,
        attempts: 3,
        delaysMs: [100, 200],
        classes: ['server', 'server', 'server'],
        outcome: 'attempts',
      },
    ]);
  });

  it('lists all operations where asked to, plain results included', async () => {
    const { retry, test } = retryOf({ history: { of: 'all' } });
    retry.intercept(testCall(), () => 7);
    const result = retry.intercept(
      newCall(),
      () => new Promise((resolve) => test.clock.schedule(30, () => resolve(8))),
    );
    await test.clock.run(30);
    await result;
    const once = { attempts: 1, delaysMs: [], classes: [], outcome: 'success' };
    expect(retry.inspect(0).lastOperations).toEqual([
      { call: 'Test.call', endedAt: 0, durationMs: 0, ...once },
      { call: 'Rates.fetch', endedAt: 30, durationMs: 30, ...once },
    ]);
  });

  it('keeps the last 16 failures of a long operation', async () => {
    const { retry, test } = retryOf({ attempts: 30, backoff: ({ retry: n }) => n });
    const result = ending(scripted(answer(503)).through(retry, test));
    await test.clock.run(10_000);
    await result;
    const [operation] = retry.inspect(0).lastOperations;
    expect(operation).toMatchObject({ attempts: 30, outcome: 'attempts' });
    expect(operation!.delaysMs).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    expect(operation!.classes).toHaveLength(16);
  });

  it('remembers no operation with a history of size 0, and then reads no clock for a first success', async () => {
    const { retry, test } = retryOf({ history: { size: 0 }, backoff: none });
    const now = jest.spyOn(test.clock, 'now');
    await scripted('ok').through(retry, test);
    expect(now).toHaveBeenCalledTimes(1); // The method's own.
    await ending(scripted(answer(503), 'ok').through(retry, test));
    expect(retry.inspect(0).lastOperations).toEqual([]);
  });

  it('takes the start of an operation from a policy further in that read the clock', async () => {
    const { retry, test } = retryOf({ attempts: 1 });
    await test.clock.run(500);
    const call = newCall();
    const result = ending(
      retry.intercept(call, async () => {
        call.now = 200;
        throw answer(503);
      }) as Promise<unknown>,
    );
    await result;
    expect(retry.inspect(0).lastOperations).toMatchObject([{ durationMs: 300 }]);
  });

  it('keeps at most 100 failed attempts with an error', async () => {
    const { retry, test } = retryOf({ attempts: 150, backoff: none, budget: false });
    const error = answer(503);
    await ending(scripted(error).through(retry, test));
    expect(attemptsOf(error)?.map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 51),
    );
  });
});

describe('the attempts of a call', () => {
  it('are numbered, know the last error, and have a signal each', async () => {
    const { retry } = retryOf({ backoff: none });
    const call = newCall();
    const error = answer(503);
    const seen: unknown[] = [];
    const signals = new Set<AbortSignal>();
    await retry.intercept(call, async (current) => {
      seen.push([current.attempt, current.lastError]);
      signals.add(current.signal);
      if (seen.length < 3) throw error;
      return 'ok';
    });
    expect(seen).toEqual([
      [1, undefined],
      [2, error],
      [3, error],
    ]);
    expect(signals.size).toBe(3);
  });

  it('leave the endpoint of a failed one behind, and name it in the report', async () => {
    const { retry } = retryOf({ attempts: 2, backoff: none });
    const call = newCall();
    const error = answer(503);
    const tried: unknown[] = [];
    await ending(
      retry.intercept(call, async (current) => {
        tried.push(current.tried?.map(({ id }) => id));
        current.endpoint = { id: `host-${current.attempt}`, target: undefined };
        throw error;
      }) as Promise<unknown>,
    );
    expect(tried).toEqual([undefined, ['host-1']]);
    expect(attemptsOf(error)?.map(({ endpoint }) => endpoint)).toEqual(['host-1', 'host-2']);
  });
});

describe('an abort', () => {
  it('before the decision ends the operation with the error of the attempt', async () => {
    const { retry, test } = retryOf({ backoff: none });
    const call = newCall();
    const error = answer(503);
    const result = retry.intercept(call, async () => {
      call.abort(new Error('enough'));
      throw error;
    });
    expect(await ending(result as Promise<unknown>)).toEqual({ error });
    expect(retryReportOf(error)?.reason).toBe('aborted');
    expect(test.events.all).toEqual([]);
  });

  it('of an attempt alone does not end the wait for the next', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100) });
    const call = newCall();
    const method = scripted(answer(503), 'ok');
    const result = ending(method.through(retry, test, call));
    await test.clock.run(50);
    call.abortAttempt(new Error('too late to matter'));
    await test.clock.run(50);
    expect(await result).toEqual({ value: 'ok' });
    expect(method.startedAt).toEqual([0, 100]);
  });

  it('without a reason gives the last error', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100) });
    const call = newCall();
    const error = answer(503);
    const result = ending(scripted(error).through(retry, test, call));
    await test.clock.run(50);
    call.abort(undefined);
    expect(await result).toEqual({ error });
  });

  it('that comes with the result changes nothing: the value is given', async () => {
    const { retry } = retryOf({});
    const call = newCall();
    const result = retry.intercept(call, async () => {
      call.abort(new Error('too late'));
      return 'value';
    });
    await expect(result).resolves.toBe('value');
  });
});

describe('the share of repetitions under way', () => {
  const budget = { form: 'inFlight', ratio: 0, minInFlight: 1 } as const;

  it('is held during the wait and the attempt, and given back afterwards', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: exactly(100), budget });
    const available = () => retry.inspect(0).budget.available;
    const result = ending(scripted(answer(503), 'ok').through(retry, test));
    await settlePromises();
    expect(available()).toBe(0);
    const second = ending(scripted(answer(503)).through(retry, test));
    expect(await second).toMatchObject({ error: { status: 503 } });
    await test.clock.run(100);
    await result;
    expect(available()).toBe(1);
    expect(retry.inspect(0).stopped).toEqual({ budget: 1 });
  });

  it('is given back when the wait is aborted and when the repetition fails', async () => {
    const { retry, test } = retryOf({ attempts: 2, backoff: exactly(100), budget });
    const call = newCall();
    const first = ending(scripted(answer(503)).through(retry, test, call));
    await settlePromises();
    call.abort(new Error('enough'));
    await first;
    expect(retry.inspect(0).budget.available).toBe(1);
    const second = ending(scripted(answer(503)).through(retry, test));
    await test.clock.run(100);
    await second;
    expect(retry.inspect(0).budget.available).toBe(1);
  });

  it('follows the operations under way, however they end', async () => {
    const { retry, test } = retryOf({ attempts: 1, budget: { form: 'inFlight', ratio: 1, minInFlight: 0 } });
    let finish!: () => void;
    const pending = retry.intercept(newCall(), () => new Promise<void>((resolve) => (finish = resolve)));
    await ending(scripted(answer(503)).through(retry, test));
    await scripted('ok').through(retry, test);
    retry.intercept(newCall(), () => 'plain');
    expect(retry.inspect(0).budget.available).toBe(1);
    finish();
    await pending;
    expect(retry.inspect(0).budget.available).toBe(0);
  });
});

describe('a deadline', () => {
  it('leaves room for what an attempt is expected to take', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100), expectedLatency: 500 });
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test, testCall({ deadline: 599 })));
    await test.clock.run(1_000);
    await result;
    expect(method.startedAt).toEqual([0]);
    expect(test.events.of('retry.exhausted')).toMatchObject([{ reason: 'deadline', attempts: 1 }]);
  });

  it('is compared with what attempts of calls that had one took', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100), expectedLatency: { minimumSamples: 2 } });
    const slow = (call: Call) =>
      retry.intercept(call, () => new Promise((resolve) => test.clock.schedule(1_000, () => resolve('ok'))));
    for (const deadline of [Infinity, 10_000, 10_000]) {
      const result = slow(testCall({ deadline }));
      await test.clock.run(1_000);
      await result;
    }
    const method = scripted(answer(503));
    const now = test.clock.now();
    const result = ending(method.through(retry, test, testCall({ deadline: now + 1_000 })));
    await test.clock.run(5_000);
    await result;
    expect(method.startedAt).toEqual([now]);
  });
});

describe('limits of time', () => {
  it('begin no attempt later than withinMs after the first', async () => {
    const { retry, test } = retryOf({ backoff: exactly(100), withinMs: 350, history: { size: 0 } });
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test));
    await test.clock.run(5_000);
    await result;
    expect(method.startedAt).toEqual([0, 100, 300]);
    expect(test.events.of('retry.exhausted')).toMatchObject([{ reason: 'time' }]);
  });

  it.each<[string, RetryOptions]>([
    ['a strategy that ends', { backoff: fixed({ delayMs: 100 }).upTo({ totalMs: 350 }) }],
    ['one of a class', { classes: { server: { backoff: fixed({ delayMs: 100 }).upTo({ totalMs: 350 }) } } }],
    ['one of one’s own', { backoff: ({ elapsedMs }) => (elapsedMs < 300 ? 100 : 10_000) }],
  ])('are known without a history, too: %s', async (_name, options) => {
    const { retry, test } = retryOf({ attempts: 20, history: { size: 0 }, ...options });
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test));
    await test.clock.run(5_000);
    expect(method.startedAt).toEqual([0, 100, 200, 300]);
    await test.clock.run(200_000);
    await result;
  });
});

describe('learned delays', () => {
  it('grow with the failures of operations before, and shrink when repetitions succeed', async () => {
    const { retry, test } = retryOf({
      attempts: 2,
      backoff: { kind: 'adaptive', baseMs: 100, capMs: 10_000, jitter: 'none', memoryMs: 1_000 },
    });
    /** The delay before the second attempt, of an operation followed by a pause. */
    const delayOf = async (pauseMs: number, ...results: unknown[]) => {
      const method = scripted(...results);
      const result = ending(method.through(retry, test));
      await test.clock.run(pauseMs);
      await result;
      return method.startedAt[1]! - method.startedAt[0]!;
    };
    expect(await delayOf(500, answer(503))).toBe(100);
    expect(await delayOf(20_000, answer(503), 'ok')).toBe(200);
    expect(await delayOf(500, answer(503), 'ok')).toBe(100);
  });

  it('are at least what the other side asked for the last time', async () => {
    const { retry, test } = retryOf({
      attempts: 2,
      backoff: { kind: 'adaptive', baseMs: 100, capMs: 10_000, jitter: 'none' },
    });
    const told = scripted(answer(429, { 'retry-after': '3' }), 'ok');
    const first = ending(told.through(retry, test));
    await test.clock.run(4_000);
    await first;
    const untold = scripted(answer(429), 'ok');
    const second = ending(untold.through(retry, test));
    await test.clock.run(4_000);
    await second;
    expect(untold.startedAt[1]! - untold.startedAt[0]!).toBe(3_000);
  });
});

describe('what must not be repeated', () => {
  it('is repeated only when it certainly never reached the other side', async () => {
    const { retry, test } = retryOf({ backoff: none, idempotent: false });
    const reset = scripted(failure('ECONNRESET'), 'never');
    expect(await ending(reset.through(retry, test))).toMatchObject({ error: { code: 'ECONNRESET' } });
    const refused = scripted(failure('ECONNREFUSED'), 'ok');
    expect(await ending(refused.through(retry, test))).toEqual({ value: 'ok' });
    expect(retry.inspect(0).stopped).toEqual({ 'not-idempotent': 1 });
  });

  it('is what the call says, before what the options say', async () => {
    const { retry, test } = retryOf({ backoff: none, idempotent: false });
    const yes = scripted(answer(503), 'ok').through(retry, test, testCall({ idempotent: true }));
    expect(await ending(yes)).toEqual({ value: 'ok' });
    const { retry: other } = retryOf({ backoff: none, idempotent: true });
    const no = scripted(answer(503), 'ok').through(other, test, testCall({ idempotent: false }));
    expect(await ending(no)).toMatchObject({ error: { status: 503 } });
  });

  it('may be repeated under a key, which all attempts find on their call', async () => {
    const { retry } = retryOf({ backoff: none, idempotent: false, idempotencyKey: ({ name }) => `${name}-1` });
    const keys: unknown[] = [];
    const result = retry.intercept(newCall(), async (call) => {
      keys.push(idempotencyKeyOf(call));
      if (keys.length === 1) throw failure('ECONNRESET');
      return 'ok';
    });
    await expect(result).resolves.toBe('ok');
    expect(keys).toEqual(['Rates.fetch-1', 'Rates.fetch-1']);
  });
});

describe('one layer of a call graph', () => {
  const inner = { attempts: 3, backoff: none } as const;

  it('retries: what an inner retry has given up is not repeated by an outer one', async () => {
    const test = testContext();
    const [outer, nested] = [retryOf(inner, test, 'outer').retry, retryOf(inner, test, 'inner').retry];
    const method = scripted(answer(503));
    const result = outer.intercept(newCall(), () => method.through(nested, test)) as Promise<unknown>;
    expect(await ending(result)).toMatchObject({ error: { status: 503 } });
    expect(method.startedAt).toHaveLength(3);
    expect(outer.inspect(0).stopped).toEqual({ 'retried-elsewhere': 1 });
  });

  it('retries: the same holds when the inner one wraps its last error', async () => {
    const test = testContext();
    const outer = retryOf(inner, test, 'outer').retry;
    const nested = retryOf({ ...inner, onExhausted: 'wrap' }, test, 'inner').retry;
    const method = scripted(answer(503));
    const result = outer.intercept(newCall(), () => method.through(nested, test)) as Promise<unknown>;
    expect(await ending(result)).toMatchObject({ error: { code: 'RETRY_EXHAUSTED' } });
    expect(method.startedAt).toHaveLength(3);
  });

  it('retries: an outer one still repeats what an inner one did not try again', async () => {
    const test = testContext();
    const outer = retryOf(inner, test, 'outer').retry;
    const nested = retryOf({ ...inner, retryIf: () => false }, test, 'inner').retry;
    const method = scripted(answer(503));
    await ending(outer.intercept(newCall(), () => method.through(nested, test)) as Promise<unknown>);
    expect(method.startedAt).toHaveLength(3);
  });

  it('is not mistaken where one error object is thrown by operations that have nothing to do with each other', async () => {
    const test = testContext();
    const shared = answer(503);
    const [one, other] = [retryOf(inner, test, 'one').retry, retryOf(inner, test, 'other').retry];
    await ending(scripted(shared).through(one, test));
    const method = scripted(shared);
    await ending(method.through(other, test));
    expect(method.startedAt).toHaveLength(3);
  });

  it('retries: none where the request being served is repeated by its sender', async () => {
    const { retry, test } = retryOf(inner);
    const method = scripted(answer(503));
    await withinRetryHop({ 'x-retry-attempt': '1' }, () => ending(method.through(retry, test)));
    expect(method.startedAt).toHaveLength(1);
    expect(retry.inspect(0).stopped).toEqual({ 'retried-elsewhere': 1 });
  });
});

describe('a predicate of one’s own', () => {
  it('is told the attempt, its classification and the call', async () => {
    const retryIf = jest.fn(() => undefined);
    const { retry, test } = retryOf({ attempts: 2, backoff: none, retryIf });
    const call = newCall();
    const error = answer(503);
    await ending(scripted(error).through(retry, test, call));
    expect(retryIf.mock.calls).toEqual([
      [error, { attempt: 1, classification: { errorClass: 'server' }, call }],
      [error, { attempt: 2, classification: { errorClass: 'server' }, call }],
    ]);
  });

  it('that throws has no opinion', async () => {
    const retryIf = () => {
      throw new Error('predicate');
    };
    const { retry, test } = retryOf({ attempts: 2, backoff: none, retryIf });
    expect(await ending(scripted(answer(503), 'ok').through(retry, test))).toEqual({ value: 'ok' });
  });

  it('is joined by rules that classify', async () => {
    const { retry, test } = retryOf({ backoff: none, rules: [() => 'auth'] });
    const method = scripted(answer(503), 'never');
    await ending(method.through(retry, test));
    expect(method.startedAt).toHaveLength(1);
  });
});

describe('under new options', () => {
  it('an operation that waits goes on under them, and totals are kept', async () => {
    const { retry, test } = retryOf({ attempts: 5, backoff: exactly(100) });
    const method = scripted(answer(503));
    const result = ending(method.through(retry, test));
    await test.clock.run(100);
    retry.reconfigure(parseOptions(retryOptions, { attempts: 3, backoff: exactly(10) }, 'retry'));
    await test.clock.run(1_000);
    await result;
    expect(method.startedAt).toEqual([0, 100, 300]);
    expect(retry.inspect(0)).toMatchObject({ calls: 1, retries: 2 });
  });

  it('the shared budget takes them, one that a hedge made first included', () => {
    const budget = new Budget(false, () => 0);
    const test = testContext({ 'budget:okx': budget });
    retryOf({ budget: { form: 'inFlight', minInFlight: 5 } }, test);
    expect(budget.inspect(0)).toMatchObject({ form: 'inFlight', available: 5 });
    expect(budget.countedByRetry).toBe(true);
  });
});
