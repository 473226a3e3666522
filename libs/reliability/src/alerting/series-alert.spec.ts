import fc from 'fast-check';
import { seededRandom } from '../core/random.js';
import { alertsOn, seriesAlert } from './series-alert.js';
import type { SeriesRuleOptions } from './rule.options.js';
import type { SampleInput } from './series/sample.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A sample a minute. */
const minutely = (values: readonly number[]): [number, number][] =>
  values.map((value, index) => [index * MINUTE, value]);
const repeated = (value: number, times: number) => Array.from({ length: times }, () => value);
const firedAt = (rule: SeriesRuleOptions, samples: Iterable<SampleInput>) =>
  alertsOn(rule, samples).map(({ firedAt, resolvedAt }) => [firedAt / MINUTE, (resolvedAt ?? Number.NaN) / MINUTE]);

describe('a threshold', () => {
  it('fires after forMs and ends at its other limit', () => {
    const rule = { kind: 'threshold', above: 10, clear: 5, forMs: 2 * MINUTE } as const;
    expect(firedAt(rule, minutely([1, 12, 12, 12, 12, 8, 8, 4, 4]))).toEqual([[3, 7]]);
    expect(firedAt(rule, minutely([1, 12, 12, 4, 12, 12, 4]))).toEqual([]);
  });

  it('keeps firing through a lapse that is shorter than keepFiringMs', () => {
    const rule = { kind: 'threshold', above: 10, keepFiringMs: 3 * MINUTE } as const;
    expect(firedAt(rule, minutely([12, 1, 1, 12, 1, 1, 1, 1, 1]))).toEqual([[0, 7]]);
  });

  it('looks at a window', () => {
    const over = (by: 'mean' | 'min' | 'max' | 'increase' | 'rate') =>
      ({ kind: 'threshold', above: 10, over: { by, windowMs: 4 * MINUTE } }) as const;
    const blip = minutely([0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0]);
    expect(firedAt(over('max'), blip)).toEqual([[4, 8]]);
    expect(firedAt(over('min'), blip)).toEqual([]);
    expect(firedAt(over('mean'), minutely([0, 0, 0, 0, 30, 30, 0, 0, 0, 0]))).toEqual([[5, 8]]);
    expect(firedAt(over('increase'), minutely([100, 100, 105, 111, 111, 111, 111, 111]))).toEqual([[3, 6]]);
    // 660 in 60 s is 11 each second.
    expect(firedAt(over('rate'), minutely([0, 660, 1_320, 1_380, 1_440]))).toEqual([[1, 3]]);
  });

  it('takes a counter that begins anew for what it is', () => {
    const rule = { kind: 'threshold', above: 10, over: { by: 'increase', windowMs: 5 * MINUTE } } as const;
    expect(firedAt(rule, minutely([1_000, 1_001, 0, 1, 2, 1_000, 1_000]))).toEqual([[5, Number.NaN]]);
    expect(firedAt(rule, minutely([1_000, 1_001, 0, 1, 2, 3, 4]))).toEqual([]);
  });

  it('divides by the total', () => {
    const rule = { kind: 'threshold', above: 0.9 } as const;
    expect(
      firedAt(rule, [
        [0, 9, 10],
        [MINUTE, 19, 20],
        [2 * MINUTE, 0, 0],
        [3 * MINUTE, 0, 20],
      ]),
    ).toEqual([[1, 3]]);
  });
});

describe('flapping', () => {
  const rule = { kind: 'flapping', changes: 4, windowMs: 10 * MINUTE } as const;

  it('fires from so many changes and ends when it has calmed down', () => {
    expect(firedAt(rule, minutely([0, 1, 0, 1, 0, ...repeated(0, 12)]))).toEqual([[4, 12]]);
    expect(firedAt(rule, minutely([0, 1, 1, 1, 1, 0, 0, 0]))).toEqual([]);
  });

  it('counts crossings of a level, or takes the count from the series', () => {
    const noisy = [1, 2, 9, 8, 2, 1, 9, 2, 3];
    expect(firedAt({ ...rule, crossing: 5 }, minutely(noisy))).toEqual([[7, Number.NaN]]);
    expect(firedAt({ ...rule, counts: 'increase' }, minutely([10, 10, 12, 14, 14]))).toEqual([[3, Number.NaN]]);
  });
});

describe('an error rate', () => {
  const rule = { kind: 'error-rate', above: 0.1, minimumCalls: 20, windowMs: 5 * MINUTE } as const;

  it('is that of the window', () => {
    const samples = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(
      (minute) => [minute * MINUTE, Math.max(0, Math.min(minute, 6) - 3) * 30, minute * 100] as const,
    );
    expect(firedAt(rule, samples)).toEqual([[5, 10]]);
  });

  it('needs enough calls', () => {
    expect(
      firedAt(rule, [
        [0, 0, 0],
        [MINUTE, 5, 5],
        [2 * MINUTE, 9, 9],
      ]),
    ).toEqual([]);
  });

  it('can be the series itself', () => {
    expect(firedAt(rule, minutely([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]))).toEqual([[5, 10]]);
  });
});

