/** Whether the shared store answers. While it does not, one call at a time finds out whether it does again. */
export type StoreHealth =
  | { readonly kind: 'available' }
  | {
      readonly kind: 'unavailable';
      readonly since: number;
      readonly failures: number;
      readonly probeAt: number;
      readonly probing: boolean;
    };

export const AVAILABLE: StoreHealth = { kind: 'available' };

export interface ProbeTimes {
  /** Ms from a failure to the first probe. */
  readonly firstMs: number;
  /** Longest time between probes, in ms. */
  readonly longestMs: number;
}

/**
 * A command failed. The times between probes double up to the longest, each spread over its upper half, so that the
 * instances of a fleet that lost the same store do not come back to it at the same moment.
 */
export function afterFailure(health: StoreHealth, now: number, chance: number, times: ProbeTimes): StoreHealth {
  const failures = health.kind === 'available' ? 1 : health.failures + 1;
  const pause = Math.min(times.longestMs, times.firstMs * 2 ** Math.min(failures - 1, 30));
  const since = health.kind === 'available' ? now : health.since;
  return { kind: 'unavailable', since, failures, probeAt: now + pause * (0.5 + chance / 2), probing: false };
}

/** Whether a call that comes now is the one to find out. */
export function mayProbe(health: StoreHealth, now: number): boolean {
  return health.kind === 'unavailable' && !health.probing && now >= health.probeAt;
}

export function whileProbing(health: StoreHealth): StoreHealth {
  return health.kind === 'available' ? health : { ...health, probing: true };
}
