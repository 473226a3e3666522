import { LatencyDigest } from '../core/latency-digest.js';

export interface LearnedLatency {
  /** Share of the recent successful attempts that take no longer. */
  readonly percentile: number;
  readonly minimumSamples: number;
  readonly windowMs: number;
}

interface Learning extends LearnedLatency {
  readonly digest: LatencyDigest;
}

/** What an attempt is expected to take: a given number of ms, or learned from those that succeeded. */
export class ExpectedLatency {
  readonly #expected: number | Learning;

  /** What was learned `before` is kept unless the window differs. */
  constructor(expected: number | LearnedLatency, before?: number | Learning) {
    this.#expected = typeof expected === 'number' ? expected : { ...expected, digest: digestFor(expected, before) };
  }

  /** ms; 0 while too little is known. */
  ms(now: number): number {
    const expected = this.#expected;
    if (typeof expected === 'number') return expected;
    const { digest, minimumSamples, percentile } = expected;
    return digest.count(now) < minimumSamples ? 0 : digest.percentile(percentile, now);
  }

  /** A successful attempt took `durationMs`. */
  record(durationMs: number, now: number): void {
    if (typeof this.#expected === 'object') this.#expected.digest.record(durationMs, now);
  }

  /** What is to be expected under other options; what was learned is kept unless the window differs. */
  under(expected: number | LearnedLatency): ExpectedLatency {
    return new ExpectedLatency(expected, this.#expected);
  }
}

function digestFor({ windowMs }: LearnedLatency, before?: number | Learning): LatencyDigest {
  return typeof before === 'object' && before.windowMs === windowMs ? before.digest : new LatencyDigest(windowMs);
}
