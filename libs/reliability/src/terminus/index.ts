export { ReliabilityHealthIndicator, type ReliabilityHealthOptions } from './reliability-health-indicator.js';
export { ReliabilityTerminusModule } from './reliability-terminus.module.js';
