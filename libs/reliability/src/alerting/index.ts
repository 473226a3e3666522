export type { Alert, AlertSeverity } from '../core/alert.js';
export type { AlertNotification, AlertSink, GroupingOptions } from './sink.js';
export type { ActiveAlerts, AlertHistory } from './active-alerts.js';
export {
  alertsOn,
  type AlertSpan,
  type Evaluation,
  parseSeriesRule,
  SeriesAlert,
  seriesAlert,
} from './series-alert.js';
export type { Sample, SampleInput } from './series/sample.js';
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
