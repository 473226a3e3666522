/** How soon somebody has to look: `info` at leisure, `warning` today, `critical` now. */
export type AlertSeverity = 'info' | 'warning' | 'critical';

/** One alert as pages, sinks, events and the history show it. Plain JSON. */
export interface Alert {
  /** One occurrence: the fingerprint and when it began. */
  readonly id: string;
  /** The rule and its labels: the same whenever this alert comes back. */
  readonly fingerprint: string;
  /** Name of the rule. */
  readonly name: string;
  /** `pending`: the condition holds, but not for long enough yet. */
  readonly state: 'pending' | 'firing' | 'resolved';
  /** Raised by escalation. */
  readonly severity: AlertSeverity;
  /** What is told apart within a rule: `policy`, `endpoint`, … */
  readonly labels: Readonly<Record<string, string>>;
  /** The policy that it is about; absent for the process and for series of one's own. */
  readonly policy?: string;
  /** One line for people, with the figure. */
  readonly summary: string;
  /** The figure that the rule looked at last; `null` when there was none. */
  readonly value: number | null;
  /** Since when the condition has held, in ms since the Unix epoch. */
  readonly since: number;
  /** When it fired, in ms since the Unix epoch. */
  readonly firedAt?: number;
  /** When it was over, in ms since the Unix epoch. */
  readonly resolvedAt?: number;
  /** How often it was escalated. */
  readonly escalation: number;
  /** Who has taken it in hand. */
  readonly acknowledgedBy?: string;
  /** Id of the silence that keeps it from the sinks. */
  readonly silencedBy?: string;
  /** What it means, how to see why, what to do. */
  readonly runbook?: string;
}
