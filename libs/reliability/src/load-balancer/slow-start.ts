export interface SlowStart {
  /** Time until an instance that joined or returned has its full weight, in ms. */
  readonly windowMs: number;
  /** 1: linear; above 1: faster at first; below 1: slower at first. */
  readonly aggression: number;
  /** Share of the weight at the start, 0–1. */
  readonly minWeightShare: number;
}

/**
 * Share of its weight that an instance has `sinceMs` after it joined or returned, as Envoy computes it:
 * max(min, (max(t, 1 s) / window)^(1/aggression)).
 */
export function slowStartShare(sinceMs: number, { windowMs, aggression, minWeightShare }: SlowStart): number {
  if (sinceMs >= windowMs) return 1;
  const progress = Math.min(1, Math.max(sinceMs, 1_000) / windowMs);
  return Math.max(minWeightShare, progress ** (1 / aggression));
}
