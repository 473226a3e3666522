import { methodsWithParameters } from './method-parameters.js';
import { protectedMethodAt } from './protect-method.js';
import type { ParameterKind } from './protected-method.js';

const DECORATORS: Readonly<Record<ParameterKind, string>> = {
  endpoint: 'Endpoint',
  signal: 'Signal',
  attempt: 'Attempt',
};

/** What is likely a mistake: parameters to be filled in, of methods of a class and its bases that nothing protects. */
export function unfilledParameters(prototype: object): string[] {
  const found: string[] = [];
  const classes: object[] = [];
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    classes.push(at);
    for (const [key, parameters] of methodsWithParameters(at)) {
      // A decorator on the class of an heir protects inherited methods there.
      if (classes.some((heir) => protectedMethodAt(heir, key) !== undefined)) continue;
      for (const [index, kind] of [...parameters].toSorted(([a], [b]) => a - b)) {
        found.push(
          `${at.constructor.name}.${String(key)}: @${DECORATORS[kind]}() at parameter ${index + 1} is never filled in, ` +
            'since no policy protects the method: give it @Protect() or the decorator of a policy',
        );
      }
    }
  }
  return found;
}
