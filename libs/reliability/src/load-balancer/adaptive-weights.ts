import type { Candidate } from './instance.js';

export interface AdaptiveWeightBounds {
  readonly minFactor: number;
  readonly maxFactor: number;
  /** Share of the way to the new factor, 0–1. */
  readonly smoothing: number;
}

export interface Adaptable extends Candidate {
  weightFactor: number;
}

/**
 * Moves each weight's factor towards (mean latency ÷ own latency) × (1 − own error rate)², within bounds. An instance
 * with nothing measured moves back towards 1.
 */
export function adaptWeights(
  instances: readonly Adaptable[],
  { minFactor, maxFactor, smoothing }: AdaptiveWeightBounds,
  now: number,
): void {
  const measured = instances.map((instance) => instance.costMs(now)).filter((ms) => ms > 0);
  const meanMs = measured.reduce((sum, ms) => sum + ms, 0) / measured.length;
  for (const instance of instances) {
    const ownMs = instance.costMs(now);
    const bySpeed = ownMs > 0 ? meanMs / ownMs : 1;
    const wanted = bySpeed * (1 - instance.errorRate(now)) ** 2;
    const bounded = Math.min(maxFactor, Math.max(minFactor, wanted));
    instance.weightFactor += smoothing * (bounded - instance.weightFactor);
  }
}
