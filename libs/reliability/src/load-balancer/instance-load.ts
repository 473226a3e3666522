/**
 * Estimates what the next call to one instance will take. Measuring is kept apart from choosing: pickers compare
 * estimates and know nothing of how they came about.
 */
export interface LatencyEstimate {
  /** Learns from one call: its duration, or the penalty that stands for a failure, in ms. */
  observe(ms: number, now: number): void;
  /** Expected duration in ms; 0 when nothing is known, or nothing any more. */
  costMs(now: number): number;
}

/** Readings closer together than this share of the decay time reuse the last decay: no exponential per reading. */
const READ_SLACK = 1 / 64;
/** Weight of an imaginary sample of 0 ms, towards which an idle instance drifts: it is tried again some day. */
const OPTIMISM = 1;
/** Below this remaining weight of its samples an instance counts as unknown. */
const FORGOTTEN = 0.02;

/** e^−x, by its series where that is exact to 10⁻⁹, since calls of one instance mostly follow each other closely. */
export function decay(x: number): number {
  return x < 0.002 ? 1 - x + (x * x) / 2 : Math.exp(-x);
}

/**
 * Exponentially weighted moving average of irregular samples: the mean of all samples, each weighted with
 * e^(−age/decayMs). Kept as a decayed sum and a decayed count, so that samples that arrive in a burst count in full
 * (the usual recurrence gives each almost no weight) and the first sample counts at once.
 */
export class EwmaLatency implements LatencyEstimate {
  #sum = 0;
  #count = 0;
  #at = 0;

  constructor(private readonly decayMs: number) {}

  observe(ms: number, now: number): void {
    this.#decayTo(now);
    this.#sum += ms;
    this.#count += 1;
  }

  costMs(now: number): number {
    if (now - this.#at > this.decayMs * READ_SLACK) this.#decayTo(now);
    return this.#count < FORGOTTEN ? 0 : this.#sum / (this.#count + OPTIMISM);
  }

  #decayTo(now: number): void {
    if (now > this.#at) {
      const factor = decay((now - this.#at) / this.decayMs);
      this.#sum *= factor;
      this.#count *= factor;
      this.#at = now;
    }
  }
}

/** A faster sample moves a peak by at least this share, however soon it comes after the one before. */
const LEAST_WEIGHT = 1 / 64;

/**
 * As Finagle's PeakEwma: a sample above the estimate replaces it at once, one below it pulls it down with weight
 * 1 − e^(−Δt/decayMs); while nothing comes in, the estimate decays towards 0. Cautious: fast to flee, slow to return.
 * Unlike there each sample has a least weight: a busy instance would otherwise show its slowest call of the last
 * decay time, and be hard to tell from a slow one.
 */
export class PeakEwmaLatency implements LatencyEstimate {
  #cost = 0;
  #at = 0;

  constructor(private readonly decayMs: number) {}

  observe(ms: number, now: number): void {
    if (ms > this.#cost) this.#cost = ms;
    else {
      const kept = decay(Math.max(0, now - this.#at) / this.decayMs);
      this.#cost = ms + (this.#cost - ms) * Math.min(kept, 1 - LEAST_WEIGHT);
    }
    this.#at = Math.max(now, this.#at);
  }

  costMs(now: number): number {
    const idleMs = now - this.#at;
    if (idleMs > this.decayMs * READ_SLACK) {
      this.#cost *= decay(idleMs / this.decayMs);
      this.#at = now;
    }
    return this.#cost;
  }
}

/** For strategies that do not look at latency. */
export const UNMEASURED: LatencyEstimate = { observe: () => undefined, costMs: () => 0 };
