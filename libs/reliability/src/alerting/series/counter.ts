/**
 * Increases of a counter. One that is lower than before has begun anew at 0, as Prometheus' `increase` has it; the first
 * reading increases nothing, since nobody knows when it was counted.
 */
export class CounterIncrease {
  #last: number | undefined;

  next(value: number): number {
    const last = this.#last;
    this.#last = value;
    if (last === undefined) return 0;
    return value >= last ? value - last : Math.max(0, value);
  }
}

export interface RatioIncrease {
  readonly part: number;
  readonly whole: number;
}

/** Increases of two counters of which one counts part of what the other counts. They begin anew together. */
export class RatioCounter {
  #part: number | undefined;
  #whole: number | undefined;

  next(part: number, whole: number): RatioIncrease {
    const [lastPart, lastWhole] = [this.#part, this.#whole];
    this.#part = part;
    this.#whole = whole;
    if (lastPart === undefined || lastWhole === undefined) return { part: 0, whole: 0 };
    const anew = whole < lastWhole || part < lastPart;
    const wholeIncrease = Math.max(0, anew ? whole : whole - lastWhole);
    const partIncrease = Math.max(0, anew ? part : part - lastPart);
    return { part: Math.min(partIncrease, wholeIncrease), whole: wholeIncrease };
  }
}
