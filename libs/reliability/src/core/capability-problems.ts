import type { Capabilities } from './capabilities.js';
import type { OptionProblem } from './option-problem.js';

/** What the library asks of each capability. */
const METHODS: Readonly<Record<keyof Capabilities, readonly string[]>> = {
  clock: ['now', 'wallNow', 'schedule'],
  random: ['next'],
  emit: ['emit', 'on', 'onAny', 'wants'],
};

/** What is wrong with capabilities given in place of the process's own: each is given whole, or left out. */
export function problemsOfCapabilities(given: unknown): OptionProblem[] {
  if (given === undefined) return [];
  if (typeof given !== 'object' || given === null) {
    return [{ path: 'capabilities', rule: 'must be an object', value: given }];
  }
  return Object.entries(given).flatMap(([name, value]: [string, unknown]) => {
    const path = `capabilities.${name}`;
    const methods = Object.hasOwn(METHODS, name) ? METHODS[name as keyof Capabilities] : undefined;
    if (methods === undefined) return [{ path, rule: 'is not an option', value }];
    if (typeof value !== 'object' || value === null) {
      return [{ path, rule: `must be an object with ${methods.join(', ')}`, value }];
    }
    return methods
      .map((method) => ({ path: `${path}.${method}`, value: (value as Record<string, unknown>)[method] }))
      .filter((entry) => typeof entry.value !== 'function')
      .map((entry) => ({ ...entry, rule: 'must be a function' }));
  });
}
