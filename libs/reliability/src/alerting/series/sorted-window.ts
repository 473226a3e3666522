/**
 * The last `capacity` numbers, kept sorted beside their order of arrival: a quantile costs a look, an entry a shift of
 * at most `capacity` numbers.
 */
export class SortedWindow {
  readonly #arrived: number[] = [];
  readonly #sorted: number[] = [];

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#sorted.length;
  }

  push(value: number): void {
    if (this.#arrived.length === this.capacity) this.#sorted.splice(this.#placeOf(this.#arrived.shift()!), 1);
    this.#arrived.push(value);
    this.#sorted.splice(this.#placeOf(value), 0, value);
  }

  /** The number at a rank from 0 (least) to 1 (greatest), between two numbers by proportion; NaN when empty. */
  quantile(rank: number): number {
    return quantileOf(this.#sorted, rank);
  }

  /** Median of the distances to `center`, and their mean. */
  deviations(center: number): { readonly median: number; readonly mean: number } {
    const distances = this.#sorted.map((value) => Math.abs(value - center));
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    return { median: quantileOf(distances.sort(ascending), 0.5), mean };
  }

  clear(): void {
    this.#arrived.length = 0;
    this.#sorted.length = 0;
  }

  /** The first place whose number is not less. */
  #placeOf(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const ascending = (a: number, b: number) => a - b;

/** Of ascending numbers. */
function quantileOf(sorted: ArrayLike<number>, rank: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * Math.min(1, Math.max(0, rank));
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** Median of numbers in any order; NaN of none. */
export function medianOf(values: readonly number[]): number {
  return quantileOf(Float64Array.from(values).sort(), 0.5);
}
