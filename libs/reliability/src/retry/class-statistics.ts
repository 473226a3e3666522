import { ERROR_CLASSES, type ErrorClass } from '../core/error-class.js';

/** Totals of one class since the start. */
export interface ClassTotals {
  /** Failed attempts. */
  failures: number;
  /** Attempts made after such a failure. */
  retries: number;
  /** Operations that succeeded after such a failure was their last. */
  recovered: number;
  /** Operations whose retries were used up by such a failure. */
  exhausted: number;
  /** Time waited after such failures, in ms. */
  delayMs: number;
}

/** Totals by class of failure. */
export class ClassStatistics {
  readonly #totals = new Map<ErrorClass, ClassTotals>();

  of(errorClass: ErrorClass): ClassTotals {
    let totals = this.#totals.get(errorClass);
    if (totals === undefined) {
      totals = { failures: 0, retries: 0, recovered: 0, exhausted: 0, delayMs: 0 };
      this.#totals.set(errorClass, totals);
    }
    return totals;
  }

  /** The classes that occurred, in their canonical order. */
  snapshot(): Partial<Record<ErrorClass, ClassTotals>> {
    const seen = ERROR_CLASSES.filter((errorClass) => this.#totals.has(errorClass));
    return Object.fromEntries(seen.map((errorClass) => [errorClass, { ...this.#totals.get(errorClass)! }]));
  }
}
