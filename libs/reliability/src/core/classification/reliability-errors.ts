import { ERROR_CLASSES, type ErrorClass } from '../error-class.js';
import { isReliabilityError } from '../errors.js';
import { verdict, type Verdict } from './verdict.js';

/** This library's own errors, which other instances of it may have thrown across a process boundary. */
export function byReliabilityError(error: unknown): Verdict | undefined {
  if (!isReliabilityError(error)) return undefined;
  const hint = error.retryAfterMs === undefined ? undefined : { retryAfterMs: error.retryAfterMs };
  switch (error.code) {
    case 'CALL_TIMEOUT':
    case 'DEADLINE_EXCEEDED':
      return verdict('timeout');
    case 'RATE_LIMITED':
      return { errorClass: 'rateLimit', neverSent: true, ...hint };
    case 'CIRCUIT_OPEN':
    case 'BULKHEAD_FULL':
    case 'NO_ENDPOINT':
    case 'SHUTTING_DOWN':
      return { errorClass: 'server', neverSent: true, ...hint };
    case 'INVALID_OPTIONS':
    case 'INVALID_USE':
    case 'UNKNOWN_POLICY':
      return verdict('client');
    case 'CHAOS_INJECTED':
      return { errorClass: injectedClass(error), ...hint };
    case 'RETRY_EXHAUSTED':
      return undefined;
    default:
      return error.refused ? { errorClass: 'server', neverSent: true, ...hint } : undefined;
  }
}

/** An injected fault says itself what it stands for. */
function injectedClass(error: object): ErrorClass {
  const { errorClass } = error as { readonly errorClass: ErrorClass };
  return ERROR_CLASSES.includes(errorClass) ? errorClass : 'unknown';
}
