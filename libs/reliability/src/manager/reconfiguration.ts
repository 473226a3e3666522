import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../core/policy.js';

/** A policy and the options it has. */
export interface Held {
  readonly policy: Policy;
  options: unknown;
}

export interface Change {
  readonly held: Held;
  readonly options: unknown;
}

export interface Transition {
  readonly changes: readonly Change[];
}

/**
 * Gives policies their new options, all of them or none. One whose options stay the same is not touched: what it has
 * learned and what was set by hand stays.
 * @throws what a policy throws; all have the options again that they had
 */
export function reconfigureAll({ changes }: Transition): void {
  const done: Held[] = [];
  try {
    for (const { held, options } of changes) {
      if (isDeepStrictEqual(held.options, options)) continue;
      done.push(held);
      held.policy.reconfigure(options as never);
    }
  } catch (error) {
    for (const { policy, options } of done.toReversed()) {
      try {
        policy.reconfigure(options as never);
      } catch {
        // It has had these options before; the first problem is the one to report.
      }
    }
    throw error;
  }
  for (const { held, options } of changes) held.options = options;
}
