import * as fc from 'fast-check';
import { LatencyDigest } from './latency-digest.js';

/** The nearest-rank percentile of everything recorded in the window, kept one by one. */
class PlainWindow {
  private readonly recorded: { durationMs: number; slice: number }[] = [];
  constructor(private readonly windowMs: number) {}

  record(durationMs: number, now: number): void {
    this.recorded.push({ durationMs, slice: Math.floor(now / (this.windowMs / 6)) });
  }

  inWindow(now: number): number[] {
    const slice = Math.floor(now / (this.windowMs / 6));
    return this.recorded
      .filter((entry) => entry.slice > slice - 6)
      .map(({ durationMs }) => durationMs)
      .sort((a, b) => a - b);
  }

  percentile(rank: number, now: number): number {
    const sorted = this.inWindow(now);
    return sorted[Math.max(1, Math.ceil(rank * sorted.length)) - 1]!;
  }
}

function digestOf(durations: readonly number[]): LatencyDigest {
  const digest = new LatencyDigest(60_000);
  for (const duration of durations) digest.record(duration, 0);
  return digest;
}

describe('LatencyDigest', () => {
  it('is empty at first', () => {
    const digest = new LatencyDigest(60_000);
    expect(digest.count(0)).toBe(0);
    expect(digest.percentile(0.5, 0)).toBeNaN();
  });

  it.each([
    { rank: 0, expected: 1 },
    { rank: 0.01, expected: 1 },
    { rank: 0.25, expected: 25 },
    { rank: 0.5, expected: 50 },
    { rank: 0.95, expected: 95 },
    { rank: 0.951, expected: 96 },
    { rank: 1, expected: 100 },
  ])('gives the nearest rank: $rank of 1…100 ms is $expected ms', ({ rank, expected }) => {
    const percentile = digestOf(Array.from({ length: 100 }, (_, index) => 100 - index)).percentile(rank, 0);
    expect(Math.abs(percentile - expected)).toBeLessThanOrEqual(expected * 0.025);
  });

  it.each([
    { what: 'nothing', durationMs: 0, expected: 0.01 },
    { what: 'less than nothing', durationMs: -3, expected: 0.01 },
    { what: 'no number', durationMs: NaN, expected: 0.01 },
    { what: 'the least', durationMs: 0.01, expected: 0.01 },
    { what: 'a day', durationMs: 86_400_000, expected: 86_400_000 },
    { what: 'longer than a day', durationMs: Infinity, expected: 86_400_000 },
  ])('counts $what at an end of its range', ({ durationMs, expected }) => {
    const percentile = digestOf([durationMs]).percentile(0.5, 0);
    expect(Math.abs(percentile - expected)).toBeLessThanOrEqual(expected * 0.025);
  });

  it('is exactly in the middle of the relative error at the edges of a bucket', () => {
    const edge = 0.01 * 1.05 ** 200;
    const percentile = digestOf([edge * 0.999_999]).percentile(0.5, 0);
    expect(percentile / edge).toBeCloseTo(2 / 2.05, 6);
    const above = digestOf([edge * 1.000_001]).percentile(0.5, 0);
    expect(above / edge).toBeCloseTo((2 * 1.05) / 2.05, 6);
  });

  it('keeps a duration for at least five sixths of the window and at most the whole', () => {
    const digest = new LatencyDigest(60_000);
    digest.record(5, 9_999);
    digest.record(5, 10_000);
    expect(digest.count(59_999)).toBe(2);
    expect(digest.count(60_000)).toBe(1);
    expect(digest.count(69_999)).toBe(1);
    expect(digest.count(70_000)).toBe(0);
  });

  it('forgets everything over an idle gap of any length, and counts afresh', () => {
    const digest = digestOf([5, 5, 5]);
    digest.record(1_000, 1e9);
    expect(digest.count(1e9)).toBe(1);
    expect(digest.percentile(0, 1e9)).toBeGreaterThan(900);
  });

  it('ignores a clock that was read earlier than the last', () => {
    const digest = new LatencyDigest(60_000);
    digest.record(5, 50_000);
    digest.record(5, 20_000);
    expect(digest.count(20_000)).toBe(2);
    expect(digest.count(109_999)).toBe(2);
    expect(digest.count(110_000)).toBe(0);
  });

  it('agrees with every duration kept one by one, within 2.5 %, over any course of time', () => {
    const step = fc.record({
      pause: fc.oneof(fc.nat(50), fc.nat(2_000), fc.constant(0), fc.constant(100_000)),
      durationMs: fc.double({ min: 0.01, max: 86_400_000, noNaN: true }),
      rank: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 60, max: 9_000 }), (steps, windowMs) => {
        const digest = new LatencyDigest(windowMs);
        const plain = new PlainWindow(windowMs);
        let now = 0;
        for (const { pause, durationMs, rank } of steps) {
          now += pause;
          digest.record(durationMs, now);
          plain.record(durationMs, now);
          const later = now + pause / 2;
          expect(digest.count(later)).toBe(plain.inWindow(later).length);
          if (digest.count(later) > 0) {
            const expected = plain.percentile(rank, later);
            expect(Math.abs(digest.percentile(rank, later) - expected)).toBeLessThanOrEqual(expected * 0.025);
          }
          now = later;
        }
      }),
    );
  });
});
