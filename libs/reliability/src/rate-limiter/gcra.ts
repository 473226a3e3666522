import type { Meter } from './meter.js';
import { quantumFor, roundDown, roundUp } from './meter.js';

// The first cell is the theoretical arrival time.
const LAST = 1;
const BUSY_SINCE = 2;
const LEAST_BACKLOG = 3;

/**
 * The generic cell rate algorithm (ITU-T I.371): state is the *theoretical arrival time*, at which a source that sends
 * evenly would send next. It is the token bucket read from the other end (tokens = burst − (TAT − now) / interval), and
 * stands for three algorithms that differ in the burst only: the token bucket (burst = limit), GCRA proper (burst 1
 * unless said) and pacing (burst = slack + 1).
 *
 * Admits at most `burst + d / interval` in any d ms; with burst 1 never two within `windowMs / limit`, hence never
 * more than `limit` in any half-open window.
 *
 * For exact refunds three more numbers say what a permit still weighs: it has gone with the backlog if the bucket was
 * full at an admission since, and otherwise weighs no more than the least backlog that a later admission met.
 */
export class Gcra implements Meter {
  readonly cells = 4;
  readonly memoryMs: number;
  private intervalMs = 0;
  private quantum = 0;
  /** A power of two as well: multiplying by it is exact and quicker than dividing. */
  private perQuantum = 0;
  private toleranceMs = 0;

  constructor(
    public limit: number,
    readonly windowMs: number,
    readonly burst: number,
  ) {
    this.resize(limit);
    this.memoryMs = this.toleranceMs;
  }

  get capacity(): number {
    return this.burst;
  }

  get constants(): readonly (string | number)[] {
    return ['gcra', this.burst, this.intervalMs, this.quantum, this.toleranceMs];
  }

  resize(limit: number): void {
    this.limit = limit;
    this.quantum = quantumFor(this.windowMs / limit);
    this.perQuantum = 1 / this.quantum;
    this.intervalMs = roundUp(this.windowMs / limit, this.quantum);
    this.toleranceMs = this.burst * this.intervalMs;
  }

  start(state: Float64Array, at: number, since: number, permits: number): void {
    const start = roundDown(since, this.quantum);
    const missing = Math.max(0, this.burst - permits);
    state[at] = start + roundUp(missing * this.intervalMs, this.quantum);
    state[at + LAST] = state[at + BUSY_SINCE] = start;
    state[at + LEAST_BACKLOG] = Infinity;
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    const tat = state[at]!;
    // No admission leaves a backlog above the tolerance: more than that means that the clock stepped back.
    if (tat > now + this.toleranceMs + this.quantum) return this.heal(state, at, now, cost);
    const arrival = Math.floor(now * this.perQuantum) * this.quantum;
    const weight = cost === 1 ? this.intervalMs : this.weight(cost);
    const allowed = Math.max(tat, arrival) + weight - this.toleranceMs;
    return allowed <= now ? 0 : allowed - now;
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    const quanta = now * this.perQuantum;
    // On the grid of the quantum, so that sums are exact. Down: every permit of a burst can be taken at the same instant.
    // Up, when one call takes the whole burst: with a burst of 1 no two can then be closer than the interval, not even by
    // less than the quantum.
    const arrival = (cost >= this.burst ? Math.ceil(quanta) : Math.floor(quanta)) * this.quantum;
    let tat = state[at]!;
    if (tat <= arrival) {
      tat = arrival;
      state[at + BUSY_SINCE] = arrival;
      state[at + LEAST_BACKLOG] = Infinity;
    } else {
      state[at + LEAST_BACKLOG] = Math.min(state[at + LEAST_BACKLOG]!, tat - arrival);
    }
    state[at] = tat + (cost === 1 ? this.intervalMs : this.weight(cost));
    state[at + LAST] = arrival;
  }

  refund(state: Float64Array, at: number, _now: number, cost: number, takenAt: number): number {
    const latest = roundUp(takenAt, this.quantum);
    if (latest < state[at + BUSY_SINCE]!) return 0;
    const paid = this.weight(cost);
    const last = state[at + LAST];
    const wasLast = last === latest || last === roundDown(takenAt, this.quantum);
    const weight = wasLast ? paid : Math.min(paid, state[at + LEAST_BACKLOG]!);
    state[at]! -= weight;
    state[at + LEAST_BACKLOG] = Math.max(0, state[at + LEAST_BACKLOG]! - weight);
    return weight / this.intervalMs;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    const backlog = Math.max(0, state[at]! - now);
    const count = Math.max(0, Math.floor((this.toleranceMs - backlog) / this.intervalMs + 1e-9));
    // What the division rounded up is no permit.
    return Math.max(0, this.wait(state, at, now, count) > 0 ? count - 1 : count);
  }

  drainTo(state: Float64Array, at: number, now: number, permits: number): void {
    const missing = Math.max(0, this.burst - permits);
    const tat = roundUp(now, this.quantum) + roundUp(missing * this.intervalMs, this.quantum);
    state[at] = Math.max(state[at]!, tat);
  }

  private weight(cost: number): number {
    return roundUp(cost * this.intervalMs, this.quantum);
  }

  private heal(state: Float64Array, at: number, now: number, cost: number): number {
    state[at] = roundUp(now, this.quantum) + this.toleranceMs;
    state[at + LAST] = state[at + BUSY_SINCE] = Infinity;
    return this.wait(state, at, now, cost);
  }
}
