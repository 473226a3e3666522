import { decay, EwmaLatency, PeakEwmaLatency, UNMEASURED } from './instance-load.js';

test('decay is e to the minus x, also where it is taken from the series', () => {
  for (const x of [0, 1e-6, 0.0019, 0.002, 0.1, 1, 20]) expect(decay(x)).toBeCloseTo(Math.exp(-x), 8);
  expect(decay(0.001)).toBeCloseTo(0.9990004998, 9);
});

describe('average', () => {
  test('nothing is known at first', () => {
    expect(new EwmaLatency(1_000).costMs(0)).toBe(0);
    expect(new EwmaLatency(1_000).costMs(1e6)).toBe(0);
  });

  test('one sample counts at once, against one imaginary sample of 0', () => {
    const latency = new EwmaLatency(1_000);
    latency.observe(100, 0);
    expect(latency.costMs(0)).toBe(50);
  });

  test('samples of a burst count in full', () => {
    const latency = new EwmaLatency(1_000);
    for (let count = 0; count < 99; count += 1) latency.observe(100, 0);
    expect(latency.costMs(0)).toBe(99);
  });

  test('a sample loses its weight with time, by e for each decay time', () => {
    const latency = new EwmaLatency(1_000);
    for (let count = 0; count < 1_000; count += 1) latency.observe(10, 0);
    for (let count = 0; count < 1_000; count += 1) latency.observe(20, 1_000);
    const old = 1_000 * Math.exp(-1);
    expect(latency.costMs(1_000)).toBeCloseTo((old * 10 + 1_000 * 20) / (old + 1_000 + 1), 6);
  });

  test('an idle instance drifts to 0 and is unknown in the end', () => {
    const latency = new EwmaLatency(1_000);
    for (let count = 0; count < 10; count += 1) latency.observe(100, 0);
    const left = 10 * Math.exp(-3);
    expect(latency.costMs(3_000)).toBeCloseTo((100 * left) / (left + 1), 6);
    expect(latency.costMs(6_000)).toBeGreaterThan(0);
    expect(latency.costMs(6_300)).toBe(0);
  });

  test('a reading shortly after another reuses its decay, a later one does not', () => {
    const latency = new EwmaLatency(6_400);
    for (let count = 0; count < 9; count += 1) latency.observe(100, 0);
    expect(latency.costMs(100)).toBe(90);
    expect(latency.costMs(101)).toBeLessThan(90);
  });

  test('time that stands still or runs back changes nothing', () => {
    const latency = new EwmaLatency(1_000);
    latency.observe(100, 500);
    latency.observe(100, 400);
    expect(latency.costMs(500)).toBeCloseTo(200 / 3, 9);
    expect(latency.costMs(0)).toBeCloseTo(200 / 3, 9);
  });
});

describe('peak', () => {
  test('a slower sample counts at once and alone', () => {
    const latency = new PeakEwmaLatency(1_000);
    latency.observe(10, 0);
    latency.observe(80, 1);
    expect(latency.costMs(1)).toBe(80);
  });

  test('a faster sample pulls it down with weight 1 − e^(−Δt/decay)', () => {
    const latency = new PeakEwmaLatency(1_000);
    latency.observe(100, 0);
    latency.observe(20, 500);
    expect(latency.costMs(500)).toBeCloseTo(20 + 80 * Math.exp(-0.5), 9);
  });

  test('idle, it decays towards 0', () => {
    const latency = new PeakEwmaLatency(1_000);
    latency.observe(100, 0);
    expect(latency.costMs(2_000)).toBeCloseTo(100 * Math.exp(-2), 9);
    expect(latency.costMs(3_000)).toBeCloseTo(100 * Math.exp(-3), 9);
  });

  test('a reading shortly after another changes nothing', () => {
    const latency = new PeakEwmaLatency(6_400);
    latency.observe(100, 0);
    expect(latency.costMs(100)).toBe(100);
    expect(latency.costMs(101)).toBeCloseTo(100 * Math.exp(-101 / 6_400), 9);
  });

  test('of many faster samples in a burst each takes one sixty-fourth off', () => {
    const latency = new PeakEwmaLatency(1_000);
    latency.observe(74, 0);
    latency.observe(10, 0);
    expect(latency.costMs(0)).toBe(73);
    latency.observe(9, 1);
    expect(latency.costMs(1)).toBe(72);
  });

  test('time that runs back does not add to the decay', () => {
    const latency = new PeakEwmaLatency(1_000);
    latency.observe(100, 500);
    latency.observe(36, 100);
    expect(latency.costMs(500)).toBe(99);
    latency.observe(49, 1_500);
    expect(latency.costMs(1_500)).toBeCloseTo(49 + 50 * Math.exp(-1), 9);
  });
});

test('without measuring nothing is ever known', () => {
  UNMEASURED.observe(100, 0);
  expect(UNMEASURED.costMs(0)).toBe(0);
});
