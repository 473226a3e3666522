export type { Alert, AlertSeverity } from '../core/alert.js';
export type { ActiveAlerts, AlertHistory } from './active-alerts.js';
export { Alerts, type AlertsSnapshot, type AlertSurroundings } from './alerts.js';
export { type AlertsOptions, alertsOptions } from './alerts.options.js';
export { type BuiltinRule, BUILTIN_RULES } from './builtin-rules.js';
export type { SinkSnapshot } from './delivery/sink-delivery.js';
export { verifyWebhook, type WebhookHeaders } from './delivery/webhook-signature.js';
export {
  type AlertRule,
  alertRule,
  type AlertRuleOptions,
  type AlertSource,
  type Reading,
  type SeriesRule,
  seriesRule,
  type SeriesRuleOptions,
} from './rule.options.js';
export { type PrometheusRuleFile, prometheusRules } from './prometheus-rules.js';
export type { RuleSnapshot } from './rule-watch.js';
export {
  alertsOn,
  type AlertSpan,
  type Evaluation,
  parseSeriesRule,
  SeriesAlert,
  seriesAlert,
} from './series-alert.js';
export type { Sample, SampleInput } from './series/sample.js';
export type { Silence, SilenceRequest } from './silences.js';
export type { AlertNotification, AlertSink, GroupingOptions } from './sink.js';
