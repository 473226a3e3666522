import { parseOptions } from '../core/options.js';
import { seededRandom } from '../core/random.js';
import { AimdRule } from './aimd-rule.js';
import { bulkheadOptions } from './bulkhead.options.js';
import { GradientRule } from './gradient-rule.js';
import { createAdaptiveConcurrency } from './limit-rules.js';
import type { WindowSample } from './sample-window.js';
import { VegasRule } from './vegas-rule.js';

const window = (meanMs: number, dropped = 0): WindowSample => ({
  count: Number.isNaN(meanMs) ? 0 : 100,
  dropped,
  meanMs,
  inFlight: 10,
  throughput: 1,
});

describe('AimdRule', () => {
  it.each([
    { what: 'the limit was used', sample: window(20), saturated: true, expected: 101 },
    { what: 'there was room to spare', sample: window(20), saturated: false, expected: 100 },
    { what: 'one call was dropped', sample: window(20, 1), saturated: true, expected: 90 },
    { what: 'calls were as slow as they may be', sample: window(500), saturated: true, expected: 101 },
    { what: 'calls were slower', sample: window(501), saturated: false, expected: 90 },
    { what: 'everything was dropped', sample: window(NaN, 9), saturated: true, expected: 90 },
  ])('when $what gives $expected after 100', ({ sample, saturated, expected }) => {
    expect(new AimdRule(0.9, 500).next(100, sample, saturated)).toBe(expected);
  });
});

describe('VegasRule', () => {
  /** Has seen 100 ms as the least latency, at a limit of 100, for which a step is 2. */
  function rule(baselineCeilingMs = Infinity) {
    const vegas = new VegasRule({ next: () => 0.999 }, baselineCeilingMs);
    vegas.next(100, window(100), false);
    return vegas;
  }

  it.each([
    { what: 'no queue', meanMs: 100, expected: 112 },
    { what: 'a queue of one step', meanMs: 100 / 0.9801, expected: 112 },
    { what: 'a queue of more than one step', meanMs: 100 / 0.9799, expected: 102 },
    { what: 'a queue of just under three steps', meanMs: 100 / 0.9501, expected: 102 },
    { what: 'a queue of three steps', meanMs: 100 / 0.9401, expected: 100 },
    { what: 'a queue of six steps', meanMs: 100 / 0.8801, expected: 100 },
    { what: 'a queue of more than six steps', meanMs: 100 / 0.8799, expected: 98 },
  ])('with $what gives $expected after 100', ({ meanMs, expected }) => {
    expect(rule().next(100, window(meanMs), true)).toBeCloseTo(expected, 9);
  });

  it('does not grow with room to spare, but shrinks', () => {
    expect(rule().next(100, window(100), false)).toBe(100);
    expect(rule().next(100, window(103), false)).toBe(100);
    expect(rule().next(100, window(200), false)).toBe(98);
  });

  it('takes one step down for a drop, whatever the latency', () => {
    expect(rule().next(100, window(100, 1), true)).toBe(98);
    expect(rule().next(100, window(NaN, 5), true)).toBe(98);
  });

  it('steps by at least one', () => {
    expect(rule().next(4, window(100), true)).toBe(10);
    expect(rule().next(4, window(100, 1), true)).toBe(3);
  });

  it('follows the least latency down', () => {
    const vegas = rule();
    vegas.next(100, window(50), true);
    expect(vegas.next(100, window(100), true)).toBe(98);
  });

  it.each([
    { chance: 0, windows: 150 },
    { chance: 0.999_999, windows: 300 },
  ])('measures anew after 1.5 to 3 windows per slot: $windows with chance at $chance', ({ chance, windows }) => {
    const vegas = new VegasRule({ next: () => chance }, Infinity);
    vegas.next(100, window(100), false);
    for (let count = 1; count < windows; count += 1) expect(vegas.next(100, window(200), true)).toBe(98);
    expect(vegas.next(100, window(200), true)).toBe(112);
  });

  it('never takes a latency above the ceiling for unloaded', () => {
    const vegas = new VegasRule({ next: () => 0 }, 100);
    expect(vegas.next(100, window(200), true)).toBe(98);
    expect(vegas.next(100, window(100), true)).toBe(112);
  });
});

