const SMALLEST_MS = 0.01;
const LARGEST_MS = 86_400_000;
/** Width of a bucket: each is this much wider than the one below. */
const GAMMA = 1.05;
const BUCKETS_PER_FACTOR_OF_E = 1 / Math.log(GAMMA);
const BUCKET_COUNT = bucketOf(LARGEST_MS) + 1;
const SLICE_COUNT = 6;

interface Slice {
  readonly counts: Uint32Array;
  /** Which sixth of a window since time 0 it holds. */
  number: number;
  count: number;
}

/**
 * Percentiles of durations over a sliding window, in bounded memory (about 13 kB, allocated with the first duration):
 * buckets of constant relative width (C. Masson, J. Rim, H. Lee, "DDSketch: a fast and fully-mergeable quantile sketch
 * with relative-error guarantees", 2019), counted apart for each sixth of the window.
 *
 * A percentile is off by at most 2.5 % of itself between 0.01 ms and a day; durations outside are counted at the ends.
 * The window reaches back between five sixths and the whole of `windowMs`; an idle gap expires exactly what it must.
 */
export class LatencyDigest {
  readonly sliceMs: number;
  readonly #ring: (Slice | undefined)[] = Array.from({ length: SLICE_COUNT }, () => undefined);
  #totals: Uint32Array | undefined;
  #count = 0;
  #current = -1;

  constructor(readonly windowMs: number) {
    this.sliceMs = windowMs / SLICE_COUNT;
  }

  /** Counts one duration. */
  record(durationMs: number, now: number): void {
    const totals = (this.#totals ??= new Uint32Array(BUCKET_COUNT));
    this.#expire(now);
    const slice = (this.#ring[this.#current % SLICE_COUNT] ??= emptySlice());
    slice.number = this.#current;
    const bucket = bucketOf(durationMs);
    slice.counts[bucket]! += 1;
    slice.count += 1;
    totals[bucket]! += 1;
    this.#count += 1;
  }

  /** Durations in the window. */
  count(now: number): number {
    this.#expire(now);
    return this.#count;
  }

  /**
   * The duration, in ms, that a share `rank` of those in the window do not exceed (nearest rank).
   * @param rank 0 to 1: 0.95 for the 95th percentile
   * @returns NaN when the window is empty
   */
  percentile(rank: number, now: number): number {
    this.#expire(now);
    if (this.#count === 0) return NaN;
    let above = this.#count - Math.max(1, Math.ceil(rank * this.#count));
    let bucket = BUCKET_COUNT - 1;
    for (; above >= this.#totals![bucket]!; bucket -= 1) above -= this.#totals![bucket]!;
    return middleOf(bucket);
  }

  #expire(now: number): void {
    const number = Math.floor(now / this.sliceMs);
    if (number <= this.#current) return;
    this.#current = number;
    for (const slice of this.#ring) {
      if (slice !== undefined && slice.count > 0 && slice.number <= number - SLICE_COUNT) this.#drop(slice);
    }
  }

  #drop(slice: Slice): void {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) this.#totals![bucket]! -= slice.counts[bucket]!;
    slice.counts.fill(0);
    this.#count -= slice.count;
    slice.count = 0;
  }
}

const emptySlice = (): Slice => ({ counts: new Uint32Array(BUCKET_COUNT), number: 0, count: 0 });

function bucketOf(durationMs: number): number {
  if (!(durationMs > SMALLEST_MS)) return 0;
  return Math.ceil(Math.log(Math.min(durationMs, LARGEST_MS) / SMALLEST_MS) * BUCKETS_PER_FACTOR_OF_E);
}

/** The value that is off by the same share from both ends of the bucket. */
function middleOf(bucket: number): number {
  return bucket === 0 ? SMALLEST_MS : (SMALLEST_MS * GAMMA ** bucket * 2) / (GAMMA + 1);
}
