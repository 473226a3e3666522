import { HedgeDelay } from './hedge-delay.js';

const OPTIONS = { percentile: 0.9, floorMs: 10, ceilingMs: 1_000, windowMs: 60_000, minimumSamples: 10 };

function learned(durations: readonly number[], options = {}) {
  const delay = new HedgeDelay({ ...OPTIONS, ...options });
  for (const duration of durations) delay.record(duration, 0);
  return delay;
}

const times = (count: number, duration: number) => Array.from({ length: count }, () => duration);

describe('HedgeDelay', () => {
  it('that is fixed learns nothing', () => {
    const delay = learned(times(20, 50), { delayMs: 70 });
    expect(delay.delayMs(0)).toBe(70);
    expect(delay.samples(0)).toBeUndefined();
    expect(learned([], { delayMs: 0 }).delayMs(0)).toBe(0);
  });

  it.each([
    { what: 'nothing known', durations: [], expected: Infinity },
    { what: 'one sample too few', durations: times(9, 50), expected: Infinity },
    { what: 'all below the floor', durations: times(10, 1), expected: 10 },
    { what: 'all above the ceiling', durations: times(10, 5_000), expected: 1_000 },
  ])('with $what is $expected', ({ durations, expected }) => {
    expect(learned(durations).delayMs(0)).toBe(expected);
  });

  it.each([
    { what: 'just enough', durations: times(10, 50), expected: 50 },
    { what: 'a tail beyond the percentile', durations: [...times(9, 50), 900], expected: 50 },
    { what: 'a tail within it', durations: [...times(8, 50), 200, 200], expected: 200 },
  ])('with $what is about $expected ms', ({ durations, expected }) => {
    const delayMs = learned(durations).delayMs(0);
    expect(Math.abs(delayMs - expected)).toBeLessThanOrEqual(expected * 0.025);
  });

  it('is derived anew after a thirtieth of the window, not before', () => {
    const delay = learned([]);
    expect(delay.delayMs(0)).toBe(Infinity);
    for (const duration of times(10, 50)) delay.record(duration, 0);
    expect(delay.delayMs(1_999)).toBe(Infinity);
    expect(delay.delayMs(2_000)).toBeLessThan(52);
  });

  it('is unknown again when the window has passed without a call', () => {
    const delay = learned(times(10, 50));
    expect(delay.samples(0)).toBe(10);
    expect(delay.delayMs(60_000)).toBe(Infinity);
    expect(delay.samples(60_000)).toBe(0);
  });

  it('keeps what it learned under other options of the same window', () => {
    const delay = learned(times(10, 50));
    expect(delay.under({ ...OPTIONS, minimumSamples: 5 }).samples(0)).toBe(10);
    expect(delay.under({ ...OPTIONS, windowMs: 30_000 }).samples(0)).toBe(0);
    expect(delay.under({ ...OPTIONS, delayMs: 5 }).delayMs(0)).toBe(5);
    expect(
      delay
        .under({ ...OPTIONS, delayMs: 5 })
        .under(OPTIONS)
        .samples(0),
    ).toBe(0);
  });
});
