import { alertsOn, type SeriesRuleOptions } from '@marketprism/reliability/alerting';
import { DAY, INCIDENT_KINDS, type IncidentKind, labelledSeries } from './alerting-incidents.js';

const MINUTE = 60_000;
/** An alert that fires this long after an incident was caused by it: windows have to see it first. */
const GRACE = 10 * MINUTE;

/** The rule that is to find each kind of incident. */
export const RULE_FOR: Readonly<Record<IncidentKind, SeriesRuleOptions>> = {
  'error burst': { kind: 'error-rate', above: 0.05, clear: 0.03, forMs: 2 * MINUTE },
  'slow error-budget burn': { kind: 'burn-rate', objective: 0.999 },
  'latency rise': { kind: 'anomaly', direction: 'above', season: { periodMs: DAY } },
  'heavy-tailed latency rise': { kind: 'anomaly', direction: 'above' },
  'traffic drop': { kind: 'anomaly', direction: 'below', season: { periodMs: DAY } },
  'queue growth': { kind: 'threshold', above: 100, clear: 20, over: { by: 'min', windowMs: 3 * MINUTE } },
  'memory leak': {
    kind: 'forecast',
    reaches: 0.9,
    direction: 'rising',
    withinMs: 120 * MINUTE,
    windowMs: 120 * MINUTE,
    forMs: 5 * MINUTE,
  },
  'flapping circuit': { kind: 'flapping', changes: 8, windowMs: 10 * MINUTE },
  'retry budget drained': { kind: 'threshold', below: 2, clear: 5, forMs: 2 * MINUTE },
  'retries exhausted': { kind: 'threshold', above: 10, clear: 5, over: { by: 'increase', windowMs: 5 * MINUTE } },
};

export interface DetectionScore {
  readonly incidents: number;
  readonly found: number;
  readonly alerts: number;
  /** Alerts that no incident explains. */
  readonly falseAlerts: number;
  /** Median time from the beginning of an incident to its alert, in ms. */
  readonly delayMs: number;
  /** Share of alerts that an incident explains; 1 without alerts. */
  readonly precision: number;
  /** Share of incidents found. */
  readonly recall: number;
}

/** How well the rule for a kind of incident finds those in the series of some seeds. */
export function scoreDetection(kind: IncidentKind, seeds: readonly number[]): DetectionScore {
  let [incidents, found, alerts, falseAlerts] = [0, 0, 0, 0];
  const delays: number[] = [];
  for (const seed of seeds) {
    const series = labelledSeries(kind, seed);
    const spans = alertsOn(RULE_FOR[kind], series.samples);
    incidents += series.incidents.length;
    alerts += spans.length;
    const explains = (span: { firedAt: number }, { from, to }: { from: number; to: number }) =>
      span.firedAt >= from && span.firedAt <= to + GRACE;
    for (const span of spans) if (!series.incidents.some((incident) => explains(span, incident))) falseAlerts += 1;
    for (const incident of series.incidents) {
      const first = spans.find((span) => explains(span, incident));
      if (first === undefined) continue;
      found += 1;
      delays.push(first.firedAt - incident.from);
    }
  }
  delays.sort((a, b) => a - b);
  return {
    incidents,
    found,
    alerts,
    falseAlerts,
    delayMs: delays[delays.length >> 1] ?? Number.NaN,
    precision: alerts === 0 ? 1 : (alerts - falseAlerts) / alerts,
    recall: incidents === 0 ? 1 : found / incidents,
  };
}

export { INCIDENT_KINDS };
