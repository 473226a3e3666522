/**
 * Calls, failures and slow calls that still count. Slices are consecutive numbers, from 0 up, of equal stretches of time; a
 * window that counts calls instead of time does not look at them.
 */
export interface OutcomeWindow {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  record(failed: boolean, slow: boolean, slice: number): void;
  /** Forgets what no longer counts. */
  expire(slice: number): void;
}

/** Which window a breaker keeps, and how time maps to its slices. */
export interface WindowKind {
  sliceOf(now: number): number;
  create(slice: number): OutcomeWindow;
  /** The window under this kind that a window of another one becomes. */
  convert(window: OutcomeWindow, slice: number): OutcomeWindow;
}
