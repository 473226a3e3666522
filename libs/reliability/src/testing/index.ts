export { ManualClock, settlePromises } from './manual-clock.js';
export { type Ending, endingOf, type PendingWork, pendingWork } from './pending-work.js';
export { RecordedEvents } from './recorded-events.js';
export { ReliabilityTesting } from './reliability-testing.js';
export { ScriptedTarget, type Step } from './scripted-target.js';
export { testCall } from './test-call.js';
export { type TestContext, testContext } from './test-context.js';
export { type TestCapabilities, testCapabilities } from './test-capabilities.js';
export { seededRandom } from '../core/random.js';
