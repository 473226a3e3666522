import type { Meter } from './meter.js';
import { quantumFor, roundUp } from './meter.js';

// The first cell is the number of permits stored.
const NEXT_FREE = 1;
const LAST = 2;

/**
 * Even spacing that starts slowly: after a rest the rate is `limit / coldFactor` and rises to `limit` over `warmUpMs`
 * of use, so that a cold dependency is not hit at full rate. The formulas are those of Sentinel's warm-up controller
 * (and Guava's SmoothWarmingUp): unused permits are stored; above the `warning` line taking one takes longer, linearly
 * up to the cold interval at `max`.
 *
 *     warning = warmUp · rate / (coldFactor − 1)      max = warning + 2 · warmUp · rate / (1 + coldFactor)
 *     slope   = (coldFactor − 1) / rate / (max − warning)
 *
 * Never more than `limit` in any window where calls cost 1. A call that costs more goes at once and is paid for by those
 * after it, as in Guava: then up to `limit − 1` and the cost of the last.
 */
export class WarmUp implements Meter {
  readonly cells = 3;
  #intervalMs = 0;
  #quantum = 0;
  #warning = 0;
  #max = 0;
  #slopeMs = 0;

  constructor(
    public limit: number,
    readonly windowMs: number,
    readonly warmUpMs: number,
    readonly coldFactor: number,
  ) {
    this.resize(limit);
  }

  get capacity(): number {
    return this.limit;
  }

  get memoryMs(): number {
    return this.warmUpMs + this.limit * this.coldFactor * this.#intervalMs;
  }

  get constants(): readonly (string | number)[] {
    const { limit, warmUpMs, coldFactor } = this;
    const derived = [this.#intervalMs, this.#quantum, this.#warning, this.#max, this.#slopeMs];
    return ['warm-up', limit, warmUpMs, coldFactor, ...derived];
  }

  resize(limit: number): void {
    this.limit = limit;
    this.#quantum = quantumFor(this.windowMs / limit);
    this.#intervalMs = roundUp(this.windowMs / limit, this.#quantum);
    const permitsInWarmUp = this.warmUpMs / this.#intervalMs;
    this.#warning = permitsInWarmUp / (this.coldFactor - 1);
    this.#max = this.#warning + (2 * permitsInWarmUp) / (1 + this.coldFactor);
    this.#slopeMs = ((this.coldFactor - 1) * this.#intervalMs) / (this.#max - this.#warning);
  }

  /** Always cold. With no permits at all the first one comes a cold interval later. */
  start(state: Float64Array, at: number, since: number, permits: number): void {
    state[at] = this.#max;
    state[at + NEXT_FREE] = permits >= 1 ? since : roundUp(since + this.coldFactor * this.#intervalMs, this.#quantum);
    state[at + LAST] = -Infinity;
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    // No admission reaches further ahead than the whole capacity taken cold: more means that the clock stepped back.
    const latest = now + this.limit * this.coldFactor * this.#intervalMs;
    if (state[at + NEXT_FREE]! > latest) state[at + NEXT_FREE] = latest;
    const nextFree = state[at + NEXT_FREE]!;
    const ahead = cost > this.limit ? (cost - this.limit) * this.#intervalMs : 0;
    const allowed = Math.max(nextFree, now) + ahead;
    return allowed <= now ? 0 : allowed - now;
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    const arrival = roundUp(now, this.#quantum);
    const stored = this.#stored(state, at, now);
    state[at] = Math.max(0, stored - cost);
    state[at + NEXT_FREE] = arrival + roundUp(this.#duration(stored, cost), this.#quantum);
    state[at + LAST] = arrival;
  }

  refund(state: Float64Array, at: number, _now: number, cost: number, takenAt: number): number {
    const arrival = roundUp(takenAt, this.#quantum);
    // Only the latest admission still holds anything up: each waits until the one before it is paid for.
    if (state[at + LAST] !== arrival) return 0;
    state[at] = Math.min(this.#max, state[at]! + cost);
    state[at + NEXT_FREE] = arrival;
    state[at + LAST] = -Infinity;
    return cost;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    return state[at + NEXT_FREE]! <= now ? 1 : 0;
  }

  drainTo(state: Float64Array, at: number, now: number, permits: number): void {
    if (permits >= 1) return;
    const next = roundUp(now + this.#intervalMs, this.#quantum);
    if (next > state[at + NEXT_FREE]!) {
      state[at] = this.#stored(state, at, now);
      state[at + NEXT_FREE] = next;
    }
  }

  /** Ms that taking `cost` out of `stored` permits takes: the area under the line from `stored` down. */
  #duration(stored: number, cost: number): number {
    const warm = Math.max(0, stored - cost);
    const above = Math.max(0, stored - this.#warning);
    const stillAbove = Math.max(0, warm - this.#warning);
    const premium = ((above * above - stillAbove * stillAbove) / 2) * this.#slopeMs;
    return cost * this.#intervalMs + premium;
  }

  /** Permits stored, with those that came in since the limiter was last busy. */
  #stored(state: Float64Array, at: number, now: number): number {
    const idleMs = Math.max(0, now - state[at + NEXT_FREE]!);
    return Math.min(this.#max, state[at]! + (idleMs * this.#max) / this.warmUpMs);
  }
}
