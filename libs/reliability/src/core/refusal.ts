import type { ReliabilityError } from './errors.js';

/**
 * A decision not to call. It is cheap to build; the error is made only if somebody throws it.
 */
export abstract class Refusal {
  constructor(
    /** Name of the policy that refused. */
    readonly policy: string,
    /** Earliest time at which trying again makes sense, in ms from now; `undefined` when nobody can tell. */
    readonly retryAfterMs: number | undefined,
  ) {}

  abstract toError(): ReliabilityError;
}
