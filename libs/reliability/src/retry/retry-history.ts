import type { ErrorClass } from '../core/error-class.js';
import type { StopReason } from './retry-decision.js';

/** One operation, as remembered: no arguments, results, messages or errors. */
export interface OperationRecord {
  /** `Class.method` */
  readonly call: string;
  /** Monotonic ms at which it ended. */
  readonly endedAt: number;
  readonly durationMs: number;
  readonly attempts: number;
  /** The waits between attempts, in ms; the last {@link LONGEST_TRAIL} of them. */
  readonly delaysMs: readonly number[];
  /** The class of each failure; the last {@link LONGEST_TRAIL} of them. */
  readonly classes: readonly ErrorClass[];
  /** `success`, or why it was given up. */
  readonly outcome: 'success' | StopReason;
}

/** Attempts remembered per operation. */
export const LONGEST_TRAIL = 16;

/** The last operations, oldest first. Bounded; allocated with the first record. */
export class RetryHistory {
  #records: OperationRecord[] = [];
  #next = 0;

  constructor(private readonly size: number) {}

  add(record: OperationRecord): void {
    if (this.size === 0) return;
    this.#records[this.#next] = record;
    this.#next = (this.#next + 1) % this.size;
  }

  list(): OperationRecord[] {
    return [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)];
  }

  /** A history of another size with as many of the last records as it holds. */
  resized(size: number): RetryHistory {
    const other = new RetryHistory(size);
    for (const record of this.list()) other.add(record);
    return other;
  }
}
