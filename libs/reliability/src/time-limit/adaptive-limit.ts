import { LatencyDigest } from '../core/latency-digest.js';

/** How a limit follows what calls really take. */
export interface AdaptiveLimitOptions {
  /** Share of the calls, 0 to 1, that the limit is derived from: 0.99 for the 99th percentile. */
  readonly percentile: number;
  /** The limit is this many times the percentile. */
  readonly factor: number;
  /** The limit never falls below, in ms. */
  readonly floorMs: number;
  /** How far back durations count, in ms. */
  readonly windowMs: number;
  /** With fewer durations in the window the limit is the ceiling. */
  readonly minimumSamples: number;
}

/**
 * A limit derived from a percentile of what recent calls took: factor × percentile, between a floor and a ceiling.
 *
 * Calls that ran into the limit count with the time they were given. Leaving them out would count only those that were
 * fast enough, and the limit would tighten on itself; with them a slowdown lets it grow by `factor` each time that more
 * calls than the percentile allows are cut off, up to the ceiling.
 */
export class AdaptiveLimit {
  readonly #durations: LatencyDigest;
  #limitMs: number;
  #derivedUntil = -Infinity;

  constructor(
    private readonly options: AdaptiveLimitOptions,
    private readonly ceilingMs: number,
  ) {
    this.#durations = new LatencyDigest(options.windowMs);
    this.#limitMs = ceilingMs;
  }

  /** Counts what a call took, or was given before it was cut off. */
  record(durationMs: number, now: number): void {
    this.#durations.record(durationMs, now);
  }

  /** The limit in force, in ms: derived anew at most 30 times per window. */
  limitMs(now: number): number {
    if (now >= this.#derivedUntil) {
      this.#limitMs = this.#derive(now);
      this.#derivedUntil = now + this.options.windowMs / 30;
    }
    return this.#limitMs;
  }

  /** Durations in the window. */
  samples(now: number): number {
    return this.#durations.count(now);
  }

  #derive(now: number): number {
    const { percentile, factor, floorMs, minimumSamples } = this.options;
    if (this.#durations.count(now) < minimumSamples) return this.ceilingMs;
    return Math.min(this.ceilingMs, Math.max(floorMs, factor * this.#durations.percentile(percentile, now)));
  }
}
