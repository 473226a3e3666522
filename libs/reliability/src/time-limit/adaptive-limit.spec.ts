import * as fc from 'fast-check';
import { AdaptiveLimit } from './adaptive-limit.js';

const OPTIONS = { percentile: 0.9, factor: 2, floorMs: 10, windowMs: 60_000, minimumSamples: 10 };

function recorded(durations: readonly number[], options = OPTIONS, ceilingMs = 1_000) {
  const limit = new AdaptiveLimit(options, ceilingMs);
  for (const duration of durations) limit.record(duration, 0);
  return limit;
}

const times = (count: number, duration: number) => Array.from({ length: count }, () => duration);

describe('AdaptiveLimit', () => {
  it.each([
    { what: 'nothing recorded', durations: [], expected: 1_000 },
    { what: 'one sample too few', durations: times(9, 50), expected: 1_000 },
    { what: 'just enough', durations: times(10, 50), expected: 100 },
    { what: 'a tail beyond the percentile', durations: [...times(9, 50), 900], expected: 100 },
    { what: 'a tail within the percentile', durations: [...times(8, 50), 200, 200], expected: 400 },
    { what: 'below the floor', durations: times(10, 1), expected: 10 },
    { what: 'above the ceiling', durations: times(10, 700), expected: 1_000 },
  ])('with $what is about $expected ms', ({ durations, expected }) => {
    const limitMs = recorded(durations).limitMs(0);
    expect(limitMs).toBeGreaterThanOrEqual(expected * 0.975);
    expect(limitMs).toBeLessThanOrEqual(expected * 1.025);
  });

  it('is exact at floor and ceiling', () => {
    expect(recorded(times(10, 1)).limitMs(0)).toBe(10);
    expect(recorded(times(10, 700)).limitMs(0)).toBe(1_000);
  });

  it('is derived anew after a thirtieth of the window, not before', () => {
    const limit = recorded([]);
    expect(limit.limitMs(0)).toBe(1_000);
    for (const duration of times(10, 50)) limit.record(duration, 0);
    expect(limit.limitMs(1_999)).toBe(1_000);
    expect(limit.limitMs(2_000)).toBeLessThan(103);
  });

  it('returns to the ceiling when the window has passed without a call', () => {
    const limit = recorded(times(10, 50));
    expect(limit.limitMs(0)).toBeLessThan(103);
    expect(limit.samples(0)).toBe(10);
    expect(limit.limitMs(60_000)).toBe(1_000);
    expect(limit.samples(60_000)).toBe(0);
  });

  it('grows to the ceiling when everything becomes slower than it, since calls cut off count', () => {
    const limit = recorded(times(100, 20));
    let now = 0;
    expect(limit.limitMs(now)).toBeLessThan(50);
    for (let step = 0; step < 300; step += 1) {
      now += 500;
      limit.record(limit.limitMs(now), now);
    }
    expect(limit.limitMs(now)).toBe(1_000);
  });

  it('stays between floor and ceiling whatever is recorded', () => {
    const duration = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 10_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(duration, fc.nat(20_000)), { maxLength: 60 }), (records) => {
        const limit = new AdaptiveLimit({ ...OPTIONS, minimumSamples: 1 }, 1_000);
        let now = 0;
        for (const [durationMs, pause] of records) {
          now += pause;
          limit.record(durationMs, now);
          const limitMs = limit.limitMs(now);
          expect(limitMs).toBeGreaterThanOrEqual(10);
          expect(limitMs).toBeLessThanOrEqual(1_000);
        }
      }),
    );
  });
});
