const REMEMBERED = 15;

/** How far apart the samples of a series usually are: the median of the last intervals, so that gaps do not count. */
export class Cadence {
  readonly #intervals: number[] = [];
  #lastAt: number | undefined;

  /** Ms since the sample before; 0 for the first. */
  note(at: number): number {
    const elapsedMs = this.#lastAt === undefined ? 0 : at - this.#lastAt;
    this.#lastAt = at;
    if (elapsedMs > 0) {
      if (this.#intervals.length === REMEMBERED) this.#intervals.shift();
      this.#intervals.push(elapsedMs);
    }
    return elapsedMs;
  }

  /** In ms; 0 while fewer than two samples are known. */
  get usualMs(): number {
    const sorted = this.#intervals.toSorted((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1] ?? 0;
  }
}
