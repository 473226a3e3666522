export type { Alert, AlertSeverity } from '../core/alert.js';
export type { AlertNotification, AlertSink, GroupingOptions } from './sink.js';
export type { ActiveAlerts, AlertHistory } from './active-alerts.js';
