import { parseOptions } from '../core/options.js';
import { seededRandom } from '../core/random.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { testCall } from '../testing/test-call.js';
import { Failure, Success } from '../core/outcome.js';
import type { Permit } from '../core/policy.js';
import { PLAIN_USE } from '../core/use.js';
import type { FunctionFailed } from './adaptation.js';
import { adaptationFor } from './adaptation-for.js';
import { adaptiveOptions } from './adaptive.options.js';
import { Cubic } from './cubic.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions, windowsOf } from './rate-limiter.options.js';
import { RateLimiter } from './rate-limiter.js';
import { SreThrottle } from './sre-throttle.js';

type Given = NonNullable<RateLimiterOptions['adaptive']>;

const never = { next: () => 1 };

const nothingFails = (what: string, error: unknown) => {
  throw new Error(what, { cause: error });
};

function adapting(
  adaptive: Given,
  options: RateLimiterOptions = { limit: 10, windowMs: 1_000 },
  failed: FunctionFailed = nothingFails,
) {
  const windows = windowsOf(parseOptions(rateLimiterOptions, options, ''));
  return adaptationFor(parseOptions(adaptiveOptions, adaptive, ''), windows, 0, failed);
}

describe('adapting to the load', () => {
  /** Admits so many in the minute that ends then. */
  const minute = (rule: ReturnType<typeof adapting>, ends: number, admitted: number) => {
    for (let count = 0; count < admitted; count += 1) rule.admitted(1, ends - 30_000);
    rule.rejects(ends, never);
    return rule.factor;
  };

  it('takes 0.9 of the limit above 80 % of it used in a minute, 1.1 below 50 %, and nothing between', () => {
    const rule = adapting({ kind: 'load' });
    expect(minute(rule, 60_000, 481)).toBe(0.9);
    expect(minute(rule, 120_000, 480)).toBe(0.9);
    expect(minute(rule, 180_000, 300)).toBe(0.9);
    expect(minute(rule, 240_000, 299)).toBeCloseTo(0.99, 10);
    expect(minute(rule, 300_000, 0)).toBe(1);
  });

  it('judges no sooner than the time it measures over', () => {
    const rule = adapting({ kind: 'load', measureMs: 1_000 });
    for (let count = 0; count < 100; count += 1) rule.admitted(1, 0);
    expect(rule.rejects(999, never)).toBe(false);
    expect(rule.factor).toBe(1);
    rule.accepted(1_000);
    expect(rule.factor).toBe(0.9);
  });

  it('stays within its bounds', () => {
    const rule = adapting({ kind: 'load', minFactor: 0.85, maxFactor: 1.15 });
    expect([minute(rule, 60_000, 600), minute(rule, 120_000, 600), minute(rule, 180_000, 600)]).toEqual([
      0.9, 0.85, 0.85,
    ]);
    for (let ends = 240_000; ends < 600_000; ends += 60_000) minute(rule, ends, 0);
    expect(rule.factor).toBe(1.15);
  });

  it('keeps the limit when the load cannot be told, and tells why', () => {
    const mistake = new Error('no figures');
    const told: unknown[][] = [];
    const load = () => {
      throw mistake;
    };
    const rule = adapting({ kind: 'load', load }, undefined, (...what) => told.push(what));
    expect(minute(rule, 60_000, 600)).toBe(1);
    expect(told).toEqual([['load', mistake]]);
  });

  it('goes by a load that it is told, and by the slowest of several windows', () => {
    let load = 0.9;
    const told = adapting({ kind: 'load', load: () => load });
    expect(minute(told, 60_000, 0)).toBe(0.9);
    load = 0.6;
    expect(minute(told, 120_000, 0)).toBe(0.9);
    const windows = [
      { limit: 100, windowMs: 1_000 },
      { limit: 60, windowMs: 60_000 },
    ];
    expect(minute(adapting({ kind: 'load' }, { windows }), 60_000, 50)).toBe(0.9);
  });
});

