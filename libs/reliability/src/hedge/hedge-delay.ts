import { LatencyDigest } from '../core/latency-digest.js';

export interface HedgeDelayOptions {
  /** Fixed delay in ms; `undefined` to derive it. */
  readonly delayMs?: number;
  /** Share of recent attempts, 0 to 1, after which the delay ends. */
  readonly percentile: number;
  readonly floorMs: number;
  readonly ceilingMs: number;
  readonly windowMs: number;
  readonly minimumSamples: number;
}

/**
 * How long an attempt is waited for before another is sent: a fixed time, or what all but the slowest of recent
 * attempts took (J. Dean, L. A. Barroso, "The Tail at Scale", 2013).
 */
export class HedgeDelay {
  readonly #durations: LatencyDigest | undefined;
  #derivedMs = Infinity;
  #derivedUntil = -Infinity;

  constructor(
    private readonly options: HedgeDelayOptions,
    durations = new LatencyDigest(options.windowMs),
  ) {
    this.#durations = options.delayMs === undefined ? durations : undefined;
  }

  /** The same under other options: what was learned is kept if it is of the same window. */
  under(options: HedgeDelayOptions): HedgeDelay {
    const kept = options.windowMs === this.options.windowMs ? this.#durations : undefined;
    return new HedgeDelay(options, kept);
  }

  /** Counts what a first attempt took, or had taken when another overtook it. */
  record(durationMs: number, now: number): void {
    this.#durations?.record(durationMs, now);
  }

  /** The delay in ms, derived anew at most 30 times per window; `Infinity` while too little is known. */
  delayMs(now: number): number {
    if (this.#durations === undefined) return this.options.delayMs!;
    if (now >= this.#derivedUntil) {
      this.#derivedMs = this.#derive(this.#durations, now);
      this.#derivedUntil = now + this.options.windowMs / 30;
    }
    return this.#derivedMs;
  }

  /** Durations in the window; `undefined` with a fixed delay. */
  samples(now: number): number | undefined {
    return this.#durations?.count(now);
  }

  #derive(durations: LatencyDigest, now: number): number {
    const { percentile, floorMs, ceilingMs, minimumSamples } = this.options;
    if (durations.count(now) < minimumSamples) return Infinity;
    return Math.min(ceilingMs, Math.max(floorMs, durations.percentile(percentile, now)));
  }
}
