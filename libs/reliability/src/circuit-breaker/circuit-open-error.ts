import { isReliabilityError, ReliabilityError } from '../core/errors.js';
import { Refusal } from '../core/refusal.js';

/** States in which a breaker refuses. */
export type RefusingState = 'open' | 'half-open' | 'ramping' | 'forced-open';

const WHY: Readonly<Record<RefusingState, string>> = {
  open: 'is open',
  'half-open': 'is half-open and its probes are out',
  ramping: 'is recovering and admits only a part of the calls',
  'forced-open': 'is forced open',
};

/** A circuit breaker refused the call. `cause` is the failure that opened it, where there was one. */
export class CircuitOpenError extends ReliabilityError {
  constructor(
    policy: string,
    readonly state: RefusingState,
    /** Whose circuit it is; `undefined` for a breaker without keys. */
    readonly key: string | undefined,
    retryAfterMs: number | undefined,
    cause: unknown,
  ) {
    const of = key === undefined ? '' : ` for "${key}"`;
    const wait = retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(retryAfterMs)} ms`;
    super(`Circuit breaker "${policy}"${of} ${WHY[state]}${wait}`, {
      code: 'CIRCUIT_OPEN',
      policyType: 'circuit-breaker',
      policy,
      retryAfterMs,
      refused: true,
      cause,
    });
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'CircuitOpenError', configurable: true, writable: true });
  }
}

/** Whether a circuit breaker refused the call. */
export function isCircuitOpen(error: unknown): error is CircuitOpenError {
  return isReliabilityError(error) && error.code === 'CIRCUIT_OPEN';
}

/** A breaker's decision not to call. */
export class CircuitRefusal extends Refusal {
  constructor(
    policy: string,
    readonly state: RefusingState,
    readonly key: string | undefined,
    retryAfterMs: number | undefined,
    private readonly cause: unknown,
  ) {
    super(policy, retryAfterMs);
  }

  override toError(): CircuitOpenError {
    return new CircuitOpenError(this.policy, this.state, this.key, this.retryAfterMs, this.cause);
  }
}
