export type { HealthMountOptions } from '../nest/mount-options.js';
export { HealthReader, httpStatusOf } from './health-reader.js';
export {
  type HealthDetails,
  type HealthReport,
  type HealthStatus,
  type HealthVerdict,
  type ReliabilityHealthOptions,
  reportOf,
  verdictOfAll,
  verdictOfOne,
} from './health-report.js';
export { ReliabilityHealthModule } from './reliability-health.module.js';
