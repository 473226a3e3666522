import { isReliabilityError, ReliabilityError } from '../core/errors.js';
import type { RetryReport } from './attempts-of.js';

/** The retries of an operation are used up. `cause` is the last error. */
export class RetryExhaustedError extends ReliabilityError {
  constructor(
    readonly report: RetryReport,
    cause: unknown,
  ) {
    const { attempts } = report;
    const last = attempts.at(-1);
    super(
      `Retry "${report.policy}": ${report.call} failed ${attempts.length} ${attempts.length === 1 ? 'time' : 'times'}` +
        ` (last: ${last?.errorClass ?? 'unknown'}), no further attempt: ${report.reason}`,
      { code: 'RETRY_EXHAUSTED', policyType: 'retry', policy: report.policy, cause },
    );
  }
}

/** Whether the retries of an operation were used up. */
export function isRetryExhausted(error: unknown): error is RetryExhaustedError {
  return isReliabilityError(error) && error.code === 'RETRY_EXHAUSTED';
}
