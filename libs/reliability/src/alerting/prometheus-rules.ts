import type { BuiltinRule } from './builtin-rules.js';
import { type AlertRule, alertRule } from './rule.options.js';

/** A rule file of Prometheus, to be written as YAML or JSON. */
export interface PrometheusRuleFile {
  readonly groups: readonly PrometheusGroup[];
}

interface PrometheusGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (PrometheusRecord | PrometheusAlert)[];
}

interface PrometheusRecord {
  readonly record: string;
  readonly expr: string;
}

interface PrometheusAlert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

type Metrics = NonNullable<BuiltinRule['prometheus']>;
type Of<K extends AlertRule['kind']> = Extract<AlertRule, { kind: K }>;

/** What a rule becomes: alerts, and series recorded for them beforehand. */
interface Rendered {
  readonly records?: readonly PrometheusRecord[];
  readonly alerts: readonly { readonly expr: string; readonly forMs?: number; readonly severity?: string }[];
}

const RECORD_INTERVAL_MS = 60_000;
/** How far back the usual is looked for: there is no memory in PromQL but a window. */
const ANOMALY_WINDOW_MS = 3_600_000;
/** Quartiles of normal values are this many standard deviations apart. */
const NORMAL_QUARTILES = 1.349;
const MS_PER_SECOND = 1_000;

/** Rules in PromQL, those alone whose figures are exported. Escalation and hysteresis are left to Alertmanager. */
export function prometheusRules(rules: readonly BuiltinRule[]): PrometheusRuleFile {
  const recorded: PrometheusGroup['rules'][number][] = [];
  const plain: PrometheusGroup['rules'][number][] = [];
  for (const { rule: options, prometheus } of rules) {
    if (prometheus === undefined) continue;
    const rule = alertRule.parse(options);
    const { records = [], alerts } = render(rule, prometheus);
    const group = records.length > 0 ? recorded : plain;
    group.push(...records, ...alerts.map((alert) => alertOf(rule, alert)));
  }
  return {
    groups: [
      { name: 'reliability', interval: '15s', rules: plain },
      { name: 'reliability-recorded', interval: duration(RECORD_INTERVAL_MS), rules: recorded },
    ],
  };
}

function alertOf(rule: AlertRule, { expr, forMs = rule.forMs, severity }: Rendered['alerts'][number]): PrometheusAlert {
  return {
    alert: rule.name,
    expr,
    ...(forMs > 0 && { for: duration(forMs) }),
    ...(rule.keepFiringMs > 0 && { keep_firing_for: duration(rule.keepFiringMs) }),
    labels: { ...rule.labels, severity: severity ?? rule.severity },
    annotations: {
      summary: rule.summary ?? rule.name,
      ...(rule.runbook !== undefined && { runbook_url: rule.runbook }),
    },
  };
}

function render(rule: AlertRule, metrics: Metrics): Rendered {
  switch (rule.kind) {
    case 'threshold':
      return threshold(rule, metrics);
    case 'flapping':
      // Prometheus extrapolates increases: they are no whole numbers.
      return { alerts: [{ expr: `${increase(metrics.value, rule.windowMs, metrics)} > ${rule.changes - 0.5}` }] };
    case 'error-rate':
      return errorRate(rule, metrics);
    case 'burn-rate':
      return burnRate(rule, metrics);
    case 'anomaly':
      return anomaly(rule, metrics);
    case 'forecast':
      return forecast(rule, metrics);
  }
}

function threshold(rule: Of<'threshold'>, metrics: Metrics): Rendered {
  const { above, below, over, forMs } = rule;
  const compared = `${above === undefined ? '<' : '>'} ${shown((above ?? below)! * (metrics.unit ?? 1))}`;
  switch (over?.by) {
    case undefined:
      return { alerts: [{ expr: `${level(metrics)} ${compared}` }] };
    case 'min':
      // What has been above for the whole window has its minimum above.
      return { alerts: [{ expr: `${level(metrics)} ${compared}`, forMs: forMs + over.windowMs }] };
    case 'mean':
    case 'max': {
      const figure = over.by === 'mean' ? 'avg_over_time' : 'max_over_time';
      return { alerts: [{ expr: `${figure}((${level(metrics)})[${duration(over.windowMs)}:15s]) ${compared}` }] };
    }
    case 'increase':
      return { alerts: [{ expr: `${increase(metrics.value, over.windowMs, metrics)} ${compared}` }] };
    case 'rate':
      return { alerts: [{ expr: `${rate(metrics.value, over.windowMs, metrics)} ${compared}` }] };
  }
}

