/** Upper bounds of the buckets, in ms. */
export const WAIT_BUCKETS_MS = [
  0.01, 0.1, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
] as const;

export interface WaitSnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Waits of at most `WAIT_BUCKETS_MS[i]`, cumulative. */
  readonly buckets: readonly number[];
}

/** How long items waited; counted in constant memory. */
export class WaitHistogram {
  readonly #counts = Array.from({ length: WAIT_BUCKETS_MS.length }, () => 0);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    this.#count += 1;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
    const bucket = WAIT_BUCKETS_MS.findIndex((bound) => ms <= bound);
    if (bucket !== -1) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  snapshot(): WaitSnapshot {
    let sum = 0;
    return {
      count: this.#count,
      sumMs: this.#sumMs,
      maxMs: this.#maxMs,
      buckets: this.#counts.map((count) => (sum += count)),
    };
  }
}
