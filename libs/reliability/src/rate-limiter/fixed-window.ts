import type { Meter } from './meter.js';

// The first cell is the number of the window.
const TAKEN = 1;

/**
 * Counts permits in windows that follow one another, all aligned to the clock's origin. Cheap and easy to explain to a
 * caller, but up to twice the limit passes within one window's length when two full windows meet.
 */
export class FixedWindow implements Meter {
  readonly cells = 2;

  constructor(
    public limit: number,
    readonly windowMs: number,
  ) {}

  get capacity(): number {
    return this.limit;
  }

  get memoryMs(): number {
    return this.windowMs;
  }

  get constants(): readonly (string | number)[] {
    return ['fixed-window', this.limit, this.windowMs, 0, 0];
  }

  resize(limit: number): void {
    this.limit = limit;
  }

  start(state: Float64Array, at: number, since: number, permits: number): void {
    state[at] = Math.floor(since / this.windowMs);
    state[at + TAKEN] = Math.max(0, this.limit - permits);
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    const window = Math.floor(now / this.windowMs);
    // What a window counted that lies ahead, since the clock stepped back, counts for the present one.
    if (state[at]! > window) state[at] = window;
    const wanted = this.#taken(state, at, window) + cost;
    if (wanted <= this.limit) return 0;
    const windowsAhead = Math.max(1, Math.ceil(wanted / this.limit) - 1);
    return Math.max(Number.MIN_VALUE, (window + windowsAhead) * this.windowMs - now);
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    const window = Math.floor(now / this.windowMs);
    state[at + TAKEN] = this.#taken(state, at, window) + cost;
    state[at] = window;
  }

  refund(state: Float64Array, at: number, _now: number, cost: number, takenAt: number): number {
    if (Math.floor(takenAt / this.windowMs) !== state[at]) return 0;
    const given = Math.min(cost, state[at + TAKEN]!);
    state[at + TAKEN]! -= given;
    return given;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    return Math.max(0, Math.floor(this.limit - this.#taken(state, at, Math.floor(now / this.windowMs))));
  }

  drainTo(state: Float64Array, at: number, now: number, permits: number): void {
    const window = Math.floor(now / this.windowMs);
    state[at + TAKEN] = Math.max(this.#taken(state, at, window), this.limit - permits);
    state[at] = window;
  }

  #taken(state: Float64Array, at: number, window: number): number {
    return state[at]! >= window ? state[at + TAKEN]! : 0;
  }
}
