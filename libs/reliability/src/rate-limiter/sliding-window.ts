import type { Meter } from './meter.js';
import { roundUp } from './meter.js';

// The first cell is the place in the ring that is written next.
const TIMES = 1;
const QUANTUM = 2 ** -14;

/**
 * The exact sliding window: the times of the last `limit` permits in a ring. A permit is free when the one taken
 * `limit` before it is a window old, so never more than `limit` are taken in any half-open window, wherever it starts.
 *
 * Costs 8 B per permit of the limit; deciding is O(1) and taking is O(cost). A fractional cost takes whole permits,
 * rounded up.
 */
export class SlidingWindow implements Meter {
  readonly cells: number;
  readonly windowMs: number;

  constructor(
    public limit: number,
    windowMs: number,
    /** The most that {@link resize} may be asked for: the ring's size. */
    readonly largestLimit = limit,
  ) {
    this.windowMs = roundUp(windowMs, QUANTUM);
    this.cells = largestLimit + TIMES;
  }

  get capacity(): number {
    return this.limit;
  }

  get memoryMs(): number {
    return this.windowMs;
  }

  get constants(): readonly (string | number)[] {
    return ['sliding-window', this.limit, this.windowMs, this.largestLimit, QUANTUM];
  }

  resize(limit: number): void {
    this.limit = Math.min(Math.max(1, Math.floor(limit)), this.largestLimit);
  }

  start(state: Float64Array, at: number, since: number, permits: number): void {
    state[at] = 0;
    state.fill(-Infinity, at + TIMES, at + TIMES + this.largestLimit);
    this.#push(state, at, roundUp(since, QUANTUM), Math.max(0, this.limit - Math.floor(permits)));
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    if (this.#time(state, at, 0) > now + QUANTUM) this.#pullBack(state, at, roundUp(now, QUANTUM));
    const wanted = Math.ceil(cost);
    const turns = Math.floor((wanted - 1) / this.limit);
    const position = wanted - 1 - turns * this.limit;
    const free = Math.max(this.#time(state, at, this.limit - 1 - position) + this.windowMs, now);
    const allowed = free + turns * this.windowMs;
    return allowed <= now ? 0 : allowed - now;
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    this.#push(state, at, roundUp(now, QUANTUM), Math.ceil(cost));
  }

  refund(state: Float64Array, at: number, now: number, cost: number, takenAt: number): number {
    const time = roundUp(takenAt, QUANTUM);
    if (time + this.windowMs <= now) return 0;
    const wanted = Math.ceil(cost);
    let given = 0;
    // Walks from the oldest to the newest, closing the gaps that the returned permits leave.
    const kept = new Float64Array(this.largestLimit).fill(-Infinity);
    let count = this.largestLimit;
    for (let age = 0; age < this.largestLimit; age += 1) {
      const taken = this.#time(state, at, age);
      if (taken === time && given < wanted) given += 1;
      else kept[(count -= 1)] = taken;
    }
    if (given === 0) return 0;
    state[at] = 0;
    state.set(kept, at + TIMES);
    return given;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    let free = this.limit;
    for (let age = 0; age < this.limit && this.#time(state, at, age) + this.windowMs > now; age += 1) free -= 1;
    return free;
  }

  drainTo(state: Float64Array, at: number, now: number, permits: number): void {
    const excess = this.remaining(state, at, now) - Math.max(0, Math.floor(permits));
    if (excess > 0) this.take(state, at, now, excess);
  }

  /** When the permit was taken that has `age` later ones. */
  #time(state: Float64Array, at: number, age: number): number {
    const index = state[at]! - 1 - age;
    return state[at + TIMES + (index < 0 ? index + this.largestLimit : index)]!;
  }

  #push(state: Float64Array, at: number, time: number, count: number): void {
    let next = state[at]!;
    for (let pushed = 0; pushed < count; pushed += 1) {
      state[at + TIMES + next] = time;
      next = next + 1 === this.largestLimit ? 0 : next + 1;
    }
    state[at] = next;
  }

  /** The clock stepped back: what was taken in the future counts as taken now. */
  #pullBack(state: Float64Array, at: number, time: number): void {
    for (let index = at + TIMES; index < at + this.cells; index += 1) {
      if (state[index]! > time) state[index] = time;
    }
  }
}
