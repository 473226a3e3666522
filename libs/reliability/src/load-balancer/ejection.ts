/** Whether passive health has taken an instance out, and how often it had to lately. */
export type Ejection = InService | Ejected;

export interface InService {
  readonly kind: 'none';
  /** Ejections lately, as of `since`. */
  readonly times: number;
  /** When it last returned. */
  readonly since: number;
}

export interface Ejected {
  readonly kind: 'ejected';
  readonly times: number;
  readonly until: number;
  readonly cause: EjectionCause;
}

export const EJECTION_CAUSES = [
  'consecutive-failures',
  'consecutive-local-failures',
  'success-rate',
  'failure-percentage',
] as const;

export type EjectionCause = (typeof EJECTION_CAUSES)[number];

export const NOT_EJECTED: InService = { kind: 'none', times: 0, since: 0 };

export interface EjectionTimes {
  /** Ejection time is this times the number of ejections lately, in ms. */
  readonly baseEjectionMs: number;
  /** Upper bound, in ms; never below the base. */
  readonly maxEjectionMs: number;
  /** Each of these in service takes one off the number of ejections, in ms. */
  readonly intervalMs: number;
  /** Random share added on top, 0–1, so that a fleet of callers does not return at once. */
  readonly jitter: number;
}

/** Takes out for `base × times`, capped, plus jitter. `chance` is uniform in [0, 1). */
export function eject(
  ejection: InService,
  cause: EjectionCause,
  now: number,
  { baseEjectionMs, maxEjectionMs, intervalMs, jitter }: EjectionTimes,
  chance: number,
): Ejected {
  const forgiven = Math.floor((now - ejection.since) / intervalMs);
  const times = 1 + Math.max(0, ejection.times - forgiven);
  const timeMs = Math.min(baseEjectionMs * times, Math.max(maxEjectionMs, baseEjectionMs));
  return { kind: 'ejected', times, until: now + timeMs * (1 + jitter * chance), cause };
}

/** The ejection time is over. The count is kept: only time in service makes it smaller. */
export function readmit({ times, until }: Ejected): InService {
  return { kind: 'none', times, since: until };
}

/**
 * Whether one more may be taken out so that, once it is out, no more than `maxShare` of all are. The share is computed
 * with the new ejection included: checked before it, three instances at 67 % could all go.
 */
export function mayEject(ejected: number, total: number, maxShare: number): boolean {
  // 0.29 × 100 is a little less than 29.
  return ejected + 1 <= maxShare * total + 1e-9;
}
