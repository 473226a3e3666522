import type { Alert } from '../core/alert.js';

/** What `Alerts.active()` gives. Plain JSON; the form changes only with its version. */
export interface ActiveAlerts {
  readonly version: 1;
  /** Ms since the Unix epoch. */
  readonly at: number;
  /** Firing and pending ones: the most severe first, then the oldest. */
  readonly alerts: readonly Alert[];
}

/** What `Alerts.history()` gives: what fired, was escalated or resolved, the newest first. */
export interface AlertHistory {
  readonly version: 1;
  readonly at: number;
  readonly alerts: readonly Alert[];
}
