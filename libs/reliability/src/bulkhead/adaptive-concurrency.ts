import { DriftGuard } from './drift-guard.js';
import type { LimitRule } from './limit-rule.js';
import { SampleWindow } from './sample-window.js';

export interface AdaptiveConcurrencyOptions {
  readonly initialLimit: number;
  readonly minLimit: number;
  readonly maxLimit: number;
  readonly windowMs: number;
  readonly minimumCalls: number;
  /** Whether growth stops, and is taken back a little, where it stopped buying throughput. */
  readonly driftGuard: boolean;
}

/** The share of the limit that must have been in use for a window to say anything about more. */
const SATURATED = 0.5;

/** A concurrency limit that is moved by a rule, window by window, between two bounds. */
export class AdaptiveConcurrency {
  readonly #window: SampleWindow;
  readonly #guard: DriftGuard | undefined;
  #estimate: number;
  /** The limit in force: a whole number. */
  limit: number;
  /** Windows in which growth was vetoed. */
  vetoes = 0;

  constructor(
    private readonly options: AdaptiveConcurrencyOptions,
    private readonly rule: LimitRule,
  ) {
    this.#window = new SampleWindow(options.windowMs, options.minimumCalls);
    this.#guard = options.driftGuard ? new DriftGuard() : undefined;
    this.#estimate = this.#bounded(options.initialLimit);
    this.limit = Math.floor(this.#estimate);
  }

  /**
   * Learns from one call.
   * @param inFlight work in flight when the call ended, itself included
   * @param dropped whether it ended without a result because of overload
   * @returns whether the limit has changed
   */
  observe(durationMs: number, inFlight: number, dropped: boolean, now: number): boolean {
    const sample = this.#window.add(durationMs, inFlight, dropped, now);
    if (sample === undefined) return false;
    const saturated = sample.inFlight >= this.limit * SATURATED;
    let next = this.rule.next(this.#estimate, sample, saturated);
    this.#guard?.add(sample, saturated);
    if (next > this.#estimate && this.#guard?.vetoes === true) {
      next = this.#guard.retreat(this.#estimate);
      this.vetoes += 1;
    }
    const before = this.limit;
    this.#estimate = this.#bounded(next);
    this.limit = Math.floor(this.#estimate);
    return this.limit !== before;
  }

  #bounded(limit: number): number {
    return Math.min(this.options.maxLimit, Math.max(this.options.minLimit, limit));
  }
}