describe('GradientRule', () => {
  const OPTIONS = { tolerance: 1.5, smoothing: 0.2, baselineWindows: 100, baselineCeilingMs: Infinity };

  /** Has seen 100 ms, many times. */
  function rule(options = {}) {
    const gradient = new GradientRule({ ...OPTIONS, ...options });
    for (let count = 0; count < 2_000; count += 1) gradient.next(100, window(100), false);
    return gradient;
  }

  it.each([
    { what: 'the usual latency', meanMs: 100, expected: 102 },
    { what: 'less than the usual', meanMs: 60, expected: 102 },
    { what: 'latency within the tolerance', meanMs: 150, expected: 102 },
    { what: 'twice the usual latency', meanMs: 200, expected: 100 + 0.2 * (75.75 + 10 - 100) },
    { what: 'latency beyond measure', meanMs: 9_000, expected: 92 },
  ])('with $what gives $expected after 100', ({ meanMs, expected }) => {
    expect(rule().next(100, window(meanMs), true)).toBeCloseTo(expected, 9);
  });

  it('does not grow with room to spare, but shrinks', () => {
    expect(rule().next(100, window(100), false)).toBe(100);
    expect(rule().next(100, window(9_000), false)).toBe(92);
  });

  it('shrinks by a tenth for a drop, whatever the latency', () => {
    expect(rule().next(100, window(100, 1), true)).toBe(90);
    expect(rule().next(100, window(NaN, 10), true)).toBe(90);
  });

  it('keeps its baseline when everything is dropped', () => {
    const gradient = rule();
    for (let count = 0; count < 50; count += 1) gradient.next(100, window(NaN, 10), true);
    expect(gradient.next(100, window(200), true)).toBeCloseTo(100 + 0.2 * (75.75 + 10 - 100), 9);
  });

  it('weighs a new limit by the smoothing', () => {
    expect(rule({ smoothing: 1 }).next(100, window(9_000), true)).toBe(60);
  });

  it('comes back from a slow spell faster than the average does', () => {
    const gradient = rule();
    for (let count = 0; count < 30; count += 1) gradient.next(100, window(10), false);
    // The average by itself would still be above 76 ms.
    expect(gradient.next(100, window(40), true)).toBeLessThan(100);
  });

  it('follows by its average alone where that is no more than twice the latency of now', () => {
    const gradient = new GradientRule({ ...OPTIONS, baselineWindows: 2 });
    gradient.next(100, window(150), false);
    // Half way from 150 to 50: an average of 100, exactly twice as much.
    gradient.next(100, window(50), false);
    // Then one of (100 + 300) / 2: a gradient of 1.5 × 200 / 300 leaves the limit as it is.
    expect(gradient.next(100, window(300), false)).toBe(100);
  });

  it('never takes a latency above the ceiling for healthy', () => {
    const gradient = rule({ baselineCeilingMs: 80 });
    expect(gradient.next(100, window(120), true)).toBe(102);
    expect(gradient.next(100, window(150), true)).toBeCloseTo(100 + 0.2 * (80 + 10 - 100), 9);
  });
});

describe('createAdaptiveConcurrency', () => {
  const created = (adaptive: object) => {
    const options = parseOptions(bulkheadOptions, { adaptive }, '');
    return createAdaptiveConcurrency(options.adaptive!, options.maxConcurrent, seededRandom(1));
  };
  /** One window of 200 ms in which the limit was used up, and `dropped` of 20 calls were dropped. */
  const afterWindow = (adaptive: object, dropped: number) => {
    const limit = created(adaptive);
    for (let call = 0; call < 20; call += 1) limit.observe(50, 20, call < dropped, call * 8);
    return limit.limit;
  };

  it.each([
    { algorithm: 'aimd', grown: 21, shrunk: 18 },
    { algorithm: 'vegas', grown: 25, shrunk: 18 },
    { algorithm: 'gradient2', grown: 20, shrunk: 18 },
  ])('makes $algorithm, from 4 to maxConcurrent and 20 to begin with', ({ algorithm, grown, shrunk }) => {
    expect(created({ algorithm }).limit).toBe(20);
    expect(afterWindow({ algorithm }, 0)).toBe(grown);
    expect(afterWindow({ algorithm }, 1)).toBe(shrunk);
  });

  it('hands the options on to the rule', () => {
    expect(afterWindow({ algorithm: 'aimd', backoffRatio: 0.5 }, 1)).toBe(10);
    expect(afterWindow({ algorithm: 'aimd', slowMs: 49 }, 0)).toBe(18);
    expect(afterWindow({ algorithm: 'vegas', baselineCeilingMs: 10 }, 0)).toBe(18);
    expect(afterWindow({ algorithm: 'gradient2', baselineCeilingMs: 10 }, 0)).toBe(18);
    expect(afterWindow({ algorithm: 'gradient2', smoothing: 1 }, 0)).toBe(24);
    expect(afterWindow({ algorithm: 'aimd', minLimit: 20 }, 1)).toBe(20);
  });
});
