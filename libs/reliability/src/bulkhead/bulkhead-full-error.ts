import { isReliabilityError, ReliabilityError, ShuttingDownError } from '../core/errors.js';
import { Refusal } from '../core/refusal.js';
import type { Unserved } from '../core/wait-queue.js';

/** Why a bulkhead refused: the queue's reasons, or `overloaded`: the process itself is. */
export type BulkheadRefusalReason = Unserved | 'overloaded';

const WHY: Readonly<Record<BulkheadRefusalReason, string>> = {
  full: 'is full',
  shed: 'is full, and gave the place in its queue to a more urgent call',
  expired: 'had no room as long as the call may wait',
  aborted: 'still had no room when the call was aborted',
  closed: 'is shutting down',
  overloaded: 'refuses because the process is overloaded',
};

/** A bulkhead had no room for the call. */
export class BulkheadFullError extends ReliabilityError {
  constructor(
    policy: string,
    readonly reason: BulkheadRefusalReason,
    /** Whose compartment it is; `undefined` for a bulkhead without keys. */
    readonly key: string | undefined,
    retryAfterMs: number | undefined,
  ) {
    super(`Bulkhead "${policy}"${key === undefined ? '' : ` for "${key}"`} ${WHY[reason]}`, {
      code: 'BULKHEAD_FULL',
      policyType: 'bulkhead',
      policy,
      retryAfterMs,
      refused: true,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'BulkheadFullError', configurable: true, writable: true });
  }
}

/** Whether a bulkhead had no room for the call. */
export function isBulkheadFull(error: unknown): error is BulkheadFullError {
  return isReliabilityError(error) && error.code === 'BULKHEAD_FULL';
}

/** A bulkhead's decision not to call. */
export class BulkheadRefusal extends Refusal {
  constructor(
    policy: string,
    readonly reason: BulkheadRefusalReason,
    readonly key: string | undefined,
    retryAfterMs: number | undefined,
  ) {
    super(policy, retryAfterMs);
  }

  override toError(): BulkheadFullError | ShuttingDownError {
    return this.reason === 'closed'
      ? new ShuttingDownError('bulkhead', this.policy)
      : new BulkheadFullError(this.policy, this.reason, this.key, this.retryAfterMs);
  }
}
