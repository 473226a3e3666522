/** Upper bounds for durations of calls, in ms: from 10 µs to half a minute. */
export const CALL_BOUNDS_MS = [0.01, 0.1, 1, 5, 20, 100, 250, 1_000, 5_000, 30_000] as const;
/** Upper bounds for waits, in ms. */
export const WAIT_BOUNDS_MS = [0.01, 1, 10, 100, 1_000, 10_000] as const;

/** What a histogram has counted. */
export interface DurationsSnapshot {
  /** Upper bounds in ms, inclusive, ascending; the last bucket has none. */
  readonly boundsMs: readonly number[];
  /** By bucket, one more than bounds; not cumulative. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Powers of two of 10 µs that are looked up: 10 µs to more than a day. */
const POWERS = 32;
const UNIT_MS = 0.01;

/**
 * Counts durations in a few buckets, in constant memory. The power of two below a duration gives the first bucket that
 * it can be in, so that recording compares once or twice and allocates nothing.
 */
export class DurationHistogram {
  readonly #counts: Float64Array;
  readonly #firstBucket: Uint8Array;
  #sumMs = 0;

  /** @param boundsMs ascending */
  constructor(private readonly boundsMs: readonly number[] = CALL_BOUNDS_MS) {
    this.#counts = new Float64Array(boundsMs.length + 1);
    this.#firstBucket = Uint8Array.from({ length: POWERS + 1 }, (_, power) => {
      const atLeast = power === 0 ? 0 : UNIT_MS * 2 ** (power - 1);
      const first = boundsMs.findIndex((bound) => bound >= atLeast);
      return first === -1 ? boundsMs.length : first;
    });
  }

  /** Counts one duration, in ms. What is no duration counts as 0. */
  record(durationMs: number): void {
    const ms = durationMs > 0 ? durationMs : 0;
    let bucket = this.#firstBucket[POWERS - Math.clz32(Math.min(ms / UNIT_MS, 0xffff_ffff))]!;
    while (ms > this.boundsMs[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sumMs += ms;
  }

  snapshot(): DurationsSnapshot {
    return { boundsMs: this.boundsMs, counts: [...this.#counts], sumMs: this.#sumMs };
  }
}
