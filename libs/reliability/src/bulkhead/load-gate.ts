import type { Priority } from '../core/priority.js';
import { PRIORITIES, PRIORITY_RANK } from '../core/priority.js';

/**
 * From which load on each priority is refused, as a multiple of the limit. Nothing compares with NaN: critical calls
 * never are, and beyond the last there is nobody left to let in.
 */
const REFUSED_FROM: readonly number[] = [NaN, 1.5, 1.25, 1, NaN];
/** A priority that is refused is let in again below this share of the load that refused it. */
const READMITTED_BELOW = 0.9;

/**
 * Decides whose calls an overloaded process still takes: as the load passes its limit the low priority is refused, a
 * quarter further the normal, half again as far the high. Each comes back when the load has fallen a tenth below.
 */
export class LoadGate {
  /** The most urgent rank that is refused; one past the last when none is. */
  #refusedRank: number = PRIORITIES.length;

  /** @param load the worst of what is measured, each as a share of its limit */
  refuses(priority: Priority, load: number): boolean {
    this.#follow(load);
    return PRIORITY_RANK[priority] >= this.#refusedRank;
  }

  /** The most urgent priority that was refused when last asked; `undefined` when none was. */
  get refusing(): Priority | undefined {
    return PRIORITIES[this.#refusedRank];
  }

  #follow(load: number): void {
    while (load >= REFUSED_FROM[this.#refusedRank - 1]!) this.#refusedRank -= 1;
    while (load < REFUSED_FROM[this.#refusedRank]! * READMITTED_BELOW) this.#refusedRank += 1;
  }
}
