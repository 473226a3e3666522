import { FixedWindow } from './fixed-window.js';
import { Gcra } from './gcra.js';
import type { Meter } from './meter.js';
import type { ResolvedWindow } from './rate-limiter.options.js';
import { SlidingWindow } from './sliding-window.js';
import { SlidingWindowCounter } from './sliding-window-counter.js';
import { WarmUp } from './warm-up.js';

/**
 * The windows of one limit (10/s and 200/min and 5,000/day), taken together or not at all: every one is asked before
 * any is changed.
 */
export class Windows {
  readonly meters: readonly Meter[];
  /** Where each meter's cells begin. */
  private readonly offsets: readonly number[];
  readonly cells: number;
  readonly memoryMs: number;
  private readonly initialPermits: readonly number[];
  /** When there is but one: the usual case, which is to cost no loop. */
  /** The meter, where there is one window. */
  readonly only: Meter | undefined;

  constructor(
    readonly options: readonly ResolvedWindow[],
    /** Limits may grow to this multiple of the configured ones. */
    largestFactor = 1,
  ) {
    this.meters = options.map((window) => meterFor(window, largestFactor));
    const offsets: number[] = [];
    let cells = 0;
    for (const meter of this.meters) {
      offsets.push(cells);
      cells += meter.cells;
    }
    this.offsets = offsets;
    this.cells = cells;
    this.only = this.meters.length === 1 ? this.meters[0] : undefined;
    this.memoryMs = Math.max(...this.meters.map(({ memoryMs }) => memoryMs));
    this.initialPermits = options.map((window) => window.initialPermits ?? initialPermitsOf(window));
  }

  /** The largest cost that all windows can ever admit. */
  get capacity(): number {
    let least = Infinity;
    for (const meter of this.meters) if (meter.capacity < least) least = meter.capacity;
    return least;
  }

  start(state: Float64Array, at: number, since: number): void {
    for (let index = 0; index < this.meters.length; index += 1) {
      this.meters[index]!.start(state, at + this.offsets[index]!, since, this.initialPermits[index]!);
    }
  }

  wait(state: Float64Array, at: number, now: number, cost: number): number {
    const only = this.only;
    return only === undefined ? this.waitForAll(state, at, now, cost) : only.wait(state, at, now, cost);
  }

  private waitForAll(state: Float64Array, at: number, now: number, cost: number): number {
    let longest = 0;
    for (let index = 0; index < this.meters.length; index += 1) {
      const wait = this.meters[index]!.wait(state, at + this.offsets[index]!, now, cost);
      if (wait > longest) longest = wait;
    }
    return longest;
  }

  take(state: Float64Array, at: number, now: number, cost: number): void {
    const only = this.only;
    if (only === undefined) this.takeFromAll(state, at, now, cost);
    else only.take(state, at, now, cost);
  }

  private takeFromAll(state: Float64Array, at: number, now: number, cost: number): void {
    for (let index = 0; index < this.meters.length; index += 1) {
      this.meters[index]!.take(state, at + this.offsets[index]!, now, cost);
    }
  }

  /** @returns permits that every window gave back */
  refund(state: Float64Array, at: number, now: number, cost: number, takenAt: number): number {
    let least = cost;
    for (let index = 0; index < this.meters.length; index += 1) {
      const given = this.meters[index]!.refund(state, at + this.offsets[index]!, now, cost, takenAt);
      if (given < least) least = given;
    }
    return least;
  }

  remaining(state: Float64Array, at: number, now: number): number {
    let least = Infinity;
    for (let index = 0; index < this.meters.length; index += 1) {
      const remaining = this.meters[index]!.remaining(state, at + this.offsets[index]!, now);
      if (remaining < least) least = remaining;
    }
    return least;
  }

  /** Permits taken and not come back, window by window. */
  missing(state: Float64Array, at: number, now: number): number[] {
    return this.meters.map(
      (meter, index) => this.mostAtOnce(index) - meter.remaining(state, at + this.offsets[index]!, now),
    );
  }

  /** Leaves at most `permits` in one window: the one of that length, or the first. */
  drainTo(state: Float64Array, at: number, now: number, permits: number, windowMs: number | undefined): void {
    const index = Math.max(0, this.indexOf(windowMs));
    this.meters[index]!.drainTo(state, at + this.offsets[index]!, now, permits);
  }

  /** Leaves in each window at most the share that `other` has left in its own of the nearest length. */
  drainToShareOf(other: Windows, otherState: Float64Array, state: Float64Array, now: number): void {
    const missing = other.missing(otherState, 0, now);
    for (let index = 0; index < this.meters.length; index += 1) {
      const meter = this.meters[index]!;
      const nearest = other.nearestTo(meter.windowMs);
      const most = other.mostAtOnce(nearest);
      const permits = Math.floor((this.mostAtOnce(index) * (most - missing[nearest]!)) / most);
      meter.drainTo(state, this.offsets[index]!, now, permits);
    }
  }

  /** The configured limit of the window of that length, of the first when none is named. */
  limitOf(windowMs: number | undefined): number | undefined {
    return this.options[this.indexOf(windowMs)]?.limit;
  }

  /** Puts every window's limit at `factor` times the configured one, never below one permit. */
  scale(factor: number): void {
    for (let index = 0; index < this.meters.length; index += 1) {
      this.meters[index]!.resize(Math.max(1, this.options[index]!.limit * factor));
    }
  }

  /** A window that gives one at a time has one at most. */
  private mostAtOnce(index: number): number {
    return this.options[index]!.algorithm === 'warm-up' ? 1 : this.meters[index]!.capacity;
  }

  private nearestTo(windowMs: number): number {
    const distances = this.meters.map((meter) => Math.abs(Math.log(meter.windowMs / windowMs)));
    return distances.indexOf(Math.min(...distances));
  }

  private indexOf(windowMs: number | undefined): number {
    return windowMs === undefined ? 0 : this.options.findIndex((window) => window.windowMs === windowMs);
  }
}

function meterFor(window: ResolvedWindow, largestFactor: number): Meter {
  const { limit } = window;
  const windowMs = window.windowMs + window.jitterMs;
  switch (window.algorithm) {
    case 'token-bucket':
      return new Gcra(limit, windowMs, window.burst ?? limit);
    case 'gcra':
      return new Gcra(limit, windowMs, window.burst ?? 1);
    case 'pacing':
      return new Gcra(limit, windowMs, window.slack + 1);
    case 'sliding-window':
      return new SlidingWindow(limit, windowMs, Math.ceil(limit * largestFactor));
    case 'sliding-window-counter':
      return new SlidingWindowCounter(limit, windowMs);
    case 'fixed-window':
      return new FixedWindow(limit, windowMs);
    case 'warm-up':
      return new WarmUp(limit, windowMs, window.warmUpMs, window.coldFactor);
  }
}

/** A pacer has saved up no slack before its first call; everything else starts with all that it can give. */
function initialPermitsOf(window: ResolvedWindow): number {
  return window.algorithm === 'pacing' ? 1 : Infinity;
}
