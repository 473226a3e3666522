import type { LimitRule } from './limit-rule.js';
import type { WindowSample } from './sample-window.js';

/**
 * Additive increase, multiplicative decrease (D.-M. Chiu, R. Jain, "Analysis of the increase and decrease algorithms
 * for congestion avoidance in computer networks", 1989): one more slot after a window that used the limit without a
 * drop, a share less after one with a drop or with calls slower than they may be.
 */
export class AimdRule implements LimitRule {
  constructor(
    private readonly backoffRatio: number,
    private readonly slowMs: number,
  ) {}

  next(limit: number, sample: WindowSample, saturated: boolean): number {
    if (sample.dropped > 0 || sample.meanMs > this.slowMs) return limit * this.backoffRatio;
    return saturated ? limit + 1 : limit;
  }
}
