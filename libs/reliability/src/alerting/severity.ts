import type { AlertSeverity } from '../core/alert.js';

/** The least first. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const satisfies readonly AlertSeverity[];

export function moreSevere(a: AlertSeverity, b: AlertSeverity): AlertSeverity {
  return SEVERITIES.indexOf(a) >= SEVERITIES.indexOf(b) ? a : b;
}
