import { isRefused, ReliabilityError } from '../core/errors.js';
import { Failure, Ignored, Success } from '../core/outcome.js';
import { parseOptions } from '../core/options.js';
import type { Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import { PLAIN_USE } from '../core/use.js';
import { settlePromises } from '../testing/manual-clock.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { isRateLimited, RateLimitRefusal } from './rate-limited-error.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';
import { RateLimiter } from './rate-limiter.js';

function setUp(options: RateLimiterOptions = {}) {
  const capabilities = testCapabilities();
  const parse = (input: RateLimiterOptions) => parseOptions(rateLimiterOptions, input, 'rateLimit');
  const limiter = new RateLimiter('okx', parse(options), capabilities);
  const { clock } = capabilities;
  const admit = (use: Partial<Use> = {}, call = testCall()): unknown =>
    limiter.admit(call, clock.now(), { ...PLAIN_USE, ...use });
  /** Admits and notes how it ended, as `name@ms` or `name:reason@ms`. */
  const log: string[] = [];
  const send = (name: string, use: Partial<Use> = {}, call = testCall()) => {
    const note = (answer: unknown) => {
      const reason = answer instanceof RateLimitRefusal ? `:${answer.reason}` : '';
      log.push(`${name}${reason}@${Math.round(clock.now())}`);
    };
    const admission = admit(use, call);
    if (admission instanceof Promise) void admission.then(note);
    else note(admission);
    return call;
  };
  return { limiter, admit, send, log, parse, ...capabilities };
}

const reason = (admission: unknown) => (admission as RateLimitRefusal).reason;
const retryAfter = (admission: unknown) => (admission as RateLimitRefusal).retryAfterMs;

describe('RateLimiter, mode reject', () => {
  it('admits up to the limit and refuses the next with the time until a permit is free', () => {
    const { admit } = setUp({ mode: 'reject', limit: 2, windowMs: 1_000 });
    expect(admit()).toBe(0);
    expect(admit()).toBe(0);
    const refused = admit();
    expect(reason(refused)).toBe('limit');
    expect(retryAfter(refused)).toBe(500);
  });

  it('keeps its word: a call that comes when it was told to is admitted', () => {
    const { admit, clock } = setUp({ mode: 'reject', limit: 3, windowMs: 1_000 });
    for (let index = 0; index < 3; index += 1) admit();
    clock.advance(retryAfter(admit())!);
    expect(admit()).toBe(clock.now());
    expect(reason(admit())).toBe('limit');
  });

  it('takes several windows together or not at all', () => {
    const windows = [
      { limit: 5, windowMs: 1_000 },
      { limit: 6, windowMs: 60_000 },
    ];
    const { admit, clock, limiter } = setUp({ mode: 'reject', algorithm: 'sliding-window', windows });
    for (let index = 0; index < 5; index += 1) expect(admit()).toBe(0);
    expect(retryAfter(admit())).toBe(1_000);
    clock.advance(1_000);
    expect(admit()).toBe(1_000);
    // The minute is used up; the second, which has room, must not be charged for the refusals.
    for (let index = 0; index < 20; index += 1) expect(retryAfter(admit())).toBe(59_000);
    clock.advance(59_000);
    expect(limiter.remaining()).toBe(5);
  });

  it('takes the cost of a call, and refuses for good what costs more than it can ever give', () => {
    const { admit, limiter } = setUp({ mode: 'reject', limit: 10 });
    expect(admit({ cost: 7 })).toMatchObject({ cost: 7 });
    expect(limiter.remaining()).toBe(3);
    expect(reason(admit({ cost: 4 }))).toBe('limit');
    const never = admit({ cost: 11 });
    expect(reason(never)).toBe('cost-above-limit');
    expect(retryAfter(never)).toBeUndefined();
  });

  it('gives back the permit of a call that was refused further in', () => {
    const { admit, limiter, clock } = setUp({ mode: 'reject', limit: 1 });
    const call = testCall();
    const permit = admit({}, call) as Permit;
    limiter.settle(permit, new Ignored(new Error('circuit open')), call, clock.now());
    expect(admit()).toBe(0);
    expect(limiter.inspect(0)['refunded']).toBe(1);
  });

  it('keeps the permit of a call that was made, whatever came of it', () => {
    const { admit, limiter, clock } = setUp({ mode: 'reject', limit: 2 });
    limiter.settle(admit() as Permit, new Success('ok', 1), testCall(), clock.now());
    limiter.settle(admit() as Permit, new Failure(new Error('down'), 1), testCall(), clock.now());
    expect(reason(admit())).toBe('limit');
  });

  it('keeps the permit when the caller gave up: the request may have been counted by whom it went to', () => {
    const { admit, limiter, clock } = setUp({ mode: 'reject', limit: 1 });
    const call = testCall();
    const permit = admit({}, call) as Permit;
    call.abort(new Error('gave up'));
    limiter.settle(permit, new Ignored(new Error('gave up')), call, clock.now());
    expect(reason(admit())).toBe('limit');
    const refused = new ReliabilityError('full', { code: 'BULKHEAD_FULL', policyType: '', policy: '', refused: true });
    limiter.settle(permit, new Ignored(refused), call, clock.now());
    expect(admit()).toBe(0);
  });

  it('gives back to the key it took from, at the cost it took', () => {
    const { admit, limiter, clock } = setUp({ mode: 'reject', limit: 3 });
    const call = testCall();
    const permit = admit({ key: () => 'a', cost: 3 }, call) as Permit;
    admit({ key: () => 'b', cost: 3 });
    limiter.settle(permit, new Ignored(undefined), call, clock.now());
    expect([limiter.remaining('a'), limiter.remaining('b')]).toEqual([3, 0]);
  });

  it('keeps keys apart from one another and from calls without a key', () => {
    const { admit } = setUp({ mode: 'reject', limit: 1 });
    expect(reason(admit({ key: () => 'a' }))).toBeUndefined();
    expect(reason(admit({ key: () => 'b' }))).toBeUndefined();
    expect(reason(admit())).toBeUndefined();
    const refused = admit({ key: () => 'a' });
    expect(reason(refused)).toBe('limit');
    expect((refused as Refusal).toError().message).toBe(
      'Rate limiter "okx" refused for key "a" (limit); try again in 1000 ms',
    );
  });

  it('gives certain keys limits of their own', () => {
    const { limiter } = setUp({ mode: 'reject', limit: 1, overrides: { health_check: { limit: 3 } } });
    expect([limiter.remaining('health_check'), limiter.remaining('other')]).toEqual([3, 1]);
  });

  it.each([
    ['an object', () => ({}) as string],
    ['an empty string', () => ''],
    [
      'an exception',
      () => {
        throw new Error('no tenant');
      },
    ],
  ])('reports a key function that gives %s, and takes nothing', (_, key) => {
    const { admit, limiter } = setUp({ mode: 'reject', limit: 2 });
    expect(() => admit({ key, site: 'Rates.fetch' })).toThrow(/^Rates\.fetch: key for policy "okx"/);
    expect(limiter.remaining()).toBe(2);
  });

  it.each([0, -1, NaN, Infinity])('reports a cost of %p', (cost) => {
    const { admit, limiter } = setUp({ mode: 'reject' });
    expect(() => admit({ cost })).toThrow(/cost for policy "okx": must be a positive finite number/);
    expect(() => limiter.tryAcquire(undefined, cost)).toThrow('cost must be a positive finite number');
  });

  it('refuses new keys, and no others, when all are taken and it was told to', () => {
    const { admit, clock } = setUp({ mode: 'reject', limit: 5, keys: { max: 2, atCapacity: 'refuse' } });
    admit({ key: () => 'a' });
    admit({ key: () => 'b' });
    expect(reason(admit({ key: () => 'c' }))).toBe('too-many-keys');
    expect(reason(admit({ key: () => 'a' }))).toBeUndefined();
    clock.advance(10_000);
    expect(reason(admit({ key: () => 'c' }))).toBeUndefined();
  });

  it('blocks whoever is refused too often, and nobody else', () => {
    const penalty = { refusals: 3, withinMs: 1_000, blockMs: 60_000 };
    const { limiter, clock, events, admit } = setUp({ mode: 'reject', limit: 1, penalty });
    for (let index = 0; index < 4; index += 1) limiter.tryAcquire('mallory');
    expect(events.of('rate-limiter.paused')).toEqual([
      { type: 'rate-limiter.paused', policy: 'okx', at: 0, key: 'mallory', forMs: 60_000, reason: 'abuse' },
    ]);
    clock.advance(59_999);
    const refused = admit({ key: () => 'mallory' });
    expect([reason(refused), retryAfter(refused)]).toEqual(['penalty', 1]);
    expect(limiter.tryAcquire('alice')).toBe(true);
    clock.advance(1);
    expect(limiter.tryAcquire('mallory')).toBe(true);
  });

  it('starts empty when told to, and a key that comes later has been filling since then', () => {
    const { limiter, clock } = setUp({ mode: 'reject', limit: 10, initialPermits: 0 });
    expect([limiter.remaining(), limiter.remaining('a')]).toEqual([0, 0]);
    clock.advance(500);
    expect([limiter.remaining(), limiter.remaining('a'), limiter.remaining('new')]).toEqual([5, 5, 5]);
  });

  it('announces each refusal with its reason, and counts it', () => {
    const { admit, events, limiter } = setUp({ mode: 'reject', limit: 1 });
    admit();
    admit({ priority: 'high' });
    expect(events.all).toEqual([
      { type: 'rate-limiter.refused', policy: 'okx', at: 0, reason: 'limit', priority: 'high', retryAfterMs: 1_000 },
    ]);
    expect(limiter.inspect(0)).toMatchObject({ admitted: 1, refused: { limit: 1 }, remaining: 0 });
  });

  it('makes an error that guards recognise', () => {
    const { admit } = setUp({ mode: 'reject', limit: 1 });
    admit();
    const error = (admit() as Refusal).toError();
    expect([isRateLimited(error), isRefused(error), isRateLimited(new Error('x'))]).toEqual([true, true, false]);
    expect(error).toMatchObject({
      name: 'RateLimitedError',
      code: 'RATE_LIMITED',
      policyType: 'rate-limiter',
      policy: 'okx',
      reason: 'limit',
      retryAfterMs: 1_000,
      message: 'Rate limiter "okx" refused (limit); try again in 1000 ms',
    });
  });
});

describe('RateLimiter, mode wait', () => {
  it('lets calls wait for their permits and go one by one as these come', async () => {
    const { send, log, clock } = setUp({ algorithm: 'gcra', limit: 10, windowMs: 1_000 });
    for (const name of 'abcd') send(name);
    await clock.run(1_000);
    expect(log).toEqual(['a@0', 'b@100', 'c@200', 'd@300']);
  });

  it('serves the more urgent first, whoever came first', async () => {
    const { send, log, clock } = setUp({ algorithm: 'gcra', limit: 10 });
    send('first');
    send('low', { priority: 'low' });
    send('normal');
    send('critical', { priority: 'critical' });
    send('high', { priority: 'high' });
    await clock.run(1_000);
    expect(log).toEqual(['first@0', 'critical@100', 'high@200', 'normal@300', 'low@400']);
  });

  it('does not let a newcomer overtake those who wait, even with permits at hand', async () => {
    const { send, log, clock, limiter } = setUp({ limit: 10, windowMs: 1_000, initialPermits: 2 });
    send('costly', { cost: 10 });
    send('cheap', { cost: 1 });
    expect(limiter.tryAcquire()).toBe(false);
    await clock.run(2_000);
    expect(log).toEqual(['costly@800', 'cheap@900']);
  });

  it('lets a more urgent newcomer go at once when its permits are there', () => {
    const { send, log } = setUp({ limit: 10, windowMs: 1_000, initialPermits: 2 });
    send('costly', { cost: 10 });
    send('urgent', { cost: 2, priority: 'high' });
    return settlePromises().then(() => expect(log).toEqual(['urgent@0']));
  });

  it('refuses at once a call that cannot be served before its deadline, and says when it could', () => {
    const { send, admit, clock } = setUp({ algorithm: 'gcra', limit: 10 });
    send('a');
    send('b');
    const refused = admit({}, testCall({ deadline: clock.now() + 150 }));
    expect([reason(refused), retryAfter(refused)]).toEqual(['wait-too-long', 200]);
    expect(admit({}, testCall({ deadline: clock.now() + 200 }))).toBeInstanceOf(Promise);
  });

  it('refuses at once a call that would wait longer than the longest wait', () => {
    const { send, admit } = setUp({ algorithm: 'gcra', limit: 10, maxWaitMs: 250 });
    for (const name of 'abc') send(name);
    expect(reason(admit())).toBe('wait-too-long');
  });

  it('refuses a call whose turn did not come in time because others were let past', async () => {
    const { send, log, clock } = setUp({ algorithm: 'gcra', limit: 10, maxWaitMs: 250 });
    send('first');
    send('low', { priority: 'low' });
    send('urgent 1', { priority: 'high' });
    send('urgent 2', { priority: 'high' });
    await clock.run(1_000);
    expect(log).toEqual(['first@0', 'urgent 1@100', 'urgent 2@200', 'low:expired@250']);
  });

  it('sheds the least urgent when the queue is full', async () => {
    const { send, log, clock } = setUp({ algorithm: 'gcra', limit: 10, maxQueued: 1 });
    send('first');
    send('low', { priority: 'low' });
    send('high', { priority: 'high' });
    send('normal');
    await clock.run(1_000);
    expect(log).toEqual(['first@0', 'normal:queue-full@0', 'low:shed@0', 'high@100']);
  });

  it('lets an aborted call go, with the reason, and its turn to the next', async () => {
    const { send, log, clock, admit } = setUp({ algorithm: 'gcra', limit: 10 });
    send('first');
    const second = send('second');
    send('third');
    second.abort('gave up');
    await clock.run(1_000);
    expect(log).toEqual(['first@0', 'second:aborted@0', 'third@100']);
    const call = testCall();
    call.abort('early');
    admit();
    const refusal = admit({}, call) as RateLimitRefusal;
    expect([refusal.reason, refusal.toError().cause]).toEqual(['aborted', 'early']);
  });

  it('serves a permit that comes back to whoever waits', async () => {
    const { admit, limiter, send, log, clock } = setUp({ algorithm: 'sliding-window', limit: 1 });
    const call = testCall();
    const permit = admit({}, call) as Permit;
    send('next');
    clock.advance(10);
    limiter.settle(permit, new Ignored(undefined), call, clock.now());
    await settlePromises();
    expect(log).toEqual(['next@10']);
  });

  it('queues each key for itself, within one bound', async () => {
    const { send, log, clock } = setUp({ algorithm: 'gcra', limit: 1, windowMs: 1_000, maxQueued: 2 });
    for (const key of ['a', 'b']) for (const turn of [1, 2]) send(`${key}${turn}`, { key: () => key });
    send('a3', { key: () => 'a' });
    await clock.run(3_000);
    expect(log).toEqual(['a1@0', 'b1@0', 'a3:queue-full@0', 'a2@1000', 'b2@1000']);
  });

  it('one key that fills the queue gives places up to others, until it waits for no more than they do', async () => {
    const { send, log, clock } = setUp({
      algorithm: 'gcra',
      limit: 1,
      windowMs: 1_000,
      maxQueued: 4,
      maxWaitMs: 9_000,
    });
    for (let call = 0; call < 5; call += 1) send(`a${call}`, { key: () => 'a' });
    for (let call = 0; call < 4; call += 1) send(`b${call}`, { key: () => 'b' });
    send('c0', { key: () => 'c' });
    await clock.run(0);
    // a4 and a3 go for b1 and b2; then each has two, and b3 finds no longer queue than its own.
    expect(log).toEqual(['a0@0', 'b0@0', 'b3:queue-full@0', 'c0@0', 'a4:shed@0', 'a3:shed@0']);
    await clock.run(3_000);
    expect(log.slice(6)).toEqual(['a1@1000', 'b1@1000', 'a2@2000', 'b2@2000']);
  });

  it('a key gives no place up to a less urgent call', async () => {
    const { send, log, clock } = setUp({
      algorithm: 'gcra',
      limit: 1,
      windowMs: 1_000,
      maxQueued: 2,
      maxWaitMs: 9_000,
    });
    for (let call = 0; call < 3; call += 1) send(`a${call}`, { key: () => 'a', priority: 'high' });
    send('b0', { key: () => 'b' });
    send('b1', { key: () => 'b' });
    await clock.run(0);
    expect(log).toEqual(['a0@0', 'b0@0', 'b1:queue-full@0']);
  });

  it('lets a call without a key go past those that wait for the permits of one', () => {
    const { send, admit } = setUp({ algorithm: 'gcra', limit: 10 });
    for (const name of ['a1', 'a2']) send(name, { key: () => 'a' });
    expect(admit()).toBe(0);
    expect(admit({ key: () => 'b' })).not.toBeInstanceOf(Promise);
  });

  it('refuses whoever would have to wait where nobody may', () => {
    const { admit } = setUp({ algorithm: 'gcra', limit: 10, maxQueued: 0 });
    expect(admit()).toBe(0);
    expect(reason(admit())).toBe('queue-full');
  });

  it('refuses those of every key when it is closed', async () => {
    const { send, log, limiter } = setUp({ algorithm: 'gcra', limit: 10 });
    for (const key of ['a', 'b']) for (const turn of [1, 2]) send(`${key}${turn}`, { key: () => key });
    limiter.close();
    await settlePromises();
    expect(log.toSorted()).toEqual(['a1@0', 'a2:closed@0', 'b1@0', 'b2:closed@0']);
  });

  it('keeps one timer for a queue of any length and none when nobody waits', async () => {
    const { send, clock } = setUp({ algorithm: 'gcra', limit: 10 });
    for (let index = 0; index < 20; index += 1) send(`${index}`);
    expect(clock.pending).toBe(1);
    await clock.run(10_000);
    expect(clock.pending).toBe(0);
  });

  it('counts who waited and for how long', async () => {
    const { send, clock, limiter } = setUp({ algorithm: 'gcra', limit: 10 });
    for (const name of 'abc') send(name);
    expect(limiter.inspect(0)['waiting']).toEqual({ critical: 0, high: 0, normal: 2, low: 0 });
    await clock.run(1_000);
    expect(limiter.inspect(1_000)).toMatchObject({ admitted: 3, waits: 2, waitedMs: 300 });
  });

  it('tells when a call could go, behind those that wait', () => {
    const { send, limiter } = setUp({ algorithm: 'gcra', limit: 10 });
    expect(limiter.estimateWaitMs()).toBe(0);
    for (const name of 'abc') send(name);
    expect(limiter.estimateWaitMs()).toBe(300);
    expect(limiter.estimateWaitMs(undefined, 1, 'high')).toBe(100);
    expect(limiter.estimateWaitMs(undefined, 2)).toBe(Infinity);
  });

  it('refuses everybody when it is closed', async () => {
    const { send, log, limiter, clock } = setUp({ algorithm: 'gcra', limit: 10 });
    for (const name of 'abc') send(name);
    limiter.close();
    send('d');
    await settlePromises();
    expect(log.toSorted()).toEqual(['a@0', 'b:closed@0', 'c:closed@0', 'd:closed@0']);
    expect(clock.pending).toBe(0);
  });

  it('acquires with a promise that is rejected when the signal is aborted', async () => {
    const { limiter, clock } = setUp({ algorithm: 'gcra', limit: 10 });
    await limiter.acquire();
    const controller = new AbortController();
    const waiting = limiter.acquire({ signal: controller.signal, priority: 'high' });
    const served = limiter.acquire({ cost: 1 });
    controller.abort('gave up');
    await expect(waiting).rejects.toMatchObject({ code: 'RATE_LIMITED', reason: 'aborted', cause: 'gave up' });
    await clock.run(100);
    await expect(served).resolves.toBeUndefined();
    await expect(limiter.acquire({ maxWaitMs: 10 })).rejects.toMatchObject({
      reason: 'wait-too-long',
      retryAfterMs: 100,
    });
  });
});

describe('RateLimiter, asked for what cannot be', () => {
  it.each([[''], [null], [{}], [5], [Symbol('a')]])('takes no key such as %p', (key) => {
    const { limiter } = setUp({ mode: 'reject', penalty: { refusals: 1, withinMs: 1_000, blockMs: 60_000 } });
    const bad = key as string;
    const uses = [
      () => limiter.tryAcquire(bad),
      () => limiter.decide(bad),
      () => limiter.estimateWaitMs(bad),
      () => limiter.penalize(1_000, bad),
      () => limiter.learn({ remaining: 0 }, bad),
    ];
    for (const use of uses) expect(use).toThrow(/^key must be a non-empty string; got /);
    expect(limiter.inspect(0)).toMatchObject({ keys: 0, pausedForMs: 0 });
  });

  it('takes no cost that is none to estimate', () => {
    const { limiter } = setUp();
    expect(() => limiter.estimateWaitMs(undefined, NaN)).toThrow('cost must be a positive finite number; got NaN');
    expect(() => limiter.estimateWaitMs(undefined, 0)).toThrow('cost must be a positive finite number; got 0');
  });

  it('does not wait for a time that is none', async () => {
    const { limiter } = setUp({ initialPermits: 0 });
    await expect(limiter.acquire({ maxWaitMs: NaN })).rejects.toThrow(
      'okx.acquire: maxWaitMs for policy "okx": must be a number of ms; got NaN',
    );
    await expect(limiter.acquire({ priority: 'toString' as never })).rejects.toThrow(
      'okx.acquire: priority for policy "okx": must be critical, high, normal or low; got \'toString\'',
    );
  });
});

describe('RateLimiter and the server', () => {
  it('lets nothing through for as long as the server asked, and queues meanwhile', async () => {
    const { limiter, send, log, clock, events } = setUp({ limit: 10 });
    limiter.penalize(5_000);
    send('a');
    await clock.run(6_000);
    expect(log).toEqual(['a@5000']);
    expect(events.of('rate-limiter.paused')).toMatchObject([{ forMs: 5_000, reason: 'penalty' }]);
  });

  it('never shortens a pause, and cuts one that is too long', () => {
    const { limiter } = setUp({ longestPauseMs: 10_000 });
    limiter.penalize(9_000);
    limiter.penalize(1_000);
    expect(limiter.inspect(0)['pausedForMs']).toBe(9_000);
    limiter.penalize(99_000);
    expect(limiter.inspect(0)['pausedForMs']).toBe(10_000);
    limiter.penalize(NaN);
    limiter.penalize(-1);
    expect(limiter.inspect(0)['pauses']).toBe(3);
  });

  it('goes by the built-in classification when its own throws, which masks no error of a call', () => {
    const mistake = new Error('mistake');
    const classify = () => {
      throw mistake;
    };
    const { limiter, admit, events } = setUp({ limit: 10, classify });
    const error = Object.assign(new Error('429'), { response: { status: 429, headers: { 'retry-after': '5' } } });
    limiter.settle(admit() as Permit, new Failure(error, 10), testCall(), 10);
    expect(limiter.inspect(10)['pausedForMs']).toBe(5_000);
    expect(events.of('custom')).toMatchObject([
      { name: 'policy-failed', policy: 'okx', data: { type: 'rate-limiter', what: 'classify', error: mistake } },
    ]);
  });

  it.each(['token-bucket', 'sliding-window', 'sliding-window-counter', 'fixed-window'] as const)(
    '%s leaves no more than the server says is left, and never more than before',
    (algorithm) => {
      const { limiter } = setUp({ algorithm, limit: 10 });
      limiter.learn({ remaining: 3 });
      expect(limiter.remaining()).toBe(3);
      limiter.learn({ remaining: 8 });
      expect(limiter.remaining()).toBe(3);
    },
  );

  it('waits for the renewal of a quota that the server says is used up', () => {
    const { limiter } = setUp({ limit: 10 });
    limiter.learn({ remaining: 0, resetMs: 30_000 });
    expect([limiter.remaining(), limiter.estimateWaitMs()]).toEqual([0, 30_000]);
  });

  it('learns of one window among several by its length, and of one key', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 100, windowMs: 60_000 },
    ];
    const { limiter, clock } = setUp({ algorithm: 'sliding-window', windows });
    limiter.learn({ remaining: 4, windowMs: 60_000 }, 'a');
    clock.advance(2_000);
    expect([limiter.remaining('a'), limiter.remaining('b')]).toEqual([4, 10]);
  });
});

