import { Failure, Ignored, Success } from '../core/outcome.js';
import { parseOptions } from '../core/options.js';
import type { Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE, type Use } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { type CircuitBreakerOptions, circuitBreakerOptions } from './circuit-breaker.options.js';
import { isCircuitOpen } from './circuit-open-error.js';

const call = testCall();

/** A breaker on a manual clock, its jitter off unless asked for, with hands to work it. */
function breakerWith(options: CircuitBreakerOptions = {}, use: Use = PLAIN_USE) {
  const capabilities = testCapabilities();
  const { clock, events } = capabilities;
  const breaker = new CircuitBreaker(
    'okx',
    parseOptions(circuitBreakerOptions, { openForJitter: 0, ...options }, ''),
    capabilities,
  );
  const admit = () => breaker.admit(call, clock.now(), use);
  const permit = (): Permit => {
    const admission = admit();
    if (admission instanceof Refusal) throw admission.toError();
    return admission;
  };
  const refusal = (): Refusal => {
    const admission = admit();
    if (!(admission instanceof Refusal)) throw new Error('was admitted');
    return admission;
  };
  const succeed = (given = permit(), durationMs = 1, value: unknown = 'ok') =>
    breaker.settle(given, new Success(value, durationMs), call, clock.now());
  const fail = (given = permit(), error: unknown = new Error('down'), durationMs = 1) =>
    breaker.settle(given, new Failure(error, durationMs), call, clock.now());
  const ignore = (given = permit()) => breaker.settle(given, new Ignored(new Error('gone')), call, clock.now());
  const open = () => {
    for (let failures = 0; failures < 5; failures += 1) fail();
  };
  const state = () => breaker.inspect(clock.now()).state;
  const counters = () => breaker.inspect(clock.now()).counters;
  const transitions = () =>
    events.of('circuit-breaker.transition').map(({ at, from, to, reason }) => `${at} ${from}>${to} ${reason}`);
  return { breaker, clock, events, permit, refusal, succeed, fail, ignore, open, state, counters, transitions };
}

