import { isReliabilityError, ReliabilityError } from '../core/errors.js';

/** One attempt took longer than its time limit. The method was called, and may still be at work. */
export class CallTimeoutError extends ReliabilityError {
  constructor(
    policy: string,
    call: string,
    /** The limit that applied, in ms. */
    readonly limitMs: number,
  ) {
    super(`Time limit "${policy}": ${call} gave no result within ${round(limitMs)} ms`, {
      code: 'CALL_TIMEOUT',
      policyType: 'time-limit',
      policy,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'CallTimeoutError', configurable: true, writable: true });
  }
}

/** Whether one attempt took longer than its time limit. */
export function isCallTimeout(error: unknown): error is CallTimeoutError {
  return isReliabilityError(error) && error.code === 'CALL_TIMEOUT';
}

const round = (ms: number) => Math.round(ms * 100) / 100;
