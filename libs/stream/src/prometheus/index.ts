export { bindStreamMetrics } from '../metrics/bind-stream-metrics.js';
export { STREAM_FAMILIES } from '../metrics/stream-families.js';
export type { StreamFigures, StreamSources, StreamView } from '../metrics/stream-view.js';
