import { slowStartShare } from './slow-start.js';

const linear = { windowMs: 10_000, aggression: 1, minWeightShare: 0.1 };

test.each([
  [0, 0.1],
  [1_000, 0.1],
  [2_000, 0.2],
  [5_000, 0.5],
  [9_999, 0.9999],
  [10_000, 1],
  [Infinity, 1],
])('after %d ms of ten seconds the share is %d', (sinceMs, share) => {
  expect(slowStartShare(sinceMs, linear)).toBeCloseTo(share, 9);
});

test('aggression above 1 is faster at first, below 1 slower', () => {
  expect(slowStartShare(2_500, { ...linear, aggression: 2 })).toBeCloseTo(0.5, 9);
  expect(slowStartShare(5_000, { ...linear, aggression: 0.5 })).toBeCloseTo(0.25, 9);
});

test('the first second counts as one, and never as more than the window', () => {
  expect(slowStartShare(0, { ...linear, windowMs: 2_000, minWeightShare: 0 })).toBe(0.5);
  expect(slowStartShare(0, { ...linear, windowMs: 500 })).toBe(1);
});
