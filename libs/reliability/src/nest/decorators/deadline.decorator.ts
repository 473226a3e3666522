import { deadlinePolicy } from '../../time-limit/deadline.js';
import type { DeadlineOptions } from '../../time-limit/time-limit.options.js';
import { waitingPolicyDecorator } from '../policy-decorator.js';

/** Limits the time of the whole call, waiting and repetitions included. */
export const Deadline = waitingPolicyDecorator<DeadlineOptions>('Deadline', deadlinePolicy);
