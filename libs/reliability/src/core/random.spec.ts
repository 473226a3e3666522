import fc from 'fast-check';
import { seededRandom, systemRandom } from './random.js';

describe('seededRandom', () => {
  it('repeats itself by seed and stays in [0, 1)', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [a, b] = [seededRandom(seed), seededRandom(seed)];
        for (let draw = 0; draw < 20; draw += 1) {
          const value = a.next();
          expect(b.next()).toBe(value);
          expect(value >= 0 && value < 1).toBe(true);
        }
      }),
    );
  });

  it('spreads evenly', () => {
    const random = seededRandom(7);
    const buckets = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw += 1) buckets[Math.floor(random.next() * 10)]! += 1;
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

it('systemRandom stays in [0, 1)', () => {
  const value = systemRandom.next();
  expect(value >= 0 && value < 1).toBe(true);
});
