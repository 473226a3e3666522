import { timeLimitPolicy } from '../../time-limit/time-limit.js';
import type { TimeLimitOptions } from '../../time-limit/time-limit.options.js';
import { waitingPolicyDecorator } from '../policy-decorator.js';

/** Limits the time of each attempt. */
export const TimeLimit = waitingPolicyDecorator<TimeLimitOptions>('TimeLimit', timeLimitPolicy);
