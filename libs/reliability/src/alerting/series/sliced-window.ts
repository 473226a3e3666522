/** Slices of a window: what is older than the window goes one such part at a time. */
export const SLICES = 60;

interface Slice {
  number: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  weight: number;
  firstAt: number;
  lastAt: number;
}

/** Figures of a sliding window. */
export interface WindowFigures {
  readonly count: number;
  readonly sum: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Sum of what the values were weighted with. */
  readonly weight: number;
  /** Time from the first reading held to the last, in ms. */
  readonly coveredMs: number;
}

/** The mean of one slice of a window. */
export interface SlicePoint {
  readonly at: number;
  readonly value: number;
}

/**
 * Readings of the last `windowMs` in bounded memory, however many there are: sums by sixtieth of the window. It reaches
 * back between 59/60 and the whole of `windowMs`.
 */
export class SlicedWindow {
  readonly #ring: (Slice | undefined)[] = Array.from({ length: SLICES }, () => undefined);

  constructor(readonly windowMs: number) {}

  /** @param weight of the value: the calls that a number of failures belongs to */
  add(at: number, value: number, weight = 0): void {
    const number = this.#sliceOf(at);
    const place = ((number % SLICES) + SLICES) % SLICES;
    let slice = this.#ring[place];
    if (slice === undefined || slice.number !== number) {
      slice = { number, count: 0, sum: 0, min: Infinity, max: -Infinity, weight: 0, firstAt: at, lastAt: at };
      this.#ring[place] = slice;
    }
    slice.count += 1;
    slice.sum += value;
    slice.min = Math.min(slice.min, value);
    slice.max = Math.max(slice.max, value);
    slice.weight += weight;
    slice.lastAt = at;
  }

  figures(now: number): WindowFigures {
    let [count, sum, weight] = [0, 0, 0];
    let [min, max, firstAt, lastAt] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const slice of this.#held(now)) {
      count += slice.count;
      sum += slice.sum;
      weight += slice.weight;
      min = Math.min(min, slice.min);
      max = Math.max(max, slice.max);
      firstAt = Math.min(firstAt, slice.firstAt);
      lastAt = Math.max(lastAt, slice.lastAt);
    }
    return { count, sum, mean: sum / count, min, max, weight, coveredMs: count === 0 ? 0 : lastAt - firstAt };
  }

  /** The mean of each slice that holds something, oldest first. */
  points(now: number): SlicePoint[] {
    return this.#held(now)
      .sort((a, b) => a.number - b.number)
      .map(({ firstAt, lastAt, sum, count }) => ({ at: (firstAt + lastAt) / 2, value: sum / count }));
  }

  clear(): void {
    this.#ring.fill(undefined);
  }

  #held(now: number): Slice[] {
    const current = this.#sliceOf(now);
    return this.#ring.filter((slice) => slice !== undefined && slice.number > current - SLICES) as Slice[];
  }

  #sliceOf(at: number): number {
    return Math.floor((at * SLICES) / this.windowMs);
  }
}
