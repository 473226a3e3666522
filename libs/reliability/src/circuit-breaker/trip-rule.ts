import type { OutcomeWindow } from './outcome-window.js';

/** When a circuit opens: on any of these. `false` switches one off. */
export interface TripRules {
  readonly consecutiveFailures: number | false;
  /** Share of failed calls, 0 to 1. */
  readonly failureRate: number | false;
  /** Share of slow calls, 0 to 1. */
  readonly slowCallRate: number | false;
  /** Calls in the window below which no rate is known. */
  readonly minimumCalls: number;
}

/** Why a circuit opened. */
export type TripReason =
  | 'consecutive-failures'
  | 'failure-rate'
  | 'slow-call-rate'
  | 'single-outcome'
  | 'probes-failed'
  | 'probes-slow'
  | 'isolated';

export function reachesStreak(rules: TripRules, consecutiveFailures: number): boolean {
  return rules.consecutiveFailures !== false && consecutiveFailures >= rules.consecutiveFailures;
}

/** The rate that the window has reached, if it has. At the threshold is reached. */
export function reachedRate(rules: TripRules, window: OutcomeWindow): TripReason | undefined {
  const { calls } = window;
  if (calls < rules.minimumCalls) return undefined;
  if (rules.failureRate !== false && window.failures / calls >= rules.failureRate) return 'failure-rate';
  if (rules.slowCallRate !== false && window.slow / calls >= rules.slowCallRate) return 'slow-call-rate';
  return undefined;
}
