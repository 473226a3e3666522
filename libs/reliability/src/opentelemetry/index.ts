export type { LineLimitOptions } from './line-limit.js';
export { CallTracing, type TracingOptions } from './call-tracing.js';
export { ReliabilityTracing, ReliabilityTracingModule, traceCalls } from './reliability-tracing.module.js';
export { TracedLogger, type TracedLoggerOptions } from './traced-logger.js';
