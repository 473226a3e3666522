import type { Call } from './call.js';
import { InvalidUseError } from './errors.js';
import type { Priority } from './priority.js';
import { PRIORITY_RANK } from './priority.js';

/** A value, or a function of the call that gives it. */
export type Per<T> = T | ((call: Call) => T);

/** How one call site uses a policy: what of the call the policy is to look at. */
export interface Use {
  /** Where this use stands, for messages: `Class.method`. */
  readonly site: string;
  /** State is kept apart per key: tenant, symbol, host. */
  readonly key?: (call: Call) => string;
  readonly priority?: Per<Priority>;
  /** Permits one call takes, default 1. */
  readonly cost?: Per<number>;
}

/** A use that looks at nothing. */
export const PLAIN_USE: Use = { site: 'anonymous' };

/** @throws InvalidUseError when the function throws or gives something else than a non-empty string or a finite number */
export function keyOf(use: Use, call: Call, policy: string): string | undefined {
  if (use.key === undefined) return undefined;
  const key: unknown = evaluate(use.key, call, use, policy, 'key');
  if (typeof key === 'string' && key !== '') return key;
  if (typeof key === 'number' && Number.isFinite(key)) return String(key);
  throw new InvalidUseError(policy, use.site, 'key', 'must give a non-empty string or a finite number', key);
}

/** @throws InvalidUseError when the function throws or gives an unknown level */
export function priorityOf(use: Use, call: Call, policy: string): Priority {
  if (use.priority === undefined) return call.priority;
  const priority: unknown =
    typeof use.priority === 'function' ? evaluate(use.priority, call, use, policy, 'priority') : use.priority;
  if (typeof priority === 'string' && Object.hasOwn(PRIORITY_RANK, priority)) return priority as Priority;
  throw new InvalidUseError(policy, use.site, 'priority', 'must be critical, high, normal or low', priority);
}

/** @throws InvalidUseError when the function throws or gives something else than a positive finite number */
export function costOf(use: Use, call: Call, policy: string): number {
  if (use.cost === undefined) return 1;
  const cost: unknown = typeof use.cost === 'function' ? evaluate(use.cost, call, use, policy, 'cost') : use.cost;
  if (typeof cost === 'number' && cost > 0 && cost < Infinity) return cost;
  throw new InvalidUseError(policy, use.site, 'cost', 'must be a positive finite number', cost);
}

function evaluate<T>(per: (call: Call) => T, call: Call, use: Use, policy: string, what: string): T {
  try {
    return per(call);
  } catch (error) {
    throw new InvalidUseError(policy, use.site, what, 'the function threw', undefined, error);
  }
}
