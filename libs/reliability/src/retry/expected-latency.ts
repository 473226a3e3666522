import { LatencyDigest } from '../core/latency-digest.js';

export interface LearnedLatency {
  /** Share of the recent successful attempts that take no longer. */
  readonly percentile: number;
  readonly minimumSamples: number;
  readonly windowMs: number;
}

/** What an attempt is expected to take: a given number of ms, or learned from those that succeeded. */
export class ExpectedLatency {
  #digest: LatencyDigest | undefined;

  constructor(private readonly expected: number | LearnedLatency) {
    this.#digest = typeof expected === 'number' ? undefined : new LatencyDigest(expected.windowMs);
  }

  /** ms; 0 while too little is known. */
  ms(now: number): number {
    const { expected } = this;
    if (typeof expected === 'number') return expected;
    return this.#digest!.count(now) < expected.minimumSamples ? 0 : this.#digest!.percentile(expected.percentile, now);
  }

  /** A successful attempt took `durationMs`. */
  record(durationMs: number, now: number): void {
    this.#digest?.record(durationMs, now);
  }

  /** What is to be expected under other options; what was learned is kept unless the window differs. */
  under(expected: number | LearnedLatency): ExpectedLatency {
    const other = new ExpectedLatency(expected);
    if (other.#digest?.windowMs === this.#digest?.windowMs) other.#digest = this.#digest;
    return other;
  }
}
