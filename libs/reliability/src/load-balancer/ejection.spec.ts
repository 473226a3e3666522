import type { InService } from './ejection.js';
import { eject, mayEject, NOT_EJECTED, readmit } from './ejection.js';

const times = { baseEjectionMs: 30_000, maxEjectionMs: 100_000, intervalMs: 10_000, jitter: 0 };
const servingSince = (since: number, count: number): InService => ({ kind: 'none', times: count, since });

test('the first ejection lasts the base time', () => {
  expect(eject(NOT_EJECTED, 'success-rate', 5, times, 0.9)).toEqual({
    kind: 'ejected',
    times: 1,
    until: 30_005,
    cause: 'success-rate',
  });
});

test.each([
  [1, 2, 60_000],
  [2, 3, 90_000],
  [3, 4, 100_000],
  [9, 10, 100_000],
])('after %d ejections it counts as number %d and lasts %d ms', (before, count, lastsMs) => {
  expect(eject(servingSince(0, before), 'success-rate', 0, times, 0)).toMatchObject({ times: count, until: lastsMs });
});

test.each([
  [9_999, 4],
  [10_000, 3],
  [25_000, 2],
  [30_000, 1],
  [900_000, 1],
])('%d ms in service make the next ejection number %d', (servedMs, count) => {
  expect(eject(servingSince(1_000, 3), 'success-rate', 1_000 + servedMs, times, 0).times).toBe(count);
});

test('no ejection is shorter than the base, whatever the maximum says', () => {
  expect(eject(NOT_EJECTED, 'success-rate', 0, { ...times, maxEjectionMs: 10 }, 0).until).toBe(30_000);
});

test('jitter is added on top', () => {
  expect(eject(NOT_EJECTED, 'success-rate', 100, { ...times, jitter: 0.5 }, 0.5).until).toBe(100 + 37_500);
});

test('the count outlives the ejection; time in service starts when it was over', () => {
  expect(readmit({ kind: 'ejected', times: 4, until: 700, cause: 'success-rate' })).toEqual(servingSince(700, 4));
});

test.each([
  [0, 3, 0.67, true],
  [1, 3, 0.67, true],
  [2, 3, 0.67, false],
  [0, 1, 0.5, false],
  [0, 2, 0.5, true],
  [1, 2, 0.5, false],
  [0, 10, 0.1, true],
  [1, 10, 0.1, false],
  [9, 10, 1, true],
  [28, 100, 0.29, true],
  [29, 100, 0.29, false],
])('with %d of %d out and a share of %d one more may go: %s', (out, all, share, may) => {
  expect(mayEject(out, all, share)).toBe(may);
});