describe('adapting by AIMD', () => {
  it('halves the limit at a throttle and adds a twentieth of it per window without one', () => {
    const rule = adapting({ kind: 'aimd' });
    rule.throttled(0, 100);
    expect(rule.factor).toBe(0.5);
    rule.rejects(1_099, never);
    expect(rule.factor).toBe(0.5);
    rule.rejects(1_100, never);
    expect(rule.factor).toBeCloseTo(0.55, 10);
    rule.rejects(3_500, never);
    expect(rule.factor).toBeCloseTo(0.65, 10);
    rule.rejects(60_000, never);
    expect(rule.factor).toBe(1);
  });

  it('takes what left before the last decrease as no news', () => {
    const rule = adapting({ kind: 'aimd' });
    rule.throttled(50, 100);
    rule.throttled(99, 110);
    expect(rule.factor).toBe(0.5);
    rule.throttled(100, 120);
    expect(rule.factor).toBe(0.25);
  });

  it('adds for each of the shortest windows, and takes nothing back for a clock that steps', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 100, windowMs: 60_000 },
    ];
    const rule = adapting({ kind: 'aimd' }, { windows });
    rule.throttled(10_000, 10_000);
    rule.rejects(5_000, never);
    expect(rule.factor).toBe(0.5);
    rule.rejects(12_000, never);
    expect(rule.factor).toBeCloseTo(0.6, 10);
  });

  it('never goes below its least', () => {
    const rule = adapting({ kind: 'aimd', minFactor: 0.2 });
    for (let now = 0; now < 10; now += 1) rule.throttled(now, now);
    expect(rule.factor).toBe(0.2);
    expect(rule.rejects(0, never)).toBe(false);
  });
});

describe('adapting by CUBIC', () => {
  const cubic = () => new Cubic({ kind: 'cubic', minFactor: 0.01, maxFactor: 1 }, 100, 0);
  /** So many permits per second, from one time to another. */
  const send = (rule: Cubic, perSecond: number, from: number, to: number) => {
    for (let now = from; now < to; now += 1_000 / perSecond) rule.admitted(1, now);
  };

  it('does nothing until the first throttle', () => {
    const rule = cubic();
    send(rule, 20, 0, 5_000);
    rule.accepted(5_000);
    expect([rule.factor, rule.rejects()]).toEqual([1, false]);
  });

  it('cuts the rate to 0.7 of what was sent', () => {
    const rule = cubic();
    send(rule, 20, 0, 10_000);
    rule.throttled(10_000, 10_000);
    expect(rule.factor).toBeCloseTo(0.7 * 0.2, 2);
  });

  it('measures from when it was made', () => {
    const rule = new Cubic({ kind: 'cubic', minFactor: 0.01, maxFactor: 1 }, 100, 1_000_000);
    send(rule, 20, 1_000_000, 1_010_000);
    rule.throttled(1_010_000, 1_010_000);
    expect(rule.factor).toBeCloseTo(0.7 * 0.2, 2);
  });

  it('reckons in permits per second of the slowest window', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 120, windowMs: 60_000 },
    ];
    const rule = adapting({ kind: 'cubic', minFactor: 0.01 }, { windows });
    for (let now = 0; now < 20; now += 1) rule.throttled(now, now);
    // Half a permit of two per second.
    expect(rule.factor).toBe(0.25);
  });

  it('cuts to 0.7 of the limit while nothing is measured yet', () => {
    const rule = cubic();
    rule.throttled(0, 0);
    expect(rule.factor).toBeCloseTo(0.7, 10);
  });

  it('is back at the rate that failed after K seconds, and above it later', () => {
    const rule = cubic();
    send(rule, 50, 0, 10_000);
    rule.throttled(10_000, 10_000);
    const failed = rule.factor / 0.7;
    const k = Math.cbrt((failed * 100 * 0.3) / 0.4);
    rule.accepted(10_000 + (k / 2) * 1_000);
    expect(rule.factor).toBeLessThan(failed);
    rule.accepted(10_000 + k * 1_000);
    expect(rule.factor).toBeCloseTo(failed, 6);
    rule.accepted(10_000 + (k + 2) * 1_000);
    expect(rule.factor).toBeCloseTo(failed + (0.4 * 8) / 100, 6);
  });

  it('never goes above twice what is sent, nor above the limit', () => {
    const rule = cubic();
    send(rule, 10, 0, 10_000);
    rule.throttled(10_000, 10_000);
    rule.accepted(60_000);
    expect(rule.factor).toBeCloseTo(0.2, 1);
    const busy = cubic();
    send(busy, 100, 0, 10_000);
    busy.throttled(10_000, 10_000);
    busy.accepted(100_000);
    expect(busy.factor).toBe(1);
  });

  it('never goes below half a permit per second, nor below its least', () => {
    const slow = new Cubic({ kind: 'cubic', minFactor: 0.001, maxFactor: 1 }, 100, 0);
    send(slow, 0.2, 0, 60_000);
    for (let now = 60_000; now < 60_010; now += 1) slow.throttled(now, now);
    expect(slow.factor).toBe(0.005);
    const bounded = new Cubic({ kind: 'cubic', minFactor: 0.5, maxFactor: 1 }, 100, 0);
    for (let now = 0; now < 10; now += 1) bounded.throttled(now, now);
    expect(bounded.factor).toBe(0.5);
  });

  it('takes what left before the last cut as no news', () => {
    const rule = cubic();
    rule.throttled(10, 20);
    rule.throttled(19, 30);
    expect(rule.factor).toBeCloseTo(0.7, 10);
    rule.throttled(20, 40);
    expect(rule.factor).toBeCloseTo(0.49, 10);
  });
});

