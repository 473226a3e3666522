import type { Alert } from '../../core/alert.js';
import type { AlertNotification, AlertSink } from '../sink.js';
import type { AlertmanagerSinkOptions } from '../sink.options.js';
import { postJson } from './post-json.js';

/** Repeats without a word after which Alertmanager takes an alert for over: this process is gone. */
const MISSED_REPEATS = 4;

/**
 * Hands alerts to Alertmanager (API v2), as Prometheus does: every firing alert again each `repeatMs`, valid for four
 * times as long, and the resolved ones with their end. Grouping, routing and silencing by people are Alertmanager's.
 */
export function alertmanagerSink(options: AlertmanagerSinkOptions): AlertSink {
  const { name, severities, url, labels, repeatMs, headers } = options;
  return {
    name,
    severities,
    grouping: { by: [], waitMs: 0, intervalMs: 0, repeatMs },
    send({ alerts, at }: AlertNotification, signal: AbortSignal): Promise<void> {
      const validUntil = at + MISSED_REPEATS * repeatMs;
      const body = JSON.stringify(alerts.map((alert) => postable(alert, labels, validUntil)));
      return postJson(`${url.replace(/\/+$/, '')}/api/v2/alerts`, body, headers, signal);
    },
  };
}

function postable(alert: Alert, labels: Readonly<Record<string, string>>, validUntil: number) {
  const { name, severity, summary, runbook, firedAt, since, resolvedAt } = alert;
  return {
    labels: { ...labels, ...alert.labels, alertname: name, severity },
    annotations: { summary, ...(runbook !== undefined && { runbook_url: runbook }) },
    startsAt: new Date(firedAt ?? since).toISOString(),
    endsAt: new Date(resolvedAt ?? validUntil).toISOString(),
  };
}
