export { DurationHistogram, type DurationsSnapshot } from '../core/duration-histogram.js';
export { bindFamilies } from './bind-families.js';
export { bindMetrics } from './bind-metrics.js';
export type { Look } from './collected-metric.js';
export { RELIABILITY_FAMILIES } from './families.js';
export { type LabelSlots, OTHER } from './label-slots.js';
export type { Labels, MetricFamily, Samples } from './metric-family.js';
export type { ReliabilityFamily } from './policy-family.js';
export { ReliabilityPrometheusModule } from './reliability-prometheus.module.js';
