import type { Call } from './call.js';
import type { Next } from './policy.js';

/** A policy as it is shown. */
export interface PolicyLabel {
  readonly type: string;
  readonly name: string;
}

/** Watches the calls of one chain. Each function gives what `next` gives, or throws what it throws. */
export interface CallProbe {
  /** Around a whole call, outside every policy. */
  call(call: Call, next: Next): unknown;
  /** Around one attempt, as the policies that repeat it or answer for it see it: refusals and time limits included. */
  attempt(call: Call, next: Next): unknown;
  /** Around the method itself, once per attempt that was admitted; `call.endpoint` is known. */
  invoke(call: Call, next: Next): unknown;
}

/**
 * Watches calls, for tracing. Chains ask for a probe when they are linked; those linked without an instrumentation
 * do not know that there could be one.
 */
export interface Instrumentation {
  /** @param policies of the chain, outermost first */
  probe(policies: readonly PolicyLabel[]): CallProbe;
}
