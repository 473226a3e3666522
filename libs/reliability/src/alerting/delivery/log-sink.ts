import type { Alert, AlertSeverity } from '../../core/alert.js';
import type { AlertNotification, AlertSink } from '../sink.js';
import type { LogSinkOptions } from '../sink.options.js';

/** Writes one line. `alert` is for logs that keep fields. */
export type WriteAlertLine = (severity: AlertSeverity, line: string, alert: Alert) => void;

/** A line for each alert that fired, rose in severity or is over. */
export function logSink({ name, severities }: LogSinkOptions, write: WriteAlertLine): AlertSink {
  const written = new Map<string, string>();
  return {
    name,
    severities,
    grouping: { by: ['alertname'], waitMs: 0, intervalMs: 0, repeatMs: Infinity },
    send({ alerts }: AlertNotification): void {
      for (const alert of alerts) {
        const now = `${alert.id} ${alert.state} ${alert.severity}`;
        if (written.get(alert.fingerprint) === now) continue;
        if (alert.state === 'resolved') written.delete(alert.fingerprint);
        else written.set(alert.fingerprint, now);
        write(alert.state === 'resolved' ? 'info' : alert.severity, lineOf(alert), alert);
      }
    },
  };
}

function lineOf({ name, labels, state, severity, summary }: Alert): string {
  const of = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const what = state === 'resolved' ? 'resolved' : severity;
  return `Alert ${name}${of.length === 0 ? '' : ` {${of.join(', ')}}`} ${what}: ${summary}`;
}