describe('CircuitBreaker', () => {
  it('admits while calls succeed', () => {
    const { succeed, state, counters } = breakerWith();
    for (let calls = 0; calls < 20; calls += 1) succeed();
    expect(state()).toBe('closed');
    expect(counters()).toMatchObject({ admitted: 20, successes: 20, refused: 0 });
  });

  it('opens after five failures in a row and refuses with the time left and the cause', () => {
    const { breaker, clock, fail, permit, refusal, state } = breakerWith();
    const cause = new Error('fifth');
    for (let failures = 0; failures < 4; failures += 1) fail();
    expect(state()).toBe('closed');
    fail(permit(), cause);
    expect(state()).toBe('open');
    clock.advance(10_000);
    const error = refusal().toError();
    expect(isCircuitOpen(error)).toBe(true);
    expect(error).toMatchObject({
      name: 'CircuitOpenError',
      message: 'Circuit breaker "okx" is open; try again in 20000 ms',
      code: 'CIRCUIT_OPEN',
      policyType: 'circuit-breaker',
      policy: 'okx',
      state: 'open',
      retryAfterMs: 20_000,
      refused: true,
      cause,
    });
    expect(breaker.inspect(clock.now()).counters).toMatchObject({ failures: 5, openings: 1, refused: 1 });
  });

  it('closes when three probes succeeded', () => {
    const { open, clock, succeed, state, transitions } = breakerWith();
    open();
    clock.advance(30_000);
    succeed();
    succeed();
    expect(state()).toBe('half-open');
    succeed();
    expect(state()).toBe('closed');
    expect(transitions()).toEqual([
      '0 closed>open consecutive-failures',
      '30000 open>half-open open-time-over',
      '30000 half-open>closed probes-succeeded',
    ]);
  });

  it('refuses every caller but the probes at once, while a stampede waits', () => {
    const { open, clock, breaker, counters } = breakerWith({ halfOpenPermits: 3 });
    open();
    clock.advance(30_000);
    const admissions = Array.from({ length: 1_000 }, () => breaker.admit(call, clock.now(), PLAIN_USE));
    const refusals = admissions.filter((admission) => admission instanceof Refusal);
    expect(refusals).toHaveLength(997);
    expect(refusals.every(({ retryAfterMs }) => retryAfterMs === 30_000)).toBe(true);
    expect(counters()).toMatchObject({ admitted: 8, refused: 997, halfOpenings: 1 });
  });

  it('decides only when all probes have reported, by their share of failures', () => {
    const { open, clock, permit, succeed, fail, state } = breakerWith({ halfOpenPermits: 4, failureRate: 0.5 });
    open();
    clock.advance(30_000);
    const probes = [permit(), permit(), permit(), permit()] as const;
    fail(probes[0]);
    succeed(probes[1]);
    succeed(probes[2]);
    expect(state()).toBe('half-open');
    fail(probes[3]);
    expect(state()).toBe('open');
  });

  it('opens again when the probes were slow', () => {
    const { open, clock, succeed, state, transitions } = breakerWith({ slowCallMs: 100, halfOpenPermits: 2 });
    open();
    clock.advance(30_000);
    succeed(undefined, 101);
    succeed();
    expect(state()).toBe('open');
    expect(transitions().at(-1)).toBe('30000 half-open>open probes-slow');
  });

  it('gives the permit of an ignored probe back', () => {
    const { open, clock, permit, ignore, refusal, succeed, state, counters } = breakerWith({ halfOpenPermits: 1 });
    open();
    clock.advance(30_000);
    for (let probes = 0; probes < 10; probes += 1) {
      const probe = permit();
      refusal();
      ignore(probe);
    }
    succeed();
    expect(state()).toBe('closed');
    expect(counters()).toMatchObject({ ignored: 10, refused: 10, recoveries: 1 });
  });

  it('is not held half-open by a probe that hangs, and counts it as failed when it was due', () => {
    const { open, clock, permit, refusal, succeed, state, counters, transitions } = breakerWith({
      halfOpenPermits: 1,
      halfOpenMaxWaitMs: 5_000,
      openForMs: 1_000,
    });
    open();
    clock.advance(1_000);
    const hung = permit();
    clock.advance(4_000);
    expect(refusal().retryAfterMs).toBe(1_000);
    clock.advance(500);
    expect(refusal().retryAfterMs).toBe(500);
    clock.advance(1_500);
    expect(refusal().retryAfterMs).toBe(1_000);
    expect(transitions().at(-1)).toBe('6000 half-open>open probes-failed');
    succeed(hung);
    expect(state()).toBe('open');
    expect(counters().lateResults).toBe(1);
    clock.advance(1_000);
    succeed();
    expect(state()).toBe('closed');
  });

  it('ignores the result of a call that was admitted in an earlier state', () => {
    const { open, clock, permit, fail, succeed, state, counters } = breakerWith({ halfOpenPermits: 1 });
    const old = [permit(), permit(), permit()] as const;
    open();
    succeed(old[0]);
    expect(state()).toBe('open');
    clock.advance(30_000);
    const probe = permit();
    fail(old[1]);
    expect(state()).toBe('half-open');
    succeed(probe);
    expect(state()).toBe('closed');
    for (let failures = 0; failures < 4; failures += 1) fail();
    fail(old[2]);
    expect(state()).toBe('closed');
    expect(counters().lateResults).toBe(3);
  });

  it('does not count a probe twice that is settled twice', () => {
    const { open, clock, permit, fail, succeed, state, counters } = breakerWith({ halfOpenPermits: 3 });
    open();
    clock.advance(30_000);
    const probe = permit();
    succeed(probe);
    fail(probe);
    fail(probe);
    expect(state()).toBe('half-open');
    expect(counters().lateResults).toBe(2);
  });

  it('stays open twice as long each time in a row, up to the cap, and starts anew after recovery', () => {
    const { open, clock, fail, succeed, refusal } = breakerWith({
      halfOpenPermits: 1,
      openForMs: 1_000,
      openForCapMs: 3_000,
    });
    open();
    for (const lasts of [1_000, 2_000, 3_000, 3_000]) {
      expect(refusal().retryAfterMs).toBe(lasts);
      clock.advance(lasts);
      fail();
    }
    clock.advance(3_000);
    succeed();
    open();
    expect(refusal().retryAfterMs).toBe(1_000);
  });

  it('opens for different times in breakers that fail together', () => {
    const lasts = (seed: number) => {
      const capabilities = testCapabilities(seed);
      const breaker = new CircuitBreaker(
        'okx',
        parseOptions(circuitBreakerOptions, { openForJitter: 0.2 }, ''),
        capabilities,
      );
      for (let failures = 0; failures < 5; failures += 1) {
        breaker.settle(breaker.admit(call, 0, PLAIN_USE), new Failure('down', 1), call, 0);
      }
      return breaker.inspect(0).retryAfterMs!;
    };
    const times = Array.from({ length: 50 }, (_, seed) => lasts(seed));
    expect(new Set(times).size).toBe(50);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(24_000);
    expect(Math.max(...times)).toBeLessThanOrEqual(30_000);
  });

  it('stays open as long as the other side asked for, up to a limit', () => {
    const asks = (seconds: number) =>
      Object.assign(new Error('busy'), { status: 503, headers: { 'retry-after': `${seconds}` } });
    const opened = (seconds: number, retryAfterCapMs: number) => {
      const { fail, refusal } = breakerWith({ consecutiveFailures: 2, openForMs: 1_000, retryAfterCapMs });
      fail(undefined, asks(seconds));
      fail();
      return refusal().retryAfterMs;
    };
    expect(opened(120, 300_000)).toBe(120_000);
    expect(opened(120, 60_000)).toBe(60_000);
    expect(opened(120, 0)).toBe(1_000);
  });

  it('opens at once on a single outcome that says so, for the time it says', () => {
    const { succeed, refusal, state } = breakerWith({
      openOnResult: (value: unknown) => (value === 'banned' ? 77_000 : false),
    });
    succeed();
    expect(state()).toBe('closed');
    succeed(undefined, 1, 'banned');
    expect(refusal().retryAfterMs).toBe(77_000);
  });

  it('forgets an idle window exactly: one failure after a gap is one of one', () => {
    const { fail, succeed, clock, breaker } = breakerWith({
      consecutiveFailures: false,
      minimumCalls: 4,
      windowMs: 10_000,
    });
    fail();
    fail();
    succeed();
    expect(breaker.inspect(clock.now()).window).toEqual({ calls: 3, failures: 2, slow: 0 });
    clock.advance(10_000);
    fail();
    expect(breaker.inspect(clock.now())).toMatchObject({ state: 'closed', window: { calls: 1, failures: 1, slow: 0 } });
  });

  it('does not heed steps of the wall clock in either direction', () => {
    const { open, clock, refusal, succeed, state } = breakerWith({ halfOpenPermits: 1 });
    open();
    clock.stepWall(-86_400_000);
    clock.advance(29_999);
    expect(refusal().retryAfterMs).toBe(1);
    clock.stepWall(86_400_000 * 2);
    expect(refusal().retryAfterMs).toBe(1);
    clock.advance(1);
    succeed();
    expect(state()).toBe('closed');
  });

  describe('ramping', () => {
    const RAMP = { halfOpenPermits: 1, rampMs: 10_000, rampFrom: 0.1 };

    it('admits a growing share, then everybody', () => {
      const { open, clock, succeed, state, breaker, counters } = breakerWith(RAMP);
      open();
      clock.advance(30_000);
      succeed();
      expect(state()).toBe('ramping');
      const shareOf = (calls: number) => {
        const before = counters().admitted;
        for (let made = 0; made < calls; made += 1) breaker.admit(call, clock.now(), PLAIN_USE);
        return (counters().admitted - before) / calls;
      };
      expect(shareOf(2_000)).toBeCloseTo(0.1, 1);
      clock.advance(5_000);
      expect(shareOf(2_000)).toBeCloseTo(0.55, 1);
      expect(breaker.inspect(clock.now()).admittedShare).toBeCloseTo(0.55, 9);
      clock.advance(5_000);
      expect(shareOf(100)).toBe(1);
      expect(state()).toBe('closed');
      expect(counters().recoveries).toBe(1);
    });

    it('tells refused callers when everybody will be admitted, at most one open time away', () => {
      const { open, clock, succeed, breaker } = breakerWith({ ...RAMP, openForMs: 4_000 });
      open();
      clock.advance(4_000);
      succeed();
      const refusals = () =>
        Array.from({ length: 20 }, () => breaker.admit(call, clock.now(), PLAIN_USE)).filter(
          (admission) => admission instanceof Refusal,
        );
      expect(refusals()[0]!.retryAfterMs).toBe(4_000);
      clock.advance(8_000);
      const error = refusals()[0]!.toError();
      expect(error.retryAfterMs).toBe(2_000);
      expect(error.message).toBe(
        'Circuit breaker "okx" is recovering and admits only a part of the calls; try again in 2000 ms',
      );
    });

    it('opens again on a relapse, for longer', () => {
      const { open, clock, succeed, fail, breaker, state } = breakerWith({ ...RAMP, rampFrom: 1 });
      open();
      clock.advance(30_000);
      succeed();
      for (let failures = 0; failures < 5; failures += 1) fail();
      expect(state()).toBe('open');
      expect(breaker.inspect(clock.now())).toMatchObject({ retryAfterMs: 60_000, consecutiveOpenings: 2 });
    });
  });

  describe('by hand', () => {
    it('refuses everything when forced open, whatever time passes, until it is reset', () => {
      const { breaker, clock, refusal, succeed, transitions } = breakerWith();
      breaker.forceOpen();
      breaker.forceOpen();
      clock.advance(1e9);
      const error = refusal().toError();
      expect(error).toMatchObject({ message: 'Circuit breaker "okx" is forced open', retryAfterMs: undefined });
      breaker.reset();
      succeed();
      expect(transitions()).toEqual(['0 closed>forced-open forced-open', '1000000000 forced-open>closed reset']);
    });

    it('watches nothing when disabled', () => {
      const { breaker, fail, state, counters } = breakerWith();
      breaker.disable();
      for (let failures = 0; failures < 20; failures += 1) fail();
      expect(state()).toBe('disabled');
      expect(counters()).toMatchObject({ admitted: 0, failures: 0, unrecorded: 20, lateResults: 0 });
    });

    it('isolates for a time, then probes', () => {
      const { breaker, clock, refusal, succeed, state, transitions } = breakerWith({ halfOpenPermits: 1 });
      breaker.isolate(5_000);
      expect(refusal().retryAfterMs).toBe(5_000);
      clock.advance(5_000);
      succeed();
      expect(state()).toBe('closed');
      expect(transitions()[0]).toBe('0 closed>open isolated');
    });

    it.each([Number.NaN, -1, '5', undefined])(
      'is isolated for no %p ms, which would be for ever or not at all',
      (forMs) => {
        const { breaker, state } = breakerWith();
        expect(() => breaker.isolate(forMs as number)).toThrow(
          'circuit-breaker: isolate for policy "okx": must be given a number of ms, at least 0; got',
        );
        expect(state()).toBe('closed');
      },
    );

    it('is isolated until it is reset', () => {
      const { breaker, clock, refusal, state } = breakerWith();
      breaker.isolate(Infinity);
      clock.advance(1e12);
      expect(refusal().retryAfterMs).toBe(Infinity);
      breaker.reset();
      expect(state()).toBe('closed');
      breaker.isolate(0);
      expect(state()).toBe('open');
    });

    it('drops what was recorded when it is reset', () => {
      const { breaker, fail, state, transitions } = breakerWith();
      for (let failures = 0; failures < 4; failures += 1) fail();
      breaker.reset();
      for (let failures = 0; failures < 4; failures += 1) fail();
      expect(state()).toBe('closed');
      expect(transitions()).toEqual([]);
    });
  });

  describe('in metrics-only mode', () => {
    it('works everything out, refuses nobody and counts whom it would have refused', () => {
      const { open, succeed, fail, clock, state, counters, events, permit } = breakerWith({ mode: 'metrics-only' });
      open();
      expect(state()).toBe('open');
      succeed();
      fail();
      expect(counters()).toMatchObject({ refused: 0, wouldHaveRefused: 2, unrecorded: 2, successes: 0, failures: 5 });
      expect(events.of('circuit-breaker.refused')).toEqual([
        {
          type: 'circuit-breaker.refused',
          policy: 'okx',
          key: undefined,
          at: 0,
          state: 'open',
          enforced: false,
          retryAfterMs: 30_000,
        },
        {
          type: 'circuit-breaker.refused',
          policy: 'okx',
          key: undefined,
          at: 0,
          state: 'open',
          enforced: false,
          retryAfterMs: 30_000,
        },
      ]);
      clock.advance(30_000);
      const probes = [permit(), permit(), permit()];
      fail();
      for (const probe of probes) succeed(probe);
      expect(state()).toBe('closed');
    });

    it('refuses when it is forced open all the same', () => {
      const { breaker, refusal } = breakerWith({ mode: 'metrics-only' });
      breaker.forceOpen();
      expect(refusal().retryAfterMs).toBeUndefined();
      expect(breaker.precheck(call, 0, PLAIN_USE)).toBeInstanceOf(Refusal);
    });

    it('does not refuse before the queues either', () => {
      const { breaker, open } = breakerWith({ mode: 'metrics-only' });
      open();
      expect(breaker.precheck(call, 0, PLAIN_USE)).toBeUndefined();
    });
  });

  describe('before the queues', () => {
    it('refuses while open and while the probes are out, and takes no permit', () => {
      const { breaker, open, clock, permit, counters } = breakerWith({ halfOpenPermits: 1 });
      const early = () => breaker.precheck(call, clock.now(), PLAIN_USE);
      expect(early()).toBeUndefined();
      open();
      expect(early()).toMatchObject({ policy: 'okx', state: 'open', retryAfterMs: 30_000 });
      clock.advance(30_000);
      expect(early()).toBeUndefined();
      expect(early()).toBeUndefined();
      permit();
      expect(early()).toMatchObject({ state: 'half-open' });
      expect(counters().refused).toBe(2);
    });

    it('asks about the key only when it is held', () => {
      const use: Use = { site: 'A.b', key: () => 'btc' };
      const { breaker, open, clock } = breakerWith({}, use);
      expect(breaker.precheck(call, clock.now(), use)).toBeUndefined();
      open();
      expect(breaker.precheck(call, clock.now(), use)).toMatchObject({ key: 'btc', retryAfterMs: 30_000 });
      expect(breaker.precheck(call, clock.now(), { site: 'A.b', key: () => 'eth' })).toBeUndefined();
    });
  });

  describe('with keys', () => {
    let key = 'btc';
    const use: Use = { site: 'A.b', key: () => key };
    beforeEach(() => {
      key = 'btc';
    });

    it('keeps them apart', () => {
      const { breaker, open, succeed, refusal, clock, transitions, events } = breakerWith({}, use);
      open();
      expect(refusal().toError()).toMatchObject({
        message: 'Circuit breaker "okx" for "btc" is open; try again in 30000 ms',
        key: 'btc',
      });
      key = 'eth';
      succeed();
      expect(breaker.inspectKey('btc', clock.now())!.state).toBe('open');
      expect(breaker.inspectKey('eth', clock.now())!.state).toBe('closed');
      expect(breaker.inspectKey('xrp', clock.now())).toBeUndefined();
      expect(transitions()).toEqual(['0 closed>open consecutive-failures']);
      expect(events.of('circuit-breaker.transition')[0]!.key).toBe('btc');
      expect(breaker.inspect(clock.now())).toMatchObject({
        state: 'closed',
        keys: { held: 2, notClosed: 1, retired: 0, evicted: 0, overflowed: 0, shown: { btc: { state: 'open' } } },
      });
    });

    it('shows the first 20 that are not closed and counts the others', () => {
      const { breaker, open, clock } = breakerWith({}, use);
      for (let opened = 1; opened <= 25; opened += 1) {
        key = `key ${opened}`;
        open();
      }
      const { keys } = breaker.inspect(clock.now());
      expect(keys).toMatchObject({ held: 25, notClosed: 25 });
      expect(Object.keys(keys.shown)).toEqual(Array.from({ length: 20 }, (_, index) => `key ${index + 1}`));
    });

    it('never gives up an open circuit to make room, and lets calls pass unwatched when there is none', () => {
      const { breaker, open, succeed, fail, clock } = breakerWith({ maxKeys: 2 }, use);
      open();
      for (key of ['a', 'b', 'c']) succeed();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 2, notClosed: 1, evicted: 2 });
      key = 'c';
      open();
      key = 'd';
      for (let failures = 0; failures < 10; failures += 1) fail();
      expect(breaker.inspect(clock.now())).toMatchObject({
        keys: { held: 2, notClosed: 2, overflowed: 10 },
        counters: { unrecorded: 10 },
      });
    });

    it('forgets keys that nobody calls, but not open ones', () => {
      const { breaker, open, succeed, clock } = breakerWith({ keyIdleMs: 1_000 }, use);
      open();
      for (key of ['a', 'b']) succeed();
      clock.advance(2_000);
      key = 'c';
      succeed();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 2, notClosed: 1, retired: 2 });
      expect(breaker.inspectKey('btc', clock.now())!.state).toBe('open');
    });

    it('lets a recovered key be forgotten again', () => {
      const { breaker, open, succeed, clock } = breakerWith({ halfOpenPermits: 1, keyIdleMs: 1_000 }, use);
      open();
      clock.advance(30_000);
      succeed();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 1, notClosed: 0 });
      clock.advance(2_000);
      key = 'other';
      succeed();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 1, retired: 1 });
    });

    it('governs all keys when it is forced open or disabled as a whole', () => {
      const { breaker, open, succeed, refusal, fail, counters } = breakerWith({}, use);
      open();
      breaker.disable();
      succeed();
      fail();
      expect(counters()).toMatchObject({ unrecorded: 2 });
      breaker.forceOpen();
      key = 'eth';
      expect(refusal().toError().message).toBe('Circuit breaker "okx" is forced open');
      breaker.reset();
      key = 'btc';
      succeed();
    });

    it('is steered by key', () => {
      const { breaker, succeed, refusal, fail, clock } = breakerWith({}, use);
      breaker.forceOpen('btc');
      expect(refusal().toError().message).toBe('Circuit breaker "okx" for "btc" is forced open');
      breaker.disable('eth');
      breaker.isolate(100, 'xrp');
      key = 'eth';
      for (let failures = 0; failures < 10; failures += 1) fail();
      key = 'xrp';
      expect(refusal().retryAfterMs).toBe(100);
      expect(breaker.inspect(clock.now())).toMatchObject({ state: 'closed', keys: { notClosed: 3 } });
      breaker.reset('btc');
      key = 'btc';
      succeed();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ notClosed: 2 });
    });

    it('announces the reset of each open key when all are reset', () => {
      const { breaker, open, clock, transitions, events } = breakerWith({}, use);
      open();
      breaker.reset();
      expect(transitions()).toEqual(['0 closed>open consecutive-failures', '0 open>closed reset']);
      expect(events.of('circuit-breaker.transition').map((event) => event.key)).toEqual(['btc', 'btc']);
      expect(breaker.inspect(clock.now()).keys.held).toBe(0);
    });

    it('does not bring a key back by a late result', () => {
      const { breaker, permit, fail, clock } = breakerWith({ consecutiveFailures: 1 }, use);
      const late = permit();
      breaker.reset();
      fail(late);
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 0, notClosed: 0 });
    });

    it('keeps windows of keys through new options', () => {
      const { breaker, fail, clock } = breakerWith({ windowCalls: 10 }, use);
      fail();
      fail();
      breaker.reconfigure(
        parseOptions(circuitBreakerOptions, { windowMs: 5_000, consecutiveFailures: 3, maxKeys: 1 }, ''),
      );
      expect(breaker.inspectKey('btc', clock.now())!.window).toEqual({ calls: 2, failures: 2, slow: 0 });
      fail();
      expect(breaker.inspectKey('btc', clock.now())!.state).toBe('open');
      key = 'other';
      fail();
      expect(breaker.inspect(clock.now()).keys).toMatchObject({ held: 1, overflowed: 1 });
    });
  });

  describe('that is wary', () => {
    it('opens sooner, also under new options, until it is not any more', () => {
      const { breaker, fail, state } = breakerWith({ consecutiveFailures: 4 });
      breaker.beWary(0.5);
      breaker.reconfigure(parseOptions(circuitBreakerOptions, { consecutiveFailures: 6 }, ''));
      fail();
      fail();
      breaker.beWary(1);
      fail();
      expect(state()).toBe('closed');
      breaker.beWary(0.5);
      fail();
      expect(state()).toBe('open');
    });
  });

  describe('with new options', () => {
    const to = (options: CircuitBreakerOptions) => parseOptions(circuitBreakerOptions, options, '');

    it('keeps state, streak and window', () => {
      const { breaker, fail, state } = breakerWith();
      for (let failures = 0; failures < 4; failures += 1) fail();
      breaker.reconfigure(to({ openForMs: 7 }));
      fail();
      expect(state()).toBe('open');
    });

    it('switches the mode, and back to closed from a forced one', () => {
      const { breaker, refusal, succeed, state } = breakerWith({ mode: 'forced-open' });
      refusal();
      breaker.reconfigure(to({ mode: 'disabled' }));
      expect(state()).toBe('disabled');
      breaker.reconfigure(to({}));
      expect(state()).toBe('closed');
      succeed();
    });

    it('keeps what was steered by hand while the mode stays the same', () => {
      const { breaker, state } = breakerWith();
      breaker.forceOpen();
      breaker.reconfigure(to({ openForMs: 7 }));
      expect(state()).toBe('forced-open');
    });

    it('starts and stops to look at results', () => {
      const { breaker, succeed, counters } = breakerWith();
      breaker.reconfigure(to({ recordResult: () => true }));
      succeed();
      breaker.reconfigure(to({}));
      succeed();
      expect(counters()).toMatchObject({ failures: 1, successes: 1 });
    });

    it('forgets after an idle gap in a chain that was linked while nothing looked at the clock, and gives 0', () => {
      const { breaker, clock, permit, state } = breakerWith({ failureRate: false, slowCallRate: false });
      const rate = { failureRate: 0.5, minimumCalls: 2, windowMs: 1_000, slowCallRate: false } as const;
      breaker.reconfigure(parseOptions(circuitBreakerOptions, rate, ''));
      clock.advance(5_000);
      breaker.settle(permit(), new Failure(new Error('down'), 0), call, 0);
      clock.advance(60_000);
      breaker.settle(permit(), new Success('ok', 0), call, 0);
      expect(state()).toBe('closed');
      breaker.settle(permit(), new Failure(new Error('down'), 0), call, 0);
      expect(state()).toBe('open');
    });

    it('reads the clock only when it has to', () => {
      expect(breakerWith({}).breaker.timed).toBe(true);
      expect(breakerWith({ failureRate: false }).breaker.timed).toBe(true);
      expect(breakerWith({ failureRate: false, slowCallRate: false }).breaker.timed).toBe(false);
      expect(breakerWith({ failureRate: false, slowCallRate: false, rampMs: 10 }).breaker.timed).toBe(true);
    });
  });

  it('tells of a predicate that threw, and goes by its own rule', () => {
    const thrown = new Error('typo');
    const { fail, breaker, clock, events } = breakerWith({
      recordError: () => {
        throw thrown;
      },
    });
    fail();
    expect(breaker.inspect(clock.now())).toMatchObject({
      consecutiveFailures: 1,
      counters: { failures: 1, predicateErrors: 1 },
    });
    expect(events.of('circuit-breaker.predicate-failed')).toEqual([
      {
        type: 'circuit-breaker.predicate-failed',
        policy: 'okx',
        key: undefined,
        at: 0,
        predicate: 'recordError',
        error: thrown,
      },
    ]);
  });

  it('shows its new state to a listener, which may steer it', () => {
    const { breaker, open, clock, events, succeed } = breakerWith();
    const seen: string[] = [];
    const capabilities = testCapabilities();
    const own = new CircuitBreaker('own', parseOptions(circuitBreakerOptions, { openForJitter: 0 }, ''), capabilities);
    capabilities.emit.on('circuit-breaker.transition', ({ to }) => {
      seen.push(`${to}:${own.inspect(0).state}`);
      if (to === 'open') own.reset();
    });
    for (let failures = 0; failures < 5; failures += 1) {
      own.settle(own.admit(call, 0, PLAIN_USE), new Failure('down', 1), call, 0);
    }
    expect(seen).toEqual(['open:open', 'closed:closed']);
    expect(own.inspect(0).state).toBe('closed');
    open();
    breaker.reset();
    succeed();
    expect(events.of('circuit-breaker.transition')[0]).toEqual({
      type: 'circuit-breaker.transition',
      policy: 'okx',
      key: undefined,
      at: clock.now(),
      from: 'closed',
      to: 'open',
      reason: 'consecutive-failures',
      retryAfterMs: 30_000,
      error: new Error('down'),
    });
  });

  it('counts slow calls of either outcome', () => {
    const { succeed, fail, counters } = breakerWith({ slowCallMs: 10 });
    succeed(undefined, 11);
    fail(undefined, 'down', 11);
    succeed();
    expect(counters()).toMatchObject({ slowCalls: 2, successes: 2, failures: 1 });
  });

  it('makes nothing at all of its time when nobody calls', () => {
    const { open, clock } = breakerWith();
    open();
    expect(clock.pending).toBe(0);
  });
});
