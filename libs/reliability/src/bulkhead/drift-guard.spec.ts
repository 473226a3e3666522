import { correlation, DriftGuard, variation } from './drift-guard.js';
import type { WindowSample } from './sample-window.js';

const sample = (inFlight: number, throughput: number, meanMs: number): WindowSample => ({
  count: 100,
  dropped: 0,
  meanMs,
  inFlight,
  throughput,
});

/** A guard that saw the limit go up one by one. */
function climbing(windows: number, throughput: (step: number) => number, latency: (step: number) => number) {
  const guard = new DriftGuard();
  for (let step = 0; step < windows; step += 1) guard.add(sample(10 + step, throughput(step), latency(step)), true);
  return guard;
}

const level = (value: number) => () => value;
/** Up and down by turns, following nothing. */
const noise = (around: number, by: number) => (step: number) => around + (step % 2 === 0 ? by : -by);

describe('DriftGuard', () => {
  it.each([
    { what: 'throughput rises with concurrency', throughput: (n: number) => 1 + n, latency: level(20), vetoes: false },
    {
      what: 'throughput rises, and latency too',
      throughput: (n: number) => 1 + n,
      latency: (n: number) => 20 + n,
      vetoes: false,
    },
    {
      what: 'throughput is level, and latency rises',
      throughput: level(5),
      latency: (n: number) => 20 + n,
      vetoes: true,
    },
    { what: 'nothing changes', throughput: level(5), latency: level(20), vetoes: false },
    { what: 'throughput falls', throughput: (n: number) => 20 - n, latency: level(20), vetoes: true },
    {
      what: 'throughput follows nothing, and latency rises',
      throughput: noise(5, 3),
      latency: (n: number) => 20 + n,
      vetoes: true,
    },
    {
      what: 'throughput rises by little and latency by much',
      throughput: (n: number) => 5 + n / 100,
      latency: (n: number) => 20 + n,
      vetoes: true,
    },
    { what: 'both follow nothing', throughput: noise(5, 3), latency: noise(20, 5), vetoes: false },
  ])('vetoes when $what: $vetoes', ({ throughput, latency, vetoes }) => {
    expect(climbing(10, throughput, latency).vetoes).toBe(vetoes);
  });

  /** A guard that saw these values at concurrencies of 1, 2, 3, … */
  const seeing = (throughput: readonly number[], latency: readonly number[]) => {
    const guard = new DriftGuard();
    for (const [index, value] of throughput.entries()) guard.add(sample(index + 1, value, latency[index]!), true);
    return guard;
  };
  const rising = [1, 2, 3, 4, 5, 6, 7, 8, 9];

  it.each([
    {
      what: 'throughput falls with a correlation of −0.5',
      throughput: [8, 7, 5, 3, 2, 1, 4, 6],
      latency: [20, 20, 20, 20, 20, 20, 20, 20],
    },
    {
      what: 'latency follows with a correlation of 0.5',
      throughput: [5, 5, 5, 5, 5, 5, 5, 5],
      latency: [7, 1, 2, 3, 4, 5, 6, 8],
    },
    {
      what: 'throughput follows with a correlation of 0.3',
      throughput: [9, 4, 1, 2, 3, 5, 6, 7, 8],
      latency: rising,
    },
    {
      what: 'throughput follows and varies by a fifth of itself',
      throughput: [4, 4, 4, 4, 6, 6, 6, 6],
      latency: rising,
    },
  ])('does not veto at its thresholds: $what', ({ throughput, latency }) => {
    expect(seeing(throughput, latency).vetoes).toBe(false);
  });

  it('says nothing before eight windows', () => {
    expect(climbing(7, level(5), (step) => 20 + step).vetoes).toBe(false);
    expect(climbing(8, level(5), (step) => 20 + step).vetoes).toBe(true);
  });

  it('looks at the last twenty windows', () => {
    const guard = climbing(20, level(5), (step) => 20 + step);
    expect(guard.vetoes).toBe(true);
    for (let step = 0; step < 20; step += 1) guard.add(sample(10 + step, 1 + step, 20), true);
    expect(guard.vetoes).toBe(false);
    const older = climbing(2, level(1_000), level(1));
    for (let step = 0; step < 19; step += 1) older.add(sample(30 + step, 1 + step, 20), true);
    expect(older.vetoes).toBe(true);
    older.add(sample(49, 20, 20), true);
    expect(older.vetoes).toBe(false);
  });

  it('does not look at windows that had room to spare, nor at those without a result', () => {
    const guard = climbing(7, level(5), (step) => 20 + step);
    guard.add(sample(90, 0.1, 900), false);
    guard.add({ ...sample(90, 0, NaN), count: 0, dropped: 5 }, true);
    expect(guard.vetoes).toBe(false);
  });

  describe('retreats', () => {
    it('by a twentieth', () => {
      expect(climbing(8, level(0.1), level(20)).retreat(100)).toBe(95);
    });

    it('not below what the throughput needs without a queue, and a third more', () => {
      expect(climbing(8, level(4), level(20)).retreat(105)).toBeCloseTo(104);
    });

    it('never upwards', () => {
      expect(climbing(8, level(40), level(20)).retreat(100)).toBe(100);
    });

    it('by the least latency, as long as the limit is used up', () => {
      const guard = climbing(8, level(4), (step) => 20 + 10 * step);
      expect(guard.retreat(105)).toBeCloseTo(104);
    });

    it('by a latency that follows, when there was room to spare', () => {
      const guard = climbing(8, level(4), level(20));
      guard.add(sample(1, 4, 40), false);
      expect(guard.retreat(1_000)).toBe(950);
      expect(guard.retreat(112)).toBeCloseTo(1.3 * 4 * 21);
      guard.add(sample(1, 4, 10), false);
      expect(guard.retreat(54)).toBeCloseTo(52);
    });
  });
});

describe('correlation', () => {
  it.each([
    { left: [1, 2, 3], right: [10, 20, 30], expected: 1 },
    { left: [1, 2, 3], right: [30, 20, 10], expected: -1 },
    { left: [1, 2, 3, 4], right: [1, 3, 2, 4], expected: 0.8 },
    { left: [1, 2, 3], right: [5, 5, 5], expected: 0 },
    { left: [5, 5, 5], right: [1, 2, 3], expected: 0 },
  ])('of $left and $right is $expected', ({ left, right, expected }) => {
    expect(correlation(left, right)).toBeCloseTo(expected, 12);
  });
});

describe('variation', () => {
  it.each([
    { series: [5, 5, 5], expected: 0 },
    { series: [2, 4, 4, 4, 5, 5, 7, 9], expected: 0.4 },
  ])('of $series is $expected', ({ series, expected }) => {
    expect(variation(series)).toBeCloseTo(expected, 12);
  });
});
