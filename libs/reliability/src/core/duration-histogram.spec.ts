import fc from 'fast-check';
import { CALL_BOUNDS_MS, DurationHistogram, WAIT_BOUNDS_MS } from './duration-histogram.js';

describe('duration histogram', () => {
  it('counts a duration in the first bucket whose bound it does not exceed', () => {
    const histogram = new DurationHistogram([0.01, 1, 100]);
    for (const ms of [0, 0.01, 0.0101, 1, 1.5, 100, 100.5, 1e12]) histogram.record(ms);
    expect(histogram.snapshot()).toEqual({
      boundsMs: [0.01, 1, 100],
      counts: [2, 2, 2, 2],
      sumMs: expect.closeTo(1e12 + 203.0201, 3),
    });
  });

  it('takes what is no duration for 0', () => {
    const histogram = new DurationHistogram([1]);
    for (const ms of [-1, Number.NaN, -Infinity]) histogram.record(ms);
    expect(histogram.snapshot()).toEqual({ boundsMs: [1], counts: [3, 0], sumMs: 0 });
  });

  it.each([
    ['calls', CALL_BOUNDS_MS],
    ['waits', WAIT_BOUNDS_MS],
  ])('begins at 10 µs for %s', (_, bounds) => {
    expect(bounds[0]).toBe(0.01);
  });

  it('agrees with a search through the bounds, for any duration', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ min: 0, max: 1e9, noNaN: true }),
          fc.constantFrom(...CALL_BOUNDS_MS),
          fc.integer({ min: 0, max: 40 }).map((power) => 0.01 * 2 ** power),
        ),
        (ms) => {
          const histogram = new DurationHistogram();
          histogram.record(ms);
          const expected = CALL_BOUNDS_MS.findIndex((bound) => ms <= bound);
          const { counts } = histogram.snapshot();
          expect(counts.indexOf(1)).toBe(expected === -1 ? CALL_BOUNDS_MS.length : expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
