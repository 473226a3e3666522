import { inspect } from 'node:util';
import { Call } from '../core/call.js';
import { InvalidUseError } from '../core/errors.js';
import type { AdmissionPolicy } from '../core/policy.js';
import type { Priority } from '../core/priority.js';
import { Refusal } from '../core/refusal.js';

/** How a limiter's `acquire` is to be served. */
export interface AcquireOptions {
  readonly key?: string;
  /** Permits to take, more than 0. Default 1. */
  readonly cost?: number;
  /** Default normal. */
  readonly priority?: Priority;
  readonly signal?: AbortSignal;
  /** Longest wait in ms, if shorter than the limiter's own. */
  readonly maxWaitMs?: number;
}

/**
 * Takes permits outside any chain, as a call would.
 * @throws RateLimitedError when they are refused, or the signal is aborted meanwhile
 * @throws InvalidUseError for options that cannot be
 */
export async function acquireFrom(
  limiter: AdmissionPolicy,
  now: number,
  { key, cost = 1, priority = 'normal', signal, maxWaitMs = Infinity }: AcquireOptions,
): Promise<void> {
  const site = `${limiter.name}.acquire`;
  if (typeof maxWaitMs !== 'number' || Number.isNaN(maxWaitMs)) {
    throw new InvalidUseError(limiter.name, site, 'maxWaitMs', 'must be a number of ms', maxWaitMs);
  }
  const call = new Call(site, acquired, undefined, []);
  if (signal !== undefined) call.follow(signal);
  call.deadline = now + maxWaitMs;
  const use = { site, cost, priority, key: key === undefined ? undefined : () => key };
  try {
    const admission = await limiter.admit(call, now, use);
    if (admission instanceof Refusal) throw admission.toError();
  } finally {
    call.finish();
  }
}

const acquired = () => undefined;

/** @throws TypeError */
export function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || (typeof key === 'string' && key !== '')) return key;
  throw new TypeError(`key must be a non-empty string; got ${inspect(key, { depth: 0 })}`);
}

/** @throws RangeError */
export function checkedCost(cost: number): number {
  if (cost > 0 && cost < Infinity) return cost;
  throw new RangeError(`cost must be a positive finite number; got ${cost}`);
}
