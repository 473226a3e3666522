export interface AdaptiveDelayOptions {
  /** Shortest delay tried, in ms. */
  readonly baseMs: number;
  /** Longest, in ms. */
  readonly capMs: number;
  /** Share of repetitions that should succeed. */
  readonly target: number;
  /** Half-life of an observation, in ms. */
  readonly memoryMs: number;
}

const SHORTEST_BASE_MS = 1;
/** 2³¹ times the base, which exceeds every cap. */
const STEPS = 32;

/**
 * Learns after which delay repetitions succeed. Delays are counted in steps of ×2 from the base; waiting longer is
 * taken never to hurt, so a success counts for every longer delay too and a failure against every shorter one. With
 * S the successes after at most this delay and F the failures after at least this delay, both decaying,
 *
 *     share = (1 + S) / (1 + S + F)
 *
 * and the delay is the shortest whose share reaches the target. So one failure is enough to wait longer, and without
 * news the shorter delays are tried again as the memory of their failures fades. A wait that the other side asked for
 * is the least delay until it is forgotten.
 */
export class AdaptiveDelay {
  readonly #baseMs: number;
  #successes = new Float64Array(STEPS);
  #failures = new Float64Array(STEPS);
  #decayedAt = 0;
  #askedMs = 0;
  #askedAt = 0;

  constructor(private readonly options: AdaptiveDelayOptions) {
    this.#baseMs = Math.max(SHORTEST_BASE_MS, options.baseMs);
  }

  /** The delay to use, in ms. */
  delayMs(now: number): number {
    this.#decay(now);
    const asked = now - this.#askedAt < this.options.memoryMs ? this.#askedMs : 0;
    return Math.min(this.options.capMs, Math.max(this.#baseMs * 2 ** this.#bestStep(), asked));
  }

  /** A repetition after `delayMs` is over. */
  record(delayMs: number, succeeded: boolean, now: number): void {
    this.#decay(now);
    const counts = succeeded ? this.#successes : this.#failures;
    const step = Math.round(Math.log2(Math.max(delayMs, this.#baseMs) / this.#baseMs));
    counts[Math.min(step, STEPS - 1)]! += 1;
  }

  /** The other side asked for a wait. */
  asked(retryAfterMs: number, now: number): void {
    this.#askedMs = retryAfterMs;
    this.#askedAt = now;
  }

  #bestStep(): number {
    let failures = this.#failures.reduce((sum, count) => sum + count);
    let successes = 0;
    return this.#failures.findIndex((failed, step) => {
      successes += this.#successes[step]!;
      const share = (1 + successes) / (1 + successes + failures);
      failures -= failed;
      return share >= this.options.target || step === STEPS - 1;
    });
  }

  #decay(now: number): void {
    const kept = 0.5 ** ((now - this.#decayedAt) / this.options.memoryMs);
    this.#decayedAt = now;
    this.#successes = this.#successes.map((count) => count * kept);
    this.#failures = this.#failures.map((count) => count * kept);
  }
}
