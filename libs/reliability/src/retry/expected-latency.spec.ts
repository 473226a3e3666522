import { ExpectedLatency } from './expected-latency.js';

const LEARNED = { percentile: 0.5, minimumSamples: 3, windowMs: 60_000 };

function after(durations: readonly number[], expected = LEARNED) {
  const latency = new ExpectedLatency(expected);
  for (const duration of durations) latency.record(duration, 0);
  return latency;
}

it('is what was given', () => {
  const given = new ExpectedLatency(250);
  given.record(10, 0);
  expect(given.ms(0)).toBe(250);
});

it('is nothing until enough attempts have succeeded', () => {
  expect([after([]).ms(0), after([100, 100]).ms(0)]).toEqual([0, 0]);
  expect(after([100, 100, 100]).ms(0)).toBeCloseTo(100, -1);
});

it('is the percentile asked for', () => {
  const durations = [10, 10, 10, 10, 1_000];
  expect(after(durations).ms(0)).toBeCloseTo(10, 0);
  expect(after(durations, { ...LEARNED, percentile: 1 }).ms(0)).toBeCloseTo(1_000, -2);
});

it('keeps what it learned under other options, unless they look back otherwise', () => {
  const learned = after([100, 100, 100]);
  expect(learned.under({ ...LEARNED, percentile: 0.9 }).ms(0)).toBeCloseTo(100, -1);
  expect(learned.under({ ...LEARNED, windowMs: 30_000 }).ms(0)).toBe(0);
  expect(learned.under(7).ms(0)).toBe(7);
  expect(new ExpectedLatency(7).under(LEARNED).ms(0)).toBe(0);
});
