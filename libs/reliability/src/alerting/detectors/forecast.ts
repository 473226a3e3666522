import type { ForecastRule } from '../rule.options.js';
import { levelOf, type Sample } from '../series/sample.js';
import { type SlicePoint, SlicedWindow } from '../series/sliced-window.js';
import { medianOf } from '../series/sorted-window.js';
import { type Trend, theilSen } from '../series/theil-sen.js';
import { type Detector, type Finding, shownDuration, shownNumber } from './detector.js';

/** One in a thousand series without a trend is taken for one that has it. */
const CERTAIN = 3.29;
/** A breach is over when the limit is further away than this many times `withinMs`. */
const CLEAR_FACTOR = 1.5;
/** Share of the window that samples have to cover before anything is foretold. */
const ENOUGH = 0.3;
/** A step back of at least this share of the range is a new beginning: somebody cleaned up. */
const RESET_SHARE = 0.4;

/**
 * Breached when a series goes steadily towards a limit and will reach it within `withinMs`: by the line through the
 * window's readings (Theil–Sen), of which a Mann–Kendall test is certain, and by the line through the later half of
 * them too, so that a step that is over is not taken for a trend.
 */
export class ForecastDetector implements Detector {
  readonly #window: SlicedWindow;
  #breached = false;

  constructor(private readonly rule: ForecastRule) {
    this.#window = new SlicedWindow(rule.windowMs);
  }

  observe(sample: Sample): Finding {
    const level = levelOf(sample);
    if (level === undefined) return { kind: 'unknown', detail: 'nothing to compare yet' };
    this.#window.add(sample.at, level);
    const { reaches, direction, withinMs, windowMs, minimumSamples } = this.rule;
    if (direction === 'rising' ? level >= reaches : level <= reaches) {
      this.#breached = true;
      return { kind: 'breached', value: 0, detail: `${shownNumber(level)} has reached ${shownNumber(reaches)}` };
    }
    const points = sinceReset(this.#window.points(sample.at), direction);
    const coveredMs = points.length === 0 ? 0 : sample.at - points[0]!.at;
    if (points.length < minimumSamples || coveredMs < windowMs * ENOUGH) {
      // A new beginning takes what was foretold with it.
      if (points.length >= 3) this.#breached &&= (this.#timeLeft(points, sample.at) ?? Infinity) <= withinMs;
      if (this.#breached) return { kind: 'unknown', detail: 'too few readings to tell' };
      return { kind: 'clear', value: Infinity, detail: 'too few readings to foretell anything' };
    }
    const leftMs = this.#timeLeft(points, sample.at) ?? Infinity;
    this.#breached = leftMs <= (this.#breached ? CLEAR_FACTOR : 1) * withinMs;
    const detail =
      leftMs === Infinity
        ? `no trend towards ${shownNumber(reaches)}`
        : `${shownNumber(level)} will reach ${shownNumber(reaches)} in ${shownDuration(leftMs)}`;
    return { kind: this.#breached ? 'breached' : 'clear', value: leftMs / 1_000, detail };
  }

  /** Ms until the limit by the slower of both lines; `undefined` without a trend towards it. */
  #timeLeft(points: readonly SlicePoint[], now: number): number | undefined {
    const whole = theilSen(points);
    const recent = theilSen(points.slice(points.length >> 1));
    if (whole === undefined || recent === undefined || !this.#isTrend(whole, points)) return undefined;
    const towards = this.rule.direction === 'rising' ? 1 : -1;
    const slope = towards * Math.min(towards * whole.slope, towards * recent.slope);
    if (slope * towards <= 0) return undefined;
    return Math.max(0, (this.rule.reaches - recent.at(now)) / slope);
  }

  #isTrend({ slope, scatter, certainty }: Trend, points: readonly SlicePoint[]): boolean {
    const towards = this.rule.direction === 'rising' ? 1 : -1;
    const spanMs = points.at(-1)!.at - points[0]!.at;
    return towards * certainty >= CERTAIN && Math.abs(slope) * spanMs >= 2 * scatter;
  }
}

/**
 * The points since the last new beginning. With several of them in the window all points stay: that is a sawtooth, which
 * goes nowhere.
 */
function sinceReset(points: readonly SlicePoint[], direction: ForecastRule['direction']): readonly SlicePoint[] {
  const towards = direction === 'rising' ? 1 : -1;
  const steps = points.slice(1).map(({ value }, index) => towards * (value - points[index]!.value));
  let [lowest, highest] = [Infinity, -Infinity];
  for (const { value } of points) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  const usual = medianOf(steps.map(Math.abs));
  const least = Math.max(RESET_SHARE * (highest - lowest), 6 * usual);
  const resets = steps.flatMap((step, index) => (least > 0 && step <= -least ? [index + 1] : []));
  return resets.length === 1 ? points.slice(resets[0]) : points;
}