describe('RateLimiter, reconfigured', () => {
  it('keeps what was given out and applies the new limit to the rest', () => {
    const { limiter, parse } = setUp({ mode: 'reject', algorithm: 'fixed-window', limit: 10 });
    for (let index = 0; index < 6; index += 1) limiter.tryAcquire();
    limiter.reconfigure(parse({ mode: 'reject', algorithm: 'fixed-window', limit: 8 }));
    expect(limiter.remaining()).toBe(2);
    expect(limiter.inspect(0)).toMatchObject({ admitted: 6, windows: [{ limit: 8 }] });
  });

  it('hands out no second burst when the algorithm changes', () => {
    const { limiter, parse } = setUp({ mode: 'reject', limit: 10 });
    for (let index = 0; index < 8; index += 1) limiter.tryAcquire();
    limiter.reconfigure(parse({ mode: 'reject', algorithm: 'sliding-window', limit: 20 }));
    expect(limiter.remaining()).toBe(4);
  });

  it('refuses who waits for more than the new limit, so that nobody waits behind it', async () => {
    const { limiter, send, log, clock, parse } = setUp({ limit: 10, windowMs: 1_000, initialPermits: 0 });
    send('large', { cost: 8 });
    send('small');
    limiter.reconfigure(parse({ limit: 5, windowMs: 1_000 }));
    await clock.run(1_000);
    expect(log).toEqual(['large:cost-above-limit@0', 'small@200']);
  });

  it('serves those who wait when the limit is raised', async () => {
    const { limiter, parse, send, log, clock } = setUp({ algorithm: 'sliding-window', limit: 1, windowMs: 10_000 });
    send('a');
    send('b');
    clock.advance(5);
    limiter.reconfigure(parse({ algorithm: 'fixed-window', limit: 100, windowMs: 10 }));
    await clock.run(50);
    expect(log).toEqual(['a@0', expect.stringMatching(/^b@/)]);
  });
});
