import { retryPolicy } from '../../retry/retry.js';
import type { RetryOptions } from '../../retry/retry.options.js';
import { waitingPolicyDecorator } from '../policy-decorator.js';

/** Repeats attempts that failed, by class of error, with backoff and a budget. */
export const Retry = waitingPolicyDecorator<RetryOptions>('Retry', retryPolicy);
