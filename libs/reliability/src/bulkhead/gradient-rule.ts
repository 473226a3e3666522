import type { LimitRule } from './limit-rule.js';
import type { WindowSample } from './sample-window.js';

export interface GradientOptions {
  /** How much slower than the baseline calls may become before the limit shrinks; 1.5 for half again as slow. */
  readonly tolerance: number;
  /** Weight of a new limit against the one before, above 0 to 1. */
  readonly smoothing: number;
  /** Windows over which the baseline averages. */
  readonly baselineWindows: number;
  /** Latency above which calls are never taken for healthy, in ms. */
  readonly baselineCeilingMs: number;
}

/** A drop takes this share of the limit away, whatever latency says. */
const DROP_RATIO = 0.9;

/**
 * Gradient2 of Netflix's concurrency-limits: the limit is scaled by how far the latency of now departs from a long
 * average of itself, plus room for a short queue. It needs no unloaded moment to measure itself by.
 *
 * Three things are different. Drops shrink the limit: there they are passed over, and a dependency that times out at a
 * constant pace looks healthy. The room for a queue is the square root of the limit, not a constant. And the baseline
 * has a ceiling, so that a long incident does not become the standard of health.
 */
export class GradientRule implements LimitRule {
  #baselineMs = NaN;

  constructor(private readonly options: GradientOptions) {}

  next(limit: number, sample: WindowSample, saturated: boolean): number {
    if (sample.count > 0) this.#follow(sample.meanMs);
    if (sample.dropped > 0) return limit * DROP_RATIO;
    const gradient = Math.min(1, Math.max(0.5, (this.options.tolerance * this.#baselineMs) / sample.meanMs));
    if (gradient === 1 && !saturated) return limit;
    const wanted = limit * gradient + Math.sqrt(limit);
    return limit + this.options.smoothing * (wanted - limit);
  }

  #follow(meanMs: number): void {
    const { baselineWindows, baselineCeilingMs } = this.options;
    if (Number.isNaN(this.#baselineMs)) this.#baselineMs = meanMs;
    else this.#baselineMs += (meanMs - this.#baselineMs) / baselineWindows;
    // Coming out of a slow spell the average lags far behind; it must not let the limit grow on its account.
    if (this.#baselineMs > 2 * meanMs) this.#baselineMs *= 0.95;
    this.#baselineMs = Math.min(this.#baselineMs, baselineCeilingMs);
  }
}
