import { medianOf } from './sorted-window.js';
import type { SlicePoint } from './sliced-window.js';

/** A straight line through points. */
export interface Trend {
  /** Change per ms. */
  readonly slope: number;
  /** The line's value at a time. */
  at(time: number): number;
  /** Median distance of the points from the line. */
  readonly scatter: number;
  /**
   * How surely the points rise (> 0) or fall (< 0), as a standard normal deviate: beyond ±2.58 in one of a hundred series
   * without a trend (H. Mann, "Nonparametric Tests Against Trend", 1945; M. Kendall, 1975).
   */
  readonly certainty: number;
}

/**
 * The line with the median of the slopes between all pairs of points (H. Theil, 1950; P. K. Sen, "Estimates of the
 * Regression Coefficient Based on Kendall's Tau", 1968): up to 29 % of the points may be anywhere. Cost is n² / 2.
 * @returns `undefined` with fewer than three points
 */
export function theilSen(points: readonly SlicePoint[]): Trend | undefined {
  const count = points.length;
  if (count < 3) return undefined;
  const slopes: number[] = [];
  let concordance = 0;
  for (let later = 1; later < count; later += 1) {
    for (let earlier = 0; earlier < later; earlier += 1) {
      const elapsed = points[later]!.at - points[earlier]!.at;
      const rise = points[later]!.value - points[earlier]!.value;
      slopes.push(rise / elapsed);
      concordance += Math.sign(rise);
    }
  }
  const slope = medianOf(slopes);
  // Times are taken from the last point: large ones would cost digits.
  const origin = points.at(-1)!.at;
  const offset = medianOf(points.map(({ at, value }) => value - slope * (at - origin)));
  const line = (time: number) => offset + slope * (time - origin);
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  return {
    slope,
    at: line,
    scatter: medianOf(points.map(({ at, value }) => Math.abs(value - line(at)))),
    certainty: (concordance - Math.sign(concordance)) / deviation,
  };
}
