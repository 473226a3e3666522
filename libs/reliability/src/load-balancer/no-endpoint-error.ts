import { isReliabilityError, ReliabilityError } from '../core/errors.js';
import { Refusal } from '../core/refusal.js';

/**
 * Why no endpoint could take the call.
 *
 * - `empty`: the balancer has no endpoints
 * - `unavailable`: all are ejected, unhealthy, draining or at rest
 * - `refused`: their own breakers, limiters or limits on calls under way refused
 */
export type NoEndpointReason = 'empty' | 'unavailable' | 'refused';

/** No endpoint can take the call. It was not made. */
export class NoEndpointError extends ReliabilityError {
  constructor(
    policy: string,
    readonly reason: NoEndpointReason,
    /** Number of endpoints, usable or not. */
    readonly endpoints: number,
    retryAfterMs: number | undefined,
  ) {
    const when = retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(retryAfterMs)} ms`;
    const what = reason === 'empty' ? 'it has none' : `${endpoints} known, ${reason}`;
    super(`Load balancer "${policy}" has no endpoint for the call: ${what}${when}`, {
      code: 'NO_ENDPOINT',
      policyType: 'load-balancer',
      policy,
      retryAfterMs,
      refused: true,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'NoEndpointError', configurable: true, writable: true });
  }
}

/** Whether a balancer had no endpoint for the call. */
export function isNoEndpoint(error: unknown): error is NoEndpointError {
  return isReliabilityError(error) && error.code === 'NO_ENDPOINT';
}

export class NoEndpoint extends Refusal {
  constructor(
    policy: string,
    readonly reason: NoEndpointReason,
    readonly endpoints: number,
    retryAfterMs: number | undefined,
  ) {
    super(policy, retryAfterMs);
  }

  toError(): NoEndpointError {
    return new NoEndpointError(this.policy, this.reason, this.endpoints, this.retryAfterMs);
  }
}
