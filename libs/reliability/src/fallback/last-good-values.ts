import { KeyedStates } from '../core/keyed-states.js';
import { markFresh, markStale, type Staleness } from './staleness.js';

export interface LastGoodOptions {
  readonly maxAgeMs: number;
  readonly maxKeys: number;
  readonly keep?: (value: never) => boolean;
  readonly copy: boolean;
  readonly mark?: (value: never, staleness: Staleness) => unknown;
}

interface Kept {
  readonly value: unknown;
  readonly at: number;
}

/** An answer from the past. */
export interface StaleAnswer {
  readonly answer: unknown;
  readonly ageMs: number;
}

/** The last good value of each key, within bounds of number and age. */
export class LastGoodValues {
  readonly #kept: KeyedStates<Kept>;

  constructor(private options: LastGoodOptions) {
    this.#kept = new KeyedStates(boundsOf(options));
  }

  get size(): number {
    return this.#kept.size;
  }

  get evicted(): number {
    return this.#kept.evicted;
  }

  /** Remembers a fresh value. @throws what `keep` or the cloning throws */
  put(key: string, value: unknown, now: number): void {
    const { keep, copy } = this.options;
    markFresh(value);
    if (keep === undefined ? value === undefined : !keep(value as never)) return;
    this.#kept.set(key, { value: copy ? structuredClone(value) : value, at: now }, now);
  }

  /** The value of a key, marked as stale; `undefined` when there is none or it is too old. */
  take(key: string, error: unknown, now: number): StaleAnswer | undefined {
    const kept = this.#kept.get(key, now);
    if (kept === undefined) return undefined;
    const { maxAgeMs, copy, mark } = this.options;
    const ageMs = now - kept.at;
    if (ageMs > maxAgeMs) return undefined;
    const staleness = { ageMs, error };
    const value = copy ? structuredClone(kept.value) : kept.value;
    const answer = mark === undefined ? value : mark(value as never, staleness);
    markStale(answer, staleness);
    return { answer, ageMs };
  }

  reconfigure(options: LastGoodOptions): void {
    this.options = options;
    this.#kept.reconfigure(boundsOf(options));
  }
}

function boundsOf({ maxKeys, maxAgeMs }: LastGoodOptions) {
  return { maxKeys, idleMs: maxAgeMs };
}
