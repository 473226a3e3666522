import type { ErrorClass } from '../core/error-class.js';
import { isReliabilityError, ReliabilityError } from '../core/errors.js';

/** A fault that chaos injected in place of the call. */
export class ChaosInjectedError extends ReliabilityError {
  constructor(
    policy: string,
    call: string,
    /** What the fault stands for; classification says the same. */
    readonly errorClass: ErrorClass,
    retryAfterMs: number | undefined,
  ) {
    super(`Chaos "${policy}" made ${call} fail (${errorClass})`, {
      code: 'CHAOS_INJECTED',
      policyType: 'chaos',
      policy,
      retryAfterMs,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ChaosInjectedError', configurable: true, writable: true });
  }
}

/** Whether an error is a fault that chaos injected. */
export function isChaosInjected(error: unknown): error is ChaosInjectedError {
  return isReliabilityError(error) && error.code === 'CHAOS_INJECTED';
}

/** Chaos cannot be switched on here. */
export class ChaosForbiddenError extends ReliabilityError {
  constructor(policy: string, reason: string) {
    super(`Chaos "${policy}" cannot be switched on: ${reason}`, {
      code: 'CHAOS_FORBIDDEN',
      policyType: 'chaos',
      policy,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ChaosForbiddenError', configurable: true, writable: true });
  }
}
