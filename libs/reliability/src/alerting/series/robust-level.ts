import { medianOf, SortedWindow } from './sorted-window.js';

/** Makes the median distance from the median of normal values their standard deviation. */
const NORMAL_PER_MEDIAN = 1.4826;
/** Makes the mean distance of normal values their standard deviation. */
const NORMAL_PER_MEAN = 1.2533;
/** Residuals move the level by at most this many deviations. */
const CLIP = 3;
/** Residuals that are rarer than this are extreme, whatever their distribution. */
const RARE = 0.01;

export interface Score {
  /** Distance from what is usual in robust standard deviations, with its sign. */
  readonly z: number;
  /** Beyond all but the rarest of what was seen: what heavy tails give now and then is not. */
  readonly rare: boolean;
  /** What was expected. */
  readonly expected: number;
}

export interface RobustLevelOptions {
  /** After so many samples the weight of one has halved. */
  readonly halfLife: number;
  /** Residuals remembered. */
  readonly history: number;
  /** No deviation is taken to be smaller than this, … */
  readonly minDeviation: number;
  /** … nor than this share of the level. */
  readonly minShare: number;
}

/**
 * A level that follows a series (an exponentially weighted moving average whose steps are clipped) and the distribution
 * of what differs from it. The score of a value is its modified z-score: distance from the median of the residuals in
 * 1.4826 × their median distance from it, or 1.2533 × the mean distance where most are equal (B. Iglewicz, D. Hoaglin,
 * "How to Detect and Handle Outliers", 1993).
 */
export class RobustLevel {
  readonly #residuals: SortedWindow;
  readonly #weight: number;
  #level = 0;

  constructor(private readonly options: RobustLevelOptions) {
    this.#residuals = new SortedWindow(options.history);
    this.#weight = 1 - 0.5 ** (1 / options.halfLife);
  }

  /** Forgets everything and learns from `values`, oldest first. */
  restart(values: readonly number[]): void {
    this.#residuals.clear();
    this.#level = medianOf(values);
    const deviation = NORMAL_PER_MEDIAN * medianOf(values.map((value) => Math.abs(value - this.#level)));
    for (const value of values) {
      const residual = value - this.#level;
      this.#residuals.push(residual);
      this.#level += this.#weight * clipped(residual, CLIP * deviation);
    }
  }

  /** @param offset what the season adds at present */
  score(value: number, offset: number): Score {
    const center = this.#residuals.quantile(0.5);
    const expected = this.#level + center + offset;
    const distance = value - expected;
    const deviation = this.#deviation(center, offset);
    const beyond = distance > 0 ? this.#residuals.quantile(1 - RARE) - center : center - this.#residuals.quantile(RARE);
    const z = distance === 0 ? 0 : distance / deviation;
    return { z, rare: Math.abs(distance) > beyond, expected };
  }

  /** The value is as usual: the level and the distribution follow it. */
  learn(value: number, offset: number): void {
    const center = this.#residuals.quantile(0.5);
    const residual = value - offset - this.#level;
    this.#residuals.push(residual);
    this.#level += this.#weight * (center + clipped(residual - center, CLIP * this.#deviation(center, offset)));
  }

  /** The value stands by itself: it is seen to occur, and moves nothing. */
  note(residual: number): void {
    this.#residuals.push(residual);
  }

  residualOf(value: number, offset: number): number {
    return value - offset - this.#level;
  }

  #deviation(center: number, offset: number): number {
    const { median, mean } = this.#residuals.deviations(center);
    const measured = median > 0 ? NORMAL_PER_MEDIAN * median : NORMAL_PER_MEAN * mean;
    return Math.max(measured, this.options.minDeviation, this.options.minShare * Math.abs(this.#level + offset));
  }
}

const clipped = (value: number, most: number) => Math.min(most, Math.max(-most, value));
