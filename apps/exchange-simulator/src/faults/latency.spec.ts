import { latencyMs, type LatencySpec } from './latency.js';

const spec = (distribution: LatencySpec['distribution'], delayMs: number, deviationMs = 0): LatencySpec => ({
  kind: 'latency',
  venue: 'okx',
  host: '*',
  startMs: 0,
  durationMs: 1,
  distribution,
  delayMs,
  deviationMs,
});
/** The middle of 1,000 equal parts of [0, 1), or of 30 by 30. */
const line = Array.from({ length: 1_000 }, (_, i) => (i + 0.5) / 1_000);
const side = Array.from({ length: 30 }, (_, i) => (i + 0.5) / 30);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('latencyMs', () => {
  it('is the delay itself when fixed', () => {
    expect(latencyMs(spec('fixed', 250), 0.9, 0.1)).toBe(250);
  });

  it('has the mean and the deviation asked for when normal, and is never negative', () => {
    const values = side.flatMap((u1) => side.map((u2) => latencyMs(spec('normal', 500, 50), u1, u2)));
    const centre = mean(values);
    expect(centre).toBeCloseTo(500, 0);
    expect(Math.sqrt(mean(values.map((value) => (value - centre) ** 2)))).toBeCloseTo(50, -1);
    expect(latencyMs(spec('normal', 10, 1_000), 0.999, 0.5)).toBe(0);
  });

  it('has a median near 1.7 times and a 95th percentile near 10 times the minimum when long-tailed, cut at a minute', () => {
    const values = line.map((u) => latencyMs(spec('longTail', 60), u, 0));
    expect(values[0]).toBeCloseTo(60, 0);
    expect((values[500] ?? 0) / 60).toBeCloseTo(1.7, 1);
    expect((values[950] ?? 0) / 60).toBeCloseTo(10, 0);
    expect(latencyMs(spec('longTail', 60), 0.999_999_999, 0)).toBe(60_000);
  });
});