describe('a burn rate', () => {
  const at = (minute: number, ratio: number) => [minute * MINUTE, ratio] as const;

  it('needs both windows, and has the severity of the worst', () => {
    const quiet = Array.from({ length: 120 }, (_, minute) => at(minute, 0));
    const blip = [120, 121].map((minute) => at(minute, 0.3));
    expect(alertsOn({ kind: 'burn-rate' }, [...quiet, ...blip])).toEqual([]);
    const outage = Array.from({ length: 10 }, (_, minute) => at(120 + minute, 0.5));
    const alert = seriesAlert({ kind: 'burn-rate' });
    const seen = [...quiet, ...outage].map((sample) => alert.observe(sample));
    expect(seen.at(-1)).toMatchObject({ state: 'firing', severity: 'critical' });
    expect(seen.at(-1)!.detail).toMatch(/burning the error budget .* times too fast over 60 min and 5 min/);
    const after = Array.from({ length: 40 }, (_, minute) => alert.observe(at(130 + minute, 0)));
    // The windows of 6 h and 3 d have hardly begun: they say nothing yet.
    expect(after.at(-1)).toMatchObject({ state: 'inactive' });
  });
});

describe('an anomaly', () => {
  const rule = { kind: 'anomaly' } as const;
  const noise = (count: number, around = 100, seed = 1) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => around + 10 * (random.next() + random.next() - 1));
  };

  it('is found within three samples, ends with it, and is not found in noise', () => {
    expect(firedAt(rule, minutely([...noise(200), ...noise(20, 160), ...noise(40)]))).toEqual([[202, 223]]);
    expect(firedAt(rule, minutely(noise(2_000)))).toEqual([]);
  });

  it('takes a level that stays for the new normal', () => {
    expect(firedAt(rule, minutely([...noise(200), ...noise(400, 160), ...noise(20, 220)]))).toEqual([
      [202, 321],
      [602, Number.NaN],
    ]);
  });

  it('does not learn from an incident', () => {
    const series = [...noise(200), ...noise(100, 160), ...noise(100), ...noise(20, 160)];
    expect(firedAt(rule, minutely(series))).toEqual([
      [202, 303],
      [402, Number.NaN],
    ]);
  });

  it('lets a single value pass, in one direction or both', () => {
    expect(firedAt(rule, minutely([...noise(100), 1_000, ...noise(50), -1_000, ...noise(50)]))).toEqual([]);
    const drop = minutely([...noise(100), ...noise(20, 40)]);
    expect(firedAt({ ...rule, direction: 'above' }, drop)).toEqual([]);
    expect(firedAt({ ...rule, direction: 'below' }, drop)).toEqual([[102, Number.NaN]]);
  });

  it('has nothing to say of a constant, and much of one that changes', () => {
    expect(firedAt(rule, minutely([...repeated(5, 300), 5.05, 5.05, 5.05, 5.05]))).toEqual([]);
    expect(firedAt(rule, minutely([...repeated(5, 300), ...repeated(7, 5)]))).toEqual([[302, Number.NaN]]);
    expect(firedAt(rule, minutely([...repeated(0, 300), ...repeated(3, 5)]))).toEqual([[302, Number.NaN]]);
  });

  it('has nothing to say of a series that has hardly begun', () => {
    expect(firedAt(rule, minutely([...noise(20), ...repeated(1_000, 5)]))).toEqual([]);
  });

  it('knows the season', () => {
    const random = seededRandom(3);
    const value = (index: number) => 100 + 60 * Math.sin((2 * Math.PI * index) / 288) + 3 * random.next();
    const season = { ...rule, season: { periodMs: 288 * MINUTE } };
    const series = (odd: (index: number) => number) =>
      minutely(Array.from({ length: 288 * 5 }, (_, index) => value(index) + odd(index)));
    expect(
      firedAt(
        season,
        series(() => 0),
      ),
    ).toEqual([]);
    // What is usual at noon is not at midnight.
    const night = 288 * 4 + 216;
    expect(
      firedAt(
        season,
        series((index) => (index >= night && index < night + 15 ? 100 : 0)),
      ),
    ).toEqual([[night + 2, night + 18]]);
  });

  it('looks at the rate of a counter', () => {
    const steady = Array.from({ length: 101 }, (_, index) => 600 * index);
    const slower = Array.from({ length: 10 }, (_, index) => 60_000 + 60 * (index + 1));
    expect(firedAt({ ...rule, of: 'rate' }, minutely([...steady, ...slower]))).toEqual([[103, Number.NaN]]);
  });
});

