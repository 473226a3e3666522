import * as fc from 'fast-check';
import { openTimeMs } from './open-time.js';

const RULES = { openForMs: 1_000, openForFactor: 2, openForCapMs: 6_000, openForJitter: 0 };

describe('openTimeMs', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 6_000],
    [50, 6_000],
    [5_000, 6_000],
  ])('opening %d lasts %d ms', (opening, expected) => {
    expect(openTimeMs(RULES, opening, 0.7)).toBe(expected);
  });

  it.each([
    [0, 1_000],
    [0.5, 900],
    [0.999, 800.2],
  ])('with a jitter of 0.2 and a chance of %d the first lasts %d ms', (chance, expected) => {
    expect(openTimeMs({ ...RULES, openForJitter: 0.2 }, 1, chance)).toBeCloseTo(expected, 6);
  });

  it('spreads openings at the cap too', () => {
    expect(openTimeMs({ ...RULES, openForJitter: 0.5 }, 9, 0.5)).toBe(4_500);
  });

  it('lies between (1 − jitter) × cap and cap once escalated', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 10, max: 2_000 }),
        (openForJitter, chance, opening) => {
          const time = openTimeMs({ ...RULES, openForJitter }, opening, chance);
          expect(time).toBeLessThanOrEqual(6_000);
          expect(time).toBeGreaterThanOrEqual(6_000 * (1 - openForJitter));
        },
      ),
    );
  });
});
