import { type Classification, ERROR_CLASSES, type ErrorClass } from '../error-class.js';

/**
 * How well a verdict is founded, best first. `evidence`: a status, a code. `name`: a name that libraries share, a
 * wrapper (`fetch failed`): causes that say as much take precedence. `words`: wording alone.
 */
export type Grounds = 'evidence' | 'name' | 'words';

/** What one link of a chain of causes says about itself. */
export interface Verdict extends Classification {
  /** `evidence` when it does not say. */
  readonly grounds?: Exclude<Grounds, 'evidence'>;
}

const SHARED = {
  evidence: sharedBy((errorClass) => ({ errorClass })),
  name: sharedBy((errorClass) => ({ errorClass, grounds: 'name' })),
  words: sharedBy((errorClass) => ({ errorClass, grounds: 'words' })),
};

/** Verdicts that say nothing but a class are shared. */
export function verdict(errorClass: ErrorClass, grounds: Grounds = 'evidence'): Verdict {
  return SHARED[grounds][errorClass];
}

function sharedBy(make: (errorClass: ErrorClass) => Verdict): Readonly<Record<ErrorClass, Verdict>> {
  const entries = ERROR_CLASSES.map((errorClass) => [errorClass, Object.freeze(make(errorClass))] as const);
  return Object.fromEntries(entries) as Record<ErrorClass, Verdict>;
}
