import { Cadence } from './cadence.js';
import { RatioCounter, type RatioIncrease } from './counter.js';
import type { Sample } from './sample.js';
import { SlicedWindow } from './sliced-window.js';

/** After more than this many usual intervals without a sample, what lies between is unknown. */
const LONGEST_STEP = 5;

/**
 * What each sample of a ratio adds. With a total, both are counters: failures and calls so far. Without, the value is
 * the ratio since the sample before, weighted with the seconds since then.
 */
export class RatioSteps {
  readonly #counter = new RatioCounter();
  readonly #cadence = new Cadence();

  next({ at, value, total }: Sample): RatioIncrease {
    const elapsedMs = this.#cadence.note(at);
    if (total !== undefined) return this.#counter.next(value, total);
    const knownMs = Math.min(elapsedMs, LONGEST_STEP * this.#cadence.usualMs);
    const share = Math.min(1, Math.max(0, value));
    return { part: (share * knownMs) / 1_000, whole: knownMs / 1_000 };
  }
}

/** Failures, calls and their ratio over the last `windowMs`. */
export class FailureWindow {
  readonly #window: SlicedWindow;

  constructor(windowMs: number) {
    this.#window = new SlicedWindow(windowMs);
  }

  add(at: number, { part, whole }: RatioIncrease): void {
    this.#window.add(at, part, whole);
  }

  /** `ratio` is 0 without calls. */
  figures(now: number): { readonly failures: number; readonly calls: number; readonly ratio: number } {
    const { sum, weight } = this.#window.figures(now);
    return { failures: sum, calls: weight, ratio: weight > 0 ? sum / weight : 0 };
  }
}
