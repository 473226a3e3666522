import { isReliabilityError, ReliabilityError } from '../core/errors.js';

/** The time for the whole call, repetitions and waiting included, is over. */
export class DeadlineExceededError extends ReliabilityError {
  constructor(
    policyType: string,
    policy: string,
    call: string,
    /** Whether the deadline had passed before anything was started. */
    refused: boolean,
  ) {
    super(
      `${policyType} "${policy}": the deadline of ${call} ${refused ? 'had passed before it was called' : 'passed before it gave a result'}`,
      { code: 'DEADLINE_EXCEEDED', policyType, policy, refused },
    );
  }

  static {
    Object.defineProperty(this.prototype, 'name', {
      value: 'DeadlineExceededError',
      configurable: true,
      writable: true,
    });
  }
}

/** Whether the time for a whole call is over. */
export function isDeadlineExceeded(error: unknown): error is DeadlineExceededError {
  return isReliabilityError(error) && error.code === 'DEADLINE_EXCEEDED';
}
