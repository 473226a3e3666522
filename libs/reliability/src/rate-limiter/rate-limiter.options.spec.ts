import { parseOptions } from '../core/options.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import {
  ALGORITHMS,
  OPERATION_LIMITS,
  overrideOf,
  rateLimiterFields,
  rateLimiterOptions,
  windowsOf,
} from './rate-limiter.options.js';
import { undescribedOptions } from '../testing/option-descriptions.js';

const parse = (options: RateLimiterOptions) => parseOptions(rateLimiterOptions, options, 'policies.okx.rateLimit');
const problems = (options: unknown) => {
  try {
    parse(options as RateLimiterOptions);
  } catch (error) {
    return (error as Error).message;
  }
  return 'valid';
};

describe('rateLimiterOptions', () => {
  it('default to 50 a second with a burst of 50, waiting up to 30 s among 1,000', () => {
    expect(parse({})).toEqual({
      algorithm: 'token-bucket',
      limit: 50,
      windowMs: 1_000,
      slack: 0,
      warmUpMs: 10_000,
      coldFactor: 3,
      jitterMs: 0,
      mode: 'wait',
      maxQueued: 1_000,
      maxWaitMs: 30_000,
      keys: { max: 100_000, atCapacity: 'forget-oldest' },
      overrides: {},
      obeyServer: true,
      longestPauseMs: 900_000,
    });
  });

  it('report every problem at once: where, what rule, what value', () => {
    const message = problems({
      limit: 0,
      windowMs: -5,
      mode: 'maybe',
      maxQueued: 1.5,
      keys: { max: 0 },
      nonsense: true,
    });
    expect(message).toContain('Invalid reliability options:');
    for (const part of [
      /policies\.okx\.rateLimit\.limit: .*; got 0/,
      /policies\.okx\.rateLimit\.windowMs: .*; got -5/,
      /policies\.okx\.rateLimit\.mode: .*; got 'maybe'/,
      /policies\.okx\.rateLimit\.maxQueued: .*; got 1\.5/,
      /policies\.okx\.rateLimit\.keys\.max: .*; got 0/,
      /policies\.okx\.rateLimit\.nonsense: is not an option; got true/,
    ]) {
      expect(message).toMatch(part);
    }
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10'])('refuse a limit of %p', (limit) => {
    expect(problems({ limit })).toMatch(/rateLimit\.limit: /);
    expect(problems({ windows: [{ limit, windowMs: 1 }] })).toMatch(/rateLimit\.windows\.0\.limit: /);
  });

  it.each([0, -1, NaN, Infinity, 4e11])('refuse a window of %p ms', (windowMs) => {
    expect(problems({ windowMs })).toMatch(/rateLimit\.windowMs: /);
  });

  it('accept windows beyond 2^31 − 1 ms', () => {
    expect(parse({ limit: 1_000, windowMs: 2 ** 31 }).windowMs).toBe(2 ** 31);
  });

  it('refuse what does not apply', () => {
    expect(problems({ algorithm: 'fixed-window', burst: 3 })).toContain(
      'policies.okx.rateLimit.burst: applies to token-bucket and gcra, not to fixed-window; got 3',
    );
    expect(problems({ windows: [{ algorithm: 'pacing', limit: 1, windowMs: 1, burst: 2 }] })).toContain(
      'policies.okx.rateLimit.windows.0.burst: applies to token-bucket and gcra, not to pacing',
    );
    expect(problems({ algorithm: 'sliding-window', overrides: { a: { limit: 1, burst: 2 } } })).toContain(
      'policies.okx.rateLimit.overrides.a.burst: applies to token-bucket and gcra, not to sliding-window',
    );
    expect(problems({ algorithm: 'gcra', burst: 3 })).toBe('valid');
    expect(problems({ algorithm: 'token-bucket', burst: 3 })).toBe('valid');
  });

  it('bound what an exact window keeps', () => {
    expect(problems({ algorithm: 'sliding-window', limit: 100_001 })).toContain(
      'rateLimit.limit: must be at most 100000 for sliding-window, which keeps 8 B per permit; use sliding-window-counter or gcra; got 100001',
    );
    expect(problems({ algorithm: 'sliding-window', limit: 100_000 })).toBe('valid');
    expect(problems({ algorithm: 'gcra', limit: 100_001 })).toBe('valid');
  });

  it('let several windows replace the one, and inherit what they leave out', () => {
    const options = parse({
      algorithm: 'sliding-window',
      limit: 7,
      jitterMs: 50,
      initialPermits: 0,
      windows: [
        { limit: 10, windowMs: 1_000 },
        { limit: 200, windowMs: 60_000, algorithm: 'gcra', burst: 5, jitterMs: 0 },
      ],
    });
    const shared = { slack: 0, warmUpMs: 10_000, coldFactor: 3, initialPermits: 0 };
    expect(windowsOf(options)).toEqual([
      { ...shared, algorithm: 'sliding-window', limit: 10, windowMs: 1_000, jitterMs: 50 },
      { ...shared, algorithm: 'gcra', limit: 200, windowMs: 60_000, burst: 5, jitterMs: 0 },
    ]);
    expect(windowsOf(parse({ limit: 7, burst: 3 }))).toMatchObject([{ limit: 7, windowMs: 1_000, burst: 3 }]);
  });

  it('let a key have other limits, which inherit what they leave out', () => {
    const options = parse({
      windowMs: 2_000,
      algorithm: 'gcra',
      overrides: { a: { limit: 3 }, b: { limit: 4, windowMs: 9 } },
    });
    expect(overrideOf(options, options.overrides['a']!)).toMatchObject({
      algorithm: 'gcra',
      limit: 3,
      windowMs: 2_000,
    });
    expect(overrideOf(options, options.overrides['b']!)).toMatchObject({ limit: 4, windowMs: 9 });
  });

  it('hold the limits per operation', () => {
    expect(parse({ overrides: OPERATION_LIMITS }).overrides).toEqual({
      funding_rate_collection: { limit: 10, windowMs: 1_000 },
      trade_data_processing: { limit: 100, windowMs: 1_000 },
      health_check: { limit: 5, windowMs: 1_000 },
      admin_operations: { limit: 1, windowMs: 1_000 },
    });
  });

  it('default the adaptive strategies', () => {
    const adaptive = (kind: 'load' | 'aimd' | 'cubic' | 'sre') => parse({ adaptive: { kind } }).adaptive;
    expect(adaptive('load')).toEqual({
      kind: 'load',
      minFactor: 0.1,
      maxFactor: 1,
      measureMs: 60_000,
      high: 0.8,
      low: 0.5,
      decrease: 0.9,
      increase: 1.1,
    });
    expect(adaptive('aimd')).toEqual({
      kind: 'aimd',
      minFactor: 0.1,
      maxFactor: 1,
      decrease: 0.5,
      increasePerWindow: 0.05,
    });
    expect(adaptive('cubic')).toEqual({ kind: 'cubic', minFactor: 0.1, maxFactor: 1 });
    expect(adaptive('sre')).toEqual({ kind: 'sre', k: 2, measureMs: 120_000, maxReject: 0.9 });
    expect(problems({ adaptive: { kind: 'load', load: 3 } })).toContain('adaptive.load: must be a function; got 3');
    expect(problems({ classify: 'x' })).toContain("classify: must be a function; got 'x'");
  });

  it('describe every option', () => {
    expect(undescribedOptions(rateLimiterOptions)).toEqual([]);
  });

  it.each(ALGORITHMS)('say what %s is', (algorithm) => {
    expect(rateLimiterFields.shape.algorithm.unwrap().description).toContain(`\`${algorithm}\`: `);
  });

  it.each<[string, (value: unknown) => unknown, number, number]>([
    ['limit', (limit) => ({ limit }), 1, Number.MAX_SAFE_INTEGER],
    ['burst', (burst) => ({ burst }), 1, Number.MAX_SAFE_INTEGER],
    ['windowMs', (windowMs) => ({ windowMs }), 0.001, 3_650 * 86_400_000],
    ['slack', (slack) => ({ algorithm: 'pacing', slack }), 0, Number.MAX_SAFE_INTEGER],
    ['coldFactor', (coldFactor) => ({ coldFactor }), 1.001, 1_000],
    ['jitterMs', (jitterMs) => ({ jitterMs }), 0, Number.MAX_VALUE],
    ['initialPermits', (initialPermits) => ({ initialPermits }), 0, Number.MAX_SAFE_INTEGER],
    ['maxQueued', (maxQueued) => ({ maxQueued }), 0, 1_000_000],
    ['keys.max', (max) => ({ keys: { max } }), 1, 16_000_000],
    ['minFactor', (minFactor) => ({ adaptive: { kind: 'cubic', minFactor } }), 0.001, 1],
    ['maxFactor', (maxFactor) => ({ adaptive: { kind: 'cubic', maxFactor } }), 1, 10],
    ['high', (high) => ({ adaptive: { kind: 'load', high } }), 0, 1],
    ['low', (low) => ({ adaptive: { kind: 'load', low } }), 0, 1],
    ['decrease of load', (decrease) => ({ adaptive: { kind: 'load', decrease } }), 0.001, 0.999],
    ['increase', (increase) => ({ adaptive: { kind: 'load', increase } }), 1.001, 10],
    ['decrease of aimd', (decrease) => ({ adaptive: { kind: 'aimd', decrease } }), 0.001, 0.999],
    ['increasePerWindow', (increasePerWindow) => ({ adaptive: { kind: 'aimd', increasePerWindow } }), 0.001, 1],
    ['k', (k) => ({ adaptive: { kind: 'sre', k } }), 1.001, 100],
    ['maxReject', (maxReject) => ({ adaptive: { kind: 'sre', maxReject } }), 0, 1],
  ])('take %s from %d to %d', (_name, options, least, most) => {
    for (const value of [least, most]) expect(problems(options(value))).toBe('valid');
    const beyond = [Math.ceil(least) - 1, Math.floor(most) + 1, Infinity, Number.NaN].filter((value) => value !== most);
    for (const value of beyond) expect(problems(options(value))).not.toBe('valid');
  });

  it.each<[(value: unknown) => unknown, unknown[]]>([
    [(algorithm) => ({ algorithm }), [...ALGORITHMS]],
    [(mode) => ({ mode }), ['wait', 'reject']],
    [(atCapacity) => ({ keys: { atCapacity } }), ['forget-oldest', 'refuse']],
  ])('take each of their choices and no other: %#', (options, choices) => {
    for (const choice of choices)
      expect(parse(options(choice) as RateLimiterOptions)).toMatchObject(options(choice) as object);
    for (const other of ['', 'nothing', true]) expect(problems(options(other))).not.toBe('valid');
  });

  it('take 1 to 8 windows', () => {
    const windows = (count: number) => Array.from({ length: count }, () => ({ limit: 1, windowMs: 1 }));
    for (const count of [1, 8]) expect(problems({ windows: windows(count) })).toBe('valid');
    for (const count of [0, 9]) expect(problems({ windows: windows(count) })).not.toBe('valid');
  });

  it('take a penalty whole', () => {
    const penalty = { refusals: 3, withinMs: 1_000, blockMs: 60_000 };
    expect(parse({ penalty }).penalty).toEqual(penalty);
    for (const part of ['refusals', 'withinMs', 'blockMs']) {
      expect(problems({ penalty: { ...penalty, [part]: undefined } })).toContain(`rateLimit.penalty.${part}: `);
      expect(problems({ penalty: { ...penalty, [part]: 0 } })).toContain(`rateLimit.penalty.${part}: `);
    }
  });

  it.each(['maxWaitMs', 'agingMs', 'longestPauseMs', 'warmUpMs'])('take %s above 0', (option) => {
    expect(problems({ [option]: 0.001 })).toBe('valid');
    for (const value of [0, Infinity]) expect(problems({ [option]: value })).toContain(`rateLimit.${option}: `);
  });

  it('let no key be without a name', () => {
    expect(problems({ overrides: { '': { limit: 1 } } })).not.toBe('valid');
  });
});
