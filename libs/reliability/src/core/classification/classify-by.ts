import type { Classification, Classify } from '../error-class.js';
import { ERROR_CLASSES } from '../error-class.js';
import { classify } from './classify.js';

/**
 * What kind of failure an error is by a classifier of the user's own; by the built-in one without it, and when it throws
 * or gives something else than a known class. Never throws: the call's own error is not to be masked.
 * @param failed told of what it threw
 */
export function classifyBy(
  own: Classify | undefined,
  error: unknown,
  failed: (thrown: unknown) => void,
): Classification {
  if (own === undefined) return classify(error);
  try {
    const found: Partial<Classification> | undefined = own(error);
    if (ERROR_CLASSES.includes(found?.errorClass as never)) return found as Classification;
    failed(new TypeError(`a classifier must give an errorClass: one of ${ERROR_CLASSES.join(', ')}`));
  } catch (thrown) {
    failed(thrown);
  }
  return classify(error);
}