describe('throttling as in the SRE book', () => {
  const sre = (options = {}) =>
    new SreThrottle(parseOptions(adaptiveOptions, { kind: 'sre', ...options }, '') as never);

  it('drops nothing while more than one in K is accepted', () => {
    const throttle = sre();
    for (let call = 0; call < 100; call += 1) {
      throttle.rejects(0, never);
      if (call % 2 === 0) throttle.accepted(0);
    }
    expect(throttle.probability(0)).toBe(0);
  });

  it('drops with (requests − K · accepts) / (requests + 1), dropped calls counted', () => {
    const throttle = sre();
    for (let call = 0; call < 100; call += 1) throttle.rejects(0, never);
    for (let call = 0; call < 20; call += 1) throttle.accepted(0);
    expect(throttle.probability(0)).toBeCloseTo(60 / 101, 10);
    expect(throttle.rejects(0, { next: () => 0.59 })).toBe(true);
    expect(throttle.probability(0)).toBeCloseTo(61 / 102, 10);
    expect(throttle.rejects(0, { next: () => 0.6 })).toBe(false);
  });

  it('lets a share through whatever happens', () => {
    const throttle = sre({ maxReject: 0.7 });
    for (let call = 0; call < 1_000; call += 1) throttle.rejects(0, never);
    expect(throttle.probability(0)).toBe(0.7);
    expect([0.69, 0.7].map((chance) => throttle.rejects(0, { next: () => chance }))).toEqual([true, false]);
  });

  it('counts on where it was when the clock steps back', () => {
    const throttle = sre({ measureMs: 12_000 });
    for (let call = 0; call < 9; call += 1) throttle.rejects(20_500, never);
    expect(throttle.probability(5_000)).toBe(0.9);
    expect(throttle.probability(31_999)).toBe(0.9);
    expect(throttle.probability(32_000)).toBe(0);
  });

  it('forgets accepts as it forgets requests, slice by slice', () => {
    const throttle = sre({ measureMs: 12_000 });
    for (let call = 0; call < 10; call += 1) {
      throttle.rejects(500, never);
      throttle.accepted(500);
    }
    throttle.accepted(1_500);
    for (let call = 0; call < 10; call += 1) throttle.rejects(1_500, never);
    // 20 requests, 11 accepted: (20 − 22) / 21; then the first second is gone: (10 − 2) / 11.
    expect(throttle.probability(11_999)).toBe(0);
    expect(throttle.probability(12_000)).toBeCloseTo(8 / 11, 10);
    expect(throttle.probability(13_000)).toBe(0);
    for (let call = 0; call < 4; call += 1) throttle.rejects(25_500, never);
    throttle.accepted(25_500);
    expect(throttle.probability(25_500)).toBeCloseTo(2 / 5, 10);
  });

  it('asks chance only when something may be dropped', () => {
    const throttle = sre();
    const next = jest.fn(() => 0);
    expect(throttle.rejects(0, { next })).toBe(false);
    expect(next).not.toHaveBeenCalled();
  });

  it('forgets what is older than its measure, at once after a long rest', () => {
    const throttle = sre({ measureMs: 12_000 });
    for (let call = 0; call < 100; call += 1) throttle.rejects(500, never);
    expect(throttle.probability(11_999)).toBeGreaterThan(0.8);
    expect(throttle.probability(12_000)).toBe(0);
    for (let call = 0; call < 100; call += 1) throttle.rejects(12_500, never);
    expect(throttle.probability(1_000_000)).toBe(0);
    expect(throttle.factor).toBe(1);
  });
});

