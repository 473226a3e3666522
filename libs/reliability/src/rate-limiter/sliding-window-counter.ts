import type { Meter } from './meter.js';

// The first cell is the number of the present window.
const CURRENT = 1;
const PREVIOUS = 2;

/**
 * Two counters, of the present and of the previous aligned window; the previous one counts with the share of it that
 * a sliding window still covers. Constant memory at any limit, and an estimate: exact when traffic is even, while
 * traffic bunched at the end of one window lets through more, at worst just under twice the limit in a window's length.
 */
export class SlidingWindowCounter implements Meter {
  readonly cells = 3;

  constructor(
    public limit: number,
    readonly windowMs: number,
  ) {}

  get capacity(): number {
    return this.limit;
  }

  get memoryMs(): number {
    return 2 * this.windowMs;
  }

  get constants(): readonly (string | number)[] {
    return ['sliding-window-counter', this.limit, this.windowMs, ROUNDING, SMALLEST_WAIT_MS];
  }

  resize(limit: number): void {
    this.limit = limit;
  }

  start(state: Float64Array, at: number, since: number, permits: number): void {
    state[at] = Math.floor(since / this.windowMs);
    state[at + CURRENT] = Math.max(0, this.limit - permits);
    state[at + PREVIOUS] = 0;
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    const window = Math.floor(now / this.windowMs);
    // What a window counted that lies ahead, since the clock stepped back, counts for the present one.
    if (state[at]! > window) state[at] = window;
    const current = this.#current(state, at, window);
    const previous = this.#previous(state, at, window);
    if (previous * (1 - this.#elapsed(now, window)) + current + cost <= this.limit + ROUNDING) return 0;
    const start = window * this.windowMs;
    if (current + cost <= this.limit) {
      return this.#until(start + this.windowMs * (1 - (this.limit - current - cost) / previous), now);
    }
    // Not in this window: in the next one, or a later one, the present count slides out in its turn.
    const windowsAhead = Math.max(1, Math.ceil(cost / this.limit));
    const room = this.limit * windowsAhead - cost;
    const share = Math.min(1, room / Math.max(current, Number.MIN_VALUE));
    return this.#until(start + this.windowMs * (windowsAhead + 1 - share), now);
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    this.#advance(state, at, Math.floor(now / this.windowMs));
    state[at + CURRENT]! += cost;
  }

  refund(state: Float64Array, at: number, now: number, cost: number, takenAt: number): number {
    this.#advance(state, at, Math.floor(now / this.windowMs));
    const age = state[at]! - Math.floor(takenAt / this.windowMs);
    if (age > 1 || age < 0) return 0;
    const counter = at + (age === 0 ? CURRENT : PREVIOUS);
    const given = Math.min(cost, state[counter]!);
    state[counter]! -= given;
    return given;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    const window = Math.floor(now / this.windowMs);
    const covered = this.#previous(state, at, window) * (1 - this.#elapsed(now, window));
    return Math.max(0, Math.floor(this.limit + ROUNDING - covered - this.#current(state, at, window)));
  }

  drainTo(state: Float64Array, at: number, now: number, permits: number): void {
    const window = Math.floor(now / this.windowMs);
    this.#advance(state, at, window);
    const covered = state[at + PREVIOUS]! * (1 - this.#elapsed(now, window));
    state[at + CURRENT] = Math.max(state[at + CURRENT]!, this.limit - permits - covered);
  }

  #elapsed(now: number, window: number): number {
    return (now - window * this.windowMs) / this.windowMs;
  }

  #until(time: number, now: number): number {
    return Math.max(time - now, SMALLEST_WAIT_MS);
  }

  #current(state: Float64Array, at: number, window: number): number {
    return state[at]! >= window ? state[at + CURRENT]! : 0;
  }

  #previous(state: Float64Array, at: number, window: number): number {
    const age = window - state[at]!;
    if (age <= 0) return state[at + PREVIOUS]!;
    return age === 1 ? state[at + CURRENT]! : 0;
  }

  #advance(state: Float64Array, at: number, window: number): void {
    const previous = this.#previous(state, at, window);
    const current = this.#current(state, at, window);
    state[at] = window;
    state[at + PREVIOUS] = previous;
    state[at + CURRENT] = current;
  }
}

/** What the weighted sum of two counters may be off by. */
const ROUNDING = 1e-9;

/** The estimate said no, so the wait is not 0, whatever rounding makes of it. */
const SMALLEST_WAIT_MS = 2 ** -10;
