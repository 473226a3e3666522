import type { Call } from '../core/call.js';
import { InvalidUseError } from '../core/errors.js';

const KEY = Symbol('idempotency key');

/** Computes the key of a call. `undefined`: this call has none. */
export type IdempotencyKey = (call: Call) => string | undefined;

/**
 * Gives the call its key, which is the same for all its attempts.
 * @throws InvalidUseError when the function throws or gives something else than a non-empty string or `undefined`
 */
export function attachIdempotencyKey(call: Call, keyOf: IdempotencyKey, policy: string): void {
  let key: unknown;
  try {
    key = keyOf(call);
  } catch (error) {
    throw new InvalidUseError(policy, call.name, 'idempotencyKey', 'the function threw', undefined, error);
  }
  if (key === undefined) return;
  if (typeof key !== 'string' || key === '') {
    throw new InvalidUseError(policy, call.name, 'idempotencyKey', 'must give a non-empty string or undefined', key);
  }
  call.attach(KEY, key);
}

/** The key of the call that the method was given as its context: to be sent along, usually as the header `Idempotency-Key`; `undefined` when the call has none. */
export function idempotencyKeyOf(context: object): string | undefined {
  const { attachment } = context as Partial<Pick<Call, 'attachment'>>;
  return attachment?.call(context as Call, KEY) as string | undefined;
}
