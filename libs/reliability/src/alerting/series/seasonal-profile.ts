import { medianOf } from './sorted-window.js';

/** Seasons remembered. */
const PASSES = 7;
/** Seasons that a place of the profile has to have been seen in before it is relied upon. */
const ENOUGH = 2;

/**
 * What a series usually is at each place of its season: the median, over the last seven seasons, of the means there. One
 * odd season among three changes nothing. Between the middles of two places by proportion.
 */
export class SeasonalProfile {
  readonly #passes: number[][];
  readonly #slotMs: number;
  #slot = -1;
  #season = -1;
  #sum = 0;
  #count = 0;

  constructor(
    readonly periodMs: number,
    readonly slots: number,
  ) {
    this.#slotMs = periodMs / slots;
    this.#passes = Array.from({ length: slots }, () => []);
  }

  learn(at: number, value: number): void {
    const season = Math.floor(at / this.periodMs);
    const slot = this.#slotOf(at);
    if (slot !== this.#slot || season !== this.#season) {
      this.#close();
      this.#slot = slot;
      this.#season = season;
    }
    this.#sum += value;
    this.#count += 1;
  }

  /** `undefined` while the season is not known yet at this place. */
  at(time: number): number | undefined {
    const place = (time / this.#slotMs - 0.5 + this.slots) % this.slots;
    const below = Math.floor(place);
    const low = this.#usual(below);
    const high = this.#usual((below + 1) % this.slots);
    if (low === undefined || high === undefined) return low ?? high;
    return low + (high - low) * (place - below);
  }

  /** The least and the greatest of what is usual at this place and the ones beside it: a step is somewhere among them. */
  around(time: number): { readonly least: number; readonly most: number } {
    const slot = this.#slotOf(time);
    const near = [slot - 1, slot, slot + 1].flatMap((one) => this.#usual((one + this.slots) % this.slots) ?? []);
    return { least: Math.min(...near), most: Math.max(...near) };
  }

  #usual(slot: number): number | undefined {
    const passes = this.#passes[slot]!;
    return passes.length < ENOUGH ? undefined : medianOf(passes);
  }

  #close(): void {
    if (this.#count > 0) {
      const passes = this.#passes[this.#slot]!;
      if (passes.length === PASSES) passes.shift();
      passes.push(this.#sum / this.#count);
    }
    this.#sum = 0;
    this.#count = 0;
  }

  #slotOf(at: number): number {
    return Math.floor((((at % this.periodMs) + this.periodMs) % this.periodMs) / this.#slotMs) % this.slots;
  }
}
