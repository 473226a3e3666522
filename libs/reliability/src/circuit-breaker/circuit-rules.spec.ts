import { parseOptions } from '../core/options.js';
import { type CircuitBreakerOptions, circuitBreakerOptions } from './circuit-breaker.options.js';
import { circuitRules } from './circuit-rules.js';
import { CountWindows } from './count-window.js';
import { TimeWindows } from './time-window.js';

const rules = (options: CircuitBreakerOptions) => circuitRules(parseOptions(circuitBreakerOptions, options, ''));

describe('circuitRules', () => {
  it('takes over what the options say', () => {
    expect(
      rules({
        consecutiveFailures: 7,
        failureRate: 0.4,
        slowCallRate: 0.6,
        minimumCalls: 20,
        windowMs: 5_000,
        openForMs: 100,
        openForFactor: 3,
        openForCapMs: 900,
        openForJitter: 0.3,
        retryAfterCapMs: 800,
        halfOpenPermits: 4,
        halfOpenFailureRate: 0.2,
        halfOpenMaxWaitMs: 50,
        rampMs: 60,
        rampFrom: 0.1,
        probe: () => undefined,
      }),
    ).toEqual({
      consecutiveFailures: 7,
      failureRate: 0.4,
      slowCallRate: 0.6,
      minimumCalls: 20,
      window: new TimeWindows(5_000),
      openForMs: 100,
      openForFactor: 3,
      openForCapMs: 900,
      openForJitter: 0.3,
      retryAfterCapMs: 800,
      halfOpenPermits: 4,
      halfOpenFailureRate: 0.2,
      halfOpenMaxWaitMs: 50,
      rampMs: 60,
      rampFrom: 0.1,
      activeProbe: true,
      looksAtResults: false,
      wariness: 1,
    });
  });

  it('caps openings at ten times the first, judges probes by the failure rate, and probes with ordinary calls', () => {
    expect(rules({ openForMs: 200, failureRate: 0.3 })).toMatchObject({
      openForCapMs: 2_000,
      halfOpenFailureRate: 0.3,
      activeProbe: false,
    });
    expect(rules({ failureRate: false }).halfOpenFailureRate).toBe(0.5);
  });

  it('counts calls where windowCalls is set, and asks for no more of them than fit', () => {
    expect(rules({ windowCalls: 100, minimumCalls: 20 })).toMatchObject({
      window: new CountWindows(100),
      minimumCalls: 20,
    });
    expect(rules({ windowCalls: 5, minimumCalls: 20 }).minimumCalls).toBe(5);
  });

  it('keeps a window for either rate and none without', () => {
    expect(rules({ failureRate: false }).window).toEqual(new TimeWindows(60_000));
    expect(rules({ slowCallRate: false }).window).toEqual(new TimeWindows(60_000));
    expect(rules({ failureRate: false, slowCallRate: false }).window).toBeUndefined();
  });

  it('shares the rules of breakers that are configured alike, and of no others', () => {
    expect(rules({ openForMs: 111 })).toBe(rules({ openForMs: 111 }));
    expect(rules({ openForMs: 111 })).not.toBe(rules({ openForMs: 112 }));
    expect(rules({ windowMs: 10 })).not.toBe(rules({ windowMs: 11 }));
    expect(rules({ windowCalls: 10 })).not.toBe(rules({ windowCalls: 11 }));
  });

  it('multiplies the thresholds by the wariness, leaves at least one call, and leaves what is off', () => {
    const wary = (options: CircuitBreakerOptions, wariness: number) =>
      circuitRules(parseOptions(circuitBreakerOptions, options, ''), wariness);
    const options = { consecutiveFailures: 5, failureRate: 0.5, minimumCalls: 10 };
    expect(wary(options, 0.5)).toMatchObject({ consecutiveFailures: 3, failureRate: 0.25, minimumCalls: 5 });
    expect(wary(options, 0.01)).toMatchObject({ consecutiveFailures: 1, minimumCalls: 1 });
    expect(wary(options, 0.5).halfOpenFailureRate).toBe(0.5);
    const off = { consecutiveFailures: false, failureRate: false } as const;
    expect(wary(off, 0.5)).toMatchObject({ consecutiveFailures: false, failureRate: false });
  });
});
