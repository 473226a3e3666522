import type { ReliabilityErrorCode } from '../core/errors.js';
import { isReliabilityError, ReliabilityError } from '../core/errors.js';
import type { Unserved } from '../core/wait-queue.js';
import { Refusal } from '../core/refusal.js';

/**
 * Why a limiter refused.
 *
 * - `limit`: no permit at present (mode `reject`)
 * - `wait-too-long`: the queue is too long for the call's deadline or for `maxWaitMs`
 * - `queue-full`, `shed`: no room in the queue, or given up for a more urgent call
 * - `expired`: waited as long as it may
 * - `aborted`: its caller gave up while it waited
 * - `cost-above-limit`: costs more than the limit can ever give at once
 * - `penalty`: blocked after abuse, or because the other side asked for a pause
 * - `throttled`: dropped by the adaptive strategy, since the other side rejects too much
 * - `too-many-keys`: all keys are taken and new ones are refused
 * - `store-unavailable`: the shared state cannot be reached and the fallback is `closed`
 * - `closed`: shutting down
 */
export const RATE_LIMIT_REASONS = [
  'limit',
  'wait-too-long',
  'queue-full',
  'shed',
  'expired',
  'aborted',
  'cost-above-limit',
  'penalty',
  'throttled',
  'too-many-keys',
  'store-unavailable',
  'closed',
] as const;

export type RateLimitReason = (typeof RATE_LIMIT_REASONS)[number];

/** What a limiter calls the ways in which its queue lets a call go. */
export const REASON_OF_UNSERVED: Readonly<Record<Unserved, RateLimitReason>> = {
  full: 'queue-full',
  shed: 'shed',
  expired: 'expired',
  aborted: 'aborted',
  closed: 'closed',
};

const CODE: ReliabilityErrorCode = 'RATE_LIMITED';

/** A rate limiter refused; the method was not called. */
export class RateLimitedError extends ReliabilityError {
  constructor(
    policy: string,
    readonly reason: RateLimitReason,
    retryAfterMs: number | undefined,
    /** Whose limit it is, when the limiter keeps one for each key. */
    readonly key?: string,
    cause?: unknown,
  ) {
    super(message(policy, reason, retryAfterMs, key), {
      code: CODE,
      policyType: 'rate-limiter',
      policy,
      retryAfterMs,
      refused: true,
      cause,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'RateLimitedError', configurable: true, writable: true });
  }
}

/** Whether a rate limiter refused. */
export function isRateLimited(error: unknown): error is RateLimitedError {
  return isReliabilityError(error) && error.code === CODE;
}

/** A limiter's refusal, before it becomes an error. */
export class RateLimitRefusal extends Refusal {
  constructor(
    policy: string,
    readonly reason: RateLimitReason,
    retryAfterMs: number | undefined,
    readonly key?: string,
    private readonly cause?: unknown,
  ) {
    super(policy, retryAfterMs);
  }

  override toError(): RateLimitedError {
    return new RateLimitedError(this.policy, this.reason, this.retryAfterMs, this.key, this.cause);
  }
}

function message(policy: string, reason: RateLimitReason, retryAfterMs: number | undefined, key?: string): string {
  const of = key === undefined ? '' : ` for key "${key.slice(0, 80)}"`;
  const retry = retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(retryAfterMs)} ms`;
  return `Rate limiter "${policy}" refused${of} (${reason})${retry}`;
}
