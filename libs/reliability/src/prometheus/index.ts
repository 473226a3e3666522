export { bindMetrics } from './bind-metrics.js';
export type { MetricFamily } from './metric-family.js';
export { POLICY_FAMILIES } from './policy-families.js';
export { ReliabilityPrometheusModule } from './reliability-prometheus.module.js';
