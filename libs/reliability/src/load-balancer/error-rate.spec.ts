import { ErrorRate } from './error-rate.js';

test('is the share of failed calls, with five imaginary successes', () => {
  const errors = new ErrorRate(1_000);
  expect(errors.rate(0)).toBe(0);
  errors.observe(true, 0);
  expect(errors.rate(0)).toBeCloseTo(1 / 6, 12);
  for (let count = 0; count < 4; count += 1) errors.observe(false, 0);
  expect(errors.rate(0)).toBeCloseTo(1 / 10, 12);
});

test('old calls weigh less, and in the end nothing', () => {
  const errors = new ErrorRate(1_000);
  for (let count = 0; count < 100; count += 1) errors.observe(true, 0);
  for (let count = 0; count < 100; count += 1) errors.observe(false, 1_000);
  const old = 100 * Math.exp(-1);
  expect(errors.rate(1_000)).toBeCloseTo(old / (old + 105), 9);
  expect(errors.rate(100_000)).toBeCloseTo(0, 12);
});

test('time that runs back changes nothing', () => {
  const errors = new ErrorRate(1_000);
  errors.observe(true, 1_000);
  errors.observe(true, 0);
  expect(errors.rate(500)).toBeCloseTo(2 / 7, 12);
});
