import type { Alert, AlertSeverity } from '../core/alert.js';

/** What a sink is told: the alerts of one group, the firing ones and those resolved since the last time. Plain JSON. */
export interface AlertNotification {
  /** Of this form. */
  readonly version: 1;
  /** Unique, and the same when this notification is repeated because delivering it failed. */
  readonly id: string;
  /** `firing` as long as one alert of the group is. */
  readonly status: 'firing' | 'resolved';
  /** Labels that all alerts of the group share, by which they are grouped. */
  readonly group: Readonly<Record<string, string>>;
  readonly alerts: readonly Alert[];
  /** Alerts of the group left out for want of room. */
  readonly omitted: number;
  /** When it was made, in ms since the Unix epoch. */
  readonly at: number;
}

/** How alerts are put together for a sink; each part defaults to that of the whole. */
export interface GroupingOptions {
  /** Labels by which alerts are grouped; `alertname` is the rule. All in one group when empty. */
  readonly by: readonly string[];
  /** How long a new group waits for more, in ms. */
  readonly waitMs: number;
  /** Shortest time between two notifications of a group that changed, in ms. */
  readonly intervalMs: number;
  /** After how long a group that has not changed is told again, in ms. */
  readonly repeatMs: number;
}

/**
 * Where alerts go. What it throws is a failed delivery: repeated with delays, under a time limit and behind a circuit
 * breaker of its own, and in the end with the state of then. It never reaches a call.
 */
export interface AlertSink {
  /** Unique among the sinks. */
  readonly name: string;
  /** Takes only alerts of these severities; all by default. */
  readonly severities?: readonly AlertSeverity[];
  readonly grouping?: Partial<GroupingOptions>;
  /** @param signal aborted when the time limit has passed */
  send(notification: AlertNotification, signal: AbortSignal): void | Promise<void>;
}