function errorRate({ above, windowMs, minimumCalls }: Of<'error-rate'>, metrics: Metrics): Rendered {
  const calls = increase(metrics.total!, windowMs, metrics);
  const share = `${increase(metrics.value, windowMs, metrics)} / ${calls}`;
  return { alerts: [{ expr: `${share} > ${above} and ${calls} >= ${minimumCalls}` }] };
}

function burnRate({ name, objective, windows, minimumCalls }: Of<'burn-rate'>, metrics: Metrics): Rendered {
  const record = (ms: number) => `reliability:${name}:failed_ratio_rate${duration(ms)}`;
  const lengths = [...new Set(windows.flatMap(({ longMs, shortMs }) => [longMs, shortMs]))].sort((a, b) => a - b);
  const records = lengths.map((ms) => ({
    record: record(ms),
    expr: `${rate(metrics.value, ms, metrics)} / (${rate(metrics.total!, ms, metrics)} > 0)`,
  }));
  const severities = [...new Set(windows.map(({ severity }) => severity))];
  const alerts = severities.map((severity) => ({
    severity,
    expr: windows
      .filter((one) => one.severity === severity)
      .map(({ longMs, shortMs, factor }) => {
        const limit = shown(factor * (1 - objective));
        const enough = `${increase(metrics.total!, shortMs, metrics)} >= ${minimumCalls}`;
        return `(${record(longMs)} > ${limit} and ${record(shortMs)} > ${limit} and ${enough})`;
      })
      .join(' or '),
  }));
  return { records, alerts };
}

/** The robust z-score by quartiles over the last hour; a season is that hour of the day before. */
function anomaly(rule: Of<'anomaly'>, metrics: Metrics): Rendered {
  const { name, direction, sensitivity, minDeviation, minShare, season, warmUp, confirm } = rule;
  const record = `reliability:${name}:value`;
  const window = `${record}[${duration(ANOMALY_WINDOW_MS)}]`;
  const past = season === undefined ? window : `${window} offset ${duration(season.periodMs - ANOMALY_WINDOW_MS / 2)}`;
  const usual = `quantile_over_time(0.5, ${past})`;
  const quartiles = `(quantile_over_time(0.75, ${past}) - quantile_over_time(0.25, ${past}))`;
  const off = { above: `(${record} - ${usual})`, below: `(${usual} - ${record})`, both: `abs(${record} - ${usual})` }[
    direction
  ];
  const conditions = [
    `${off} > ${sensitivity} * ${quartiles} / ${NORMAL_QUARTILES}`,
    `${off} > ${shown(sensitivity * minShare)} * abs(${usual})`,
    `${off} > ${shown(sensitivity * minDeviation * (metrics.unit ?? 1))}`,
    `count_over_time(${past}) >= ${warmUp}`,
  ];
  const value = rule.of === 'rate' ? rate(metrics.value, 5 * RECORD_INTERVAL_MS, metrics) : level(metrics);
  return {
    records: [{ record, expr: value }],
    alerts: [
      { expr: conditions.join(' and '), forMs: Math.max(rule.forMs, (confirm.samples - 1) * RECORD_INTERVAL_MS) },
    ],
  };
}

function forecast(rule: Of<'forecast'>, metrics: Metrics): Rendered {
  const { name, reaches, direction, withinMs, windowMs } = rule;
  const record = `reliability:${name}:value`;
  const window = `${record}[${duration(windowMs)}]`;
  const limit = shown(reaches * (metrics.unit ?? 1));
  const [beyond, towards] = direction === 'rising' ? ['>=', '>'] : ['<=', '<'];
  const enough = Math.ceil((0.3 * windowMs) / RECORD_INTERVAL_MS);
  const conditions = [
    `predict_linear(${window}, ${withinMs / MS_PER_SECOND}) ${beyond} ${limit}`,
    `deriv(${window}) ${towards} 0`,
    `count_over_time(${window}) >= ${enough}`,
  ];
  return {
    records: [{ record, expr: level(metrics) }],
    alerts: [{ expr: `(${conditions.join(' and ')}) or ${record} ${beyond} ${limit}` }],
  };
}

const by = ({ by: labels }: Metrics) => `sum by (${labels.join(', ')})`;

function level(metrics: Metrics): string {
  const value = `${by(metrics)} (${metrics.value})`;
  return metrics.total === undefined ? value : `${value} / ${by(metrics)} (${metrics.total})`;
}

const increase = (series: string, ms: number, metrics: Metrics) =>
  `${by(metrics)} (increase(${series}[${duration(ms)}]))`;
const rate = (series: string, ms: number, metrics: Metrics) => `${by(metrics)} (rate(${series}[${duration(ms)}]))`;

const shown = (value: number) => String(Number(value.toPrecision(12)));

/** As Prometheus writes durations: `90s`, `5m`, `3d`. */
function duration(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const)
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  return `${ms}ms`;
}
