import { rampShare } from './ramp.js';

describe('rampShare', () => {
  it.each([
    [0, 0.05],
    [250, 0.2875],
    [500, 0.525],
    [999, 0.99905],
    [1_000, 1],
    [5_000, 1],
    [-10, 0.05],
  ])('is, after %d ms of 1,000 from 0.05, %d', (elapsed, share) => {
    expect(rampShare(elapsed, 1_000, 0.05)).toBeCloseTo(share, 9);
  });

  it('is exactly 1 at the end, whatever it began with', () => {
    expect(rampShare(300, 300, 0.1)).toBe(1);
    expect(rampShare(0, 0, 0.1)).toBe(1);
  });
});
