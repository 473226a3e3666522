export { registerStreamMetrics } from './stream-metrics.js';
