import type { Policy } from '../core/policy.js';
import type { Slot } from '../core/policy-definition.js';
import type { Use } from '../core/use.js';

/** One policy of a chain, as used by one method. */
export interface Link {
  readonly policy: Policy;
  readonly slot: Slot;
  readonly use: Use;
}
