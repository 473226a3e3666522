/** That an answer is a kept one, and how old. */
export interface Staleness {
  /** Time since the value was good, in ms. */
  readonly ageMs: number;
  /** Why there is no fresh one. */
  readonly error: unknown;
}

/** Marks beside the values: nothing is written into them, and a mark lives as long as its value. */
const marks = new WeakMap<object, Staleness>();

/**
 * Whether an answer is a kept one in place of a fresh one, and how old. Objects, arrays and functions only: for plain
 * strings and numbers use the option `mark`.
 * @returns `undefined` for a fresh value, and for plain ones
 */
export function stalenessOf(answer: unknown): Staleness | undefined {
  return canBeMarked(answer) ? marks.get(answer) : undefined;
}

export function markStale(answer: unknown, staleness: Staleness): void {
  if (canBeMarked(answer)) marks.set(answer, staleness);
}

/** The same object was given as a fresh answer. */
export function markFresh(answer: unknown): void {
  marks.delete(answer as object);
}

function canBeMarked(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
