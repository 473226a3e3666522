import type { Alert, AlertSeverity } from '../core/alert.js';
import type { AlertRule, Reading } from './rule.options.js';
import { type Evaluation, SeriesAlert } from './series-alert.js';
import { moreSevere } from './severity.js';

/** What happened to an alert. `escalated` is a firing one that became more severe. */
export type AlertChange = 'fired' | 'escalated' | 'resolved';

/** The alert of one rule on one of its series, through all its occurrences. Times are monotonic unless said otherwise. */
export class RuleSeries {
  readonly fingerprint: string;
  readonly #alert: SeriesAlert;
  #severity: AlertSeverity;
  #escalation = 0;
  #acknowledgedBy: string | undefined;
  #seenAt = -Infinity;
  #evaluation: Evaluation;
  /** On the wall clock, when the occurrence began and when it fired. */
  #since = 0;
  #firedAt: number | undefined;

  constructor(
    readonly rule: AlertRule,
    readonly labels: Readonly<Record<string, string>>,
  ) {
    this.fingerprint = fingerprintOf(rule.name, labels);
    this.#alert = new SeriesAlert(rule);
    this.#evaluation = this.#alert.evaluation;
    this.#severity = rule.severity;
  }

  get state(): Evaluation['state'] {
    return this.#evaluation.state;
  }

  /** When it was last there. */
  get seenAt(): number {
    return this.#seenAt;
  }

  /** Takes a reading, or `undefined` where the source has nothing of this series any more. */
  evaluate(reading: Reading | undefined, now: number, wallNow: number): AlertChange | undefined {
    const before = this.#evaluation.state;
    if (reading === undefined) this.#evaluation = this.#alert.tick(now);
    else {
      this.#seenAt = now;
      this.#evaluation = this.#alert.observe({ at: now, value: reading.value, total: reading.total });
    }
    const { change, state, since, severity } = this.#evaluation;
    if (state !== 'inactive' && before === 'inactive') {
      this.#since = Math.round(wallNow - (now - since!));
      this.#firedAt = undefined;
      this.#severity = this.rule.severity;
      this.#escalation = 0;
      this.#acknowledgedBy = undefined;
    }
    if (change === 'fired') {
      this.#firedAt = Math.round(wallNow);
      this.#severity = severity ?? this.rule.severity;
    }
    return change ?? (state === 'firing' && this.#rises(now) ? 'escalated' : undefined);
  }

  acknowledge(by: string): void {
    this.#acknowledgedBy = by;
  }

  /** The alert as it is shown; `ended` one that was firing until now. */
  view(wallNow: number, ended = false): Alert {
    const { rule, labels, fingerprint } = this;
    const { value, detail, state } = this.#evaluation;
    return {
      id: `${fingerprint}@${this.#since}`,
      fingerprint,
      name: rule.name,
      state: ended ? 'resolved' : state === 'firing' ? 'firing' : 'pending',
      severity: this.#severity,
      labels,
      ...(labels['policy'] !== undefined && { policy: labels['policy'] }),
      summary: `${rule.summary ?? rule.name}: ${detail}`,
      value: value === undefined || !Number.isFinite(value) ? null : value,
      since: this.#since,
      ...(this.#firedAt !== undefined && { firedAt: this.#firedAt }),
      ...(ended && { resolvedAt: Math.round(wallNow) }),
      escalation: this.#escalation,
      ...(this.#acknowledgedBy !== undefined && { acknowledgedBy: this.#acknowledgedBy }),
      ...(rule.runbook !== undefined && { runbook: rule.runbook }),
    };
  }

  /** Whether it has become more severe: by the rule's own measure, or because nobody has taken it in hand. */
  #rises(now: number): boolean {
    const before = this.#severity;
    this.#severity = moreSevere(before, this.#evaluation.severity ?? before);
    const { escalation } = this.rule;
    const firingMs = now - this.#evaluation.firedAt!;
    for (let next = escalation[this.#escalation]; next !== undefined; next = escalation[this.#escalation]) {
      if (this.#acknowledgedBy !== undefined || firingMs < next.afterMs) break;
      this.#escalation += 1;
      this.#severity = moreSevere(this.#severity, next.to);
    }
    return this.#severity !== before;
  }
}

/** `CircuitOpen{policy="okx"}`: the rule and its labels, in order of their names. */
export function fingerprintOf(name: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return sorted.length === 0 ? name : `${name}{${sorted.join(',')}}`;
}