describe('RateLimiter, adapting', () => {
  const throttle = Object.assign(new Error('too many requests'), { status: 429 });

  function setUp(options: RateLimiterOptions) {
    const capabilities = testCapabilities();
    const limiter = new RateLimiter('okx', parseOptions(rateLimiterOptions, options, ''), capabilities);
    const { clock } = capabilities;
    const admit = (): unknown => limiter.admit(testCall(), clock.now(), PLAIN_USE);
    const call = (error?: Error) => {
      const permit = admit() as Permit;
      const outcome = error === undefined ? new Success(1, 1) : new Failure(error, 1);
      limiter.settle(permit, outcome, testCall(), clock.now());
    };
    return { ...capabilities, limiter, admit, call };
  }

  it('lowers the limit at a throttle, announces it, and raises it again', () => {
    const { call, events, limiter, clock } = setUp({
      mode: 'reject',
      algorithm: 'sliding-window',
      limit: 10,
      adaptive: { kind: 'aimd', increasePerWindow: 0.5 },
    });
    call(throttle);
    expect(events.of('rate-limiter.adapted')).toEqual([
      { type: 'rate-limiter.adapted', policy: 'okx', at: 0, from: 1, factor: 0.5, reason: 'throttled' },
    ]);
    expect(limiter.inspect(0)).toMatchObject({ factor: 0.5, windows: [{ limit: 10, currentLimit: 5 }], remaining: 4 });
    clock.advance(1_000);
    call();
    expect(events.of('rate-limiter.adapted')[1]).toMatchObject({ from: 0.5, factor: 1, reason: 'load' });
    expect(limiter.inspect(1_000)).toMatchObject({ remaining: 9 });
  });

  it('makes room for a limit that is to grow beyond the configured one', () => {
    const { limiter, clock } = setUp({
      mode: 'reject',
      algorithm: 'sliding-window',
      limit: 10,
      overrides: { vip: { limit: 20 } },
      adaptive: { kind: 'load', maxFactor: 2, increase: 2 },
    });
    clock.advance(60_000);
    limiter.tryAcquire();
    expect([limiter.remaining(), limiter.remaining('vip')]).toEqual([19, 40]);
  });

  it('serves those who wait when the limit grows', async () => {
    const { limiter, clock, call, admit } = setUp({
      algorithm: 'fixed-window',
      limit: 2,
      windowMs: 60_000,
      maxWaitMs: 100_000,
      adaptive: { kind: 'aimd', increasePerWindow: 1 },
    });
    call(throttle);
    const waiting = admit();
    expect(waiting).toBeInstanceOf(Promise);
    await clock.run(60_000);
    await expect(waiting).resolves.toBe(60_000);
    expect(limiter.inspect(60_000)).toMatchObject({ waits: 1 });
  });

  it('drops calls when the other side rejects too many', () => {
    const { limiter, random } = setUp({ mode: 'reject', limit: 1_000_000, adaptive: { kind: 'sre' } });
    expect(random).toBeDefined();
    for (let index = 0; index < 1_000; index += 1) limiter.tryAcquire();
    const { throttled } = limiter.inspect(0)['refused'] as Record<string, number>;
    expect(throttled).toBeGreaterThan(700);
    expect(throttled).toBeLessThan(950);
  });

  it('stops for as long as a server says, unless told not to', () => {
    const retryLater = Object.assign(new Error('slow down'), { status: 429, headers: { 'retry-after': '7' } });
    const obeying = setUp({ mode: 'reject' });
    obeying.call(retryLater);
    expect(obeying.limiter.inspect(0)['pausedForMs']).toBe(7_000);
    const stubborn = setUp({ mode: 'reject', obeyServer: false });
    stubborn.call(retryLater);
    expect(stubborn.limiter.inspect(0)['pausedForMs']).toBe(0);
    const unaware = setUp({ mode: 'reject', classify: () => ({ errorClass: 'server', retryAfterMs: 7_000 }) });
    unaware.call(retryLater);
    expect(unaware.limiter.inspect(0)['pausedForMs']).toBe(0);
  });

  it('counts other failures as accepted', () => {
    const { call, limiter } = setUp({ mode: 'reject', limit: 1_000_000, adaptive: { kind: 'sre' } });
    for (let index = 0; index < 200; index += 1) call(new Error('bad request'));
    expect(limiter.inspect(0)['refused']).toMatchObject({ throttled: 0 });
  });
});

it('takes chance from its capabilities alone', () => {
  const dropped = () => {
    const throttle = new SreThrottle({ kind: 'sre', k: 2, measureMs: 1_000, maxReject: 0.9 });
    const random = seededRandom(5);
    return Array.from({ length: 50 }, () => throttle.rejects(0, random));
  };
  expect(dropped()).toEqual(dropped());
});
