/**
 * One window of a limit: the arithmetic of one algorithm. It keeps no state of its own; the state is a few numbers, a
 * *cell* each, in an array that the caller owns, so that a million keys are a few flat arrays and not a million
 * objects. Times are monotonic ms, costs and limits are permits.
 */
export interface Meter {
  /** Numbers of state. */
  readonly cells: number;
  /** Permits per {@link windowMs} at present. */
  readonly limit: number;
  readonly windowMs: number;
  /** The largest cost that can ever be admitted at once. */
  readonly capacity: number;
  /** Idle time after which the state says no more than that of a key never seen. */
  readonly memoryMs: number;
  /** What the algorithm computes with, for a script that computes the same: its own name first. */
  readonly constants: readonly (string | number)[];
  /** Writes the state of a key that had `permits` available at `since`. */
  start(state: Float64Array, at: number, since: number, permits: number): void;
  /**
   * Ms from `now` until `cost` can be taken; 0 when it can be now. For more than {@link capacity}: how long so many
   * take when they are let through one by one, an estimate. Changes nothing, unless the clock has stepped back: then
   * what lies in the future is brought to the present, so that nobody waits for the clock to catch up.
   */
  wait(state: Float64Array, at: number, now: number, cost: number): number;
  /** Takes. The caller has asked {@link wait} with the same `now` and got 0. */
  take(state: Float64Array, at: number, now: number, cost: number): void;
  /**
   * Gives back what was taken at `takenAt` and never used, as far as the bound of the algorithm still holds: what has
   * expired or refilled since then has already come back by itself.
   * @returns permits given back
   */
  refund(state: Float64Array, at: number, now: number, cost: number, takenAt: number): number;
  /** Whole permits that could be taken now. */
  remaining(state: Float64Array, at: number, now: number): number;
  /** Leaves at most `permits` available, since the other side counts more than we do. */
  drainTo(state: Float64Array, at: number, now: number, permits: number): void;
  /** Changes the limit in force; the state keeps its meaning. */
  resize(limit: number): void;
}

/**
 * A step of time so fine that rounding to it changes a rate by less than 0.1 %, and a power of two, so that sums of
 * such steps are exact: 2^-14 ms (61 ns), or less for rates above 16,000/s. Sums stay exact to 2^39 ms (17 years) of
 * the clock, so no rounding error can ever admit early.
 */
export function quantumFor(intervalMs: number): number {
  return Math.min(2 ** -14, 2 ** (Math.floor(Math.log2(intervalMs)) - 10));
}

/** Up to the next multiple of a power of two. */
export function roundUp(ms: number, quantum: number): number {
  return Math.ceil(ms / quantum) * quantum;
}

/** Down to a multiple of a power of two. */
export function roundDown(ms: number, quantum: number): number {
  return Math.floor(ms / quantum) * quantum;
}