describe('a forecast', () => {
  const rule = {
    kind: 'forecast',
    reaches: 100,
    direction: 'rising',
    withinMs: 2 * HOUR,
    windowMs: HOUR,
  } as const;
  const ramp = (from: number, by: number, count: number) =>
    Array.from({ length: count }, (_, index) => from + by * index);

  it('tells when the limit is near, either way', () => {
    expect(firedAt(rule, minutely(ramp(0, 0.25, 400)))[0]![0]).toBeGreaterThanOrEqual(279);
    expect(firedAt(rule, minutely(ramp(0, 0.25, 400)))[0]![0]).toBeLessThanOrEqual(283);
    const falling = { ...rule, reaches: 0, direction: 'falling' } as const;
    expect(firedAt(falling, minutely(ramp(100, -0.25, 400)))[0]![0]).toBeLessThanOrEqual(283);
    expect(firedAt(falling, minutely(ramp(0.5, 0.25, 300)))).toEqual([]);
  });

  it('is not led astray by a step, an outlier or a level', () => {
    expect(firedAt(rule, minutely([...repeated(30, 200), ...repeated(60, 200)]))).toEqual([]);
    expect(firedAt(rule, minutely([...repeated(30, 100), 99, ...repeated(30, 100)]))).toEqual([]);
    expect(firedAt(rule, minutely(repeated(99, 300)))).toEqual([]);
  });

  it('says at once what has happened already, and ends when somebody has cleaned up', () => {
    expect(firedAt(rule, minutely([...repeated(30, 10), 100, ...repeated(30, 60)]))).toEqual([[10, 13]]);
    const [[, over]] = firedAt(rule, minutely([...ramp(60, 0.3, 100), ...repeated(10, 100)])) as [[number, number]];
    expect(over).toBeLessThanOrEqual(106);
  });
});

describe('any rule on any series', () => {
  const RULES: SeriesRuleOptions[] = [
    { kind: 'threshold', above: 10, over: { by: 'mean', windowMs: 10 * MINUTE } },
    { kind: 'flapping' },
    { kind: 'error-rate', above: 0.1 },
    { kind: 'burn-rate' },
    { kind: 'anomaly' },
    { kind: 'anomaly', season: { periodMs: HOUR, slots: 12 } },
    { kind: 'forecast', reaches: 100, direction: 'rising', withinMs: HOUR, windowMs: HOUR },
  ];

  it('says the same whether unusable samples are among them or not', () => {
    const good = Array.from({ length: 300 }, (_, index) => [index * MINUTE, (index * 37) % 23] as [number, number]);
    const bad = good.flatMap(([at, value]): SampleInput[] => [
      [at, Number.NaN],
      [at, Infinity],
      [at, value],
      [at, 1e9],
      [at - HOUR, 1e9],
    ]);
    for (const rule of RULES) expect(alertsOn(rule, bad)).toEqual(alertsOn(rule, good));
  });

  it('gives alerts that begin before they end, one after the other, and never throws', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(0, Number.NaN, Infinity, -Infinity, 1e308, -1e308),
    );
    const sample = fc.tuple(fc.integer({ min: 0, max: 10 * MINUTE }), number, fc.option(number, { nil: undefined }));
    fc.assert(
      fc.property(fc.constantFrom(...RULES), fc.array(sample, { maxLength: 200 }), (rule, steps) => {
        let at = 0;
        const samples = steps.map(([step, value, total]): SampleInput => [(at += step), value, total]);
        let last = -Infinity;
        for (const { since, firedAt, resolvedAt } of alertsOn(rule, samples)) {
          expect(since).toBeLessThanOrEqual(firedAt);
          expect(firedAt).toBeGreaterThanOrEqual(last);
          last = resolvedAt ?? Infinity;
          expect(last).toBeGreaterThanOrEqual(firedAt);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('ends an alert that falls silent, and begins anew', () => {
    const alert = seriesAlert({ kind: 'threshold', above: 10 });
    alert.observe([0, 50]);
    expect(alert.tick(5 * MINUTE)).toMatchObject({ state: 'firing', change: undefined });
    expect(alert.tick(5 * MINUTE + 1)).toMatchObject({ state: 'inactive', change: 'resolved', detail: 'no data' });
    expect(alert.observe([6 * MINUTE, 50])).toMatchObject({ state: 'firing', change: 'fired' });
  });

  it.each([
    [{ kind: 'threshold' }, 'rule: must have one of above and below'],
    [{ kind: 'threshold', above: Number.NaN }, 'rule.above: '],
    [{ kind: 'burn-rate', objective: 1 }, 'rule.objective: '],
    [
      { kind: 'burn-rate', windows: [{ longMs: 1, shortMs: 2, factor: 1, severity: 'info' }] },
      'rule.windows.0.shortMs: must be shorter than longMs; got 2',
    ],
    [{ kind: 'anomaly', sensitivty: 3 }, 'rule.sensitivty: is not an option; got 3'],
    [{ kind: 'forecast', reaches: 1 }, 'rule.direction: '],
    [{ kind: 'guess' }, 'rule.kind: '],
  ])('refuses %j', (rule, message) => {
    expect(() => seriesAlert(rule as never)).toThrow(message);
  });
});
