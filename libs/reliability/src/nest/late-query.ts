import { kindOfResult } from './result-kind.js';
import { asPromise, type RunLate } from './late-work.js';

/** What begins the work of a query. */
const STARTERS: ReadonlySet<PropertyKey> = new Set(['then', 'catch', 'finally', 'exec']);

/**
 * A query (knex, mongoose, …) that runs through the chain when it is awaited, once however often it is; all else of it,
 * also what refines it, is as before. A repetition calls the method again for a fresh query; one that its caller has
 * refined is not repeated, since the refinement would be lost.
 */
export function lateQuery(query: object, run: RunLate, refinedBefore = false): object {
  let refined = refinedBefore;
  let result: Promise<unknown> | undefined;
  const begun = (): Promise<unknown> => {
    let made: object | undefined = query;
    const lateRun = run((attempt, make) => {
      const current = made ?? (refined ? Promise.reject(attempt.lastError) : make());
      made = undefined;
      return Promise.resolve(current);
    });
    return asPromise(() => lateRun.start());
  };
  const proxy: object = new Proxy(query, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (STARTERS.has(key)) {
        return (...args: unknown[]) => {
          const promise = (result ??= begun());
          return key === 'exec' ? promise : Reflect.apply(promise[key as 'then'], promise, args as never[]);
        };
      }
      return (...args: unknown[]) => {
        const given: unknown = Reflect.apply(value, target, args);
        if (given === target) {
          refined = true;
          return proxy;
        }
        const another = typeof given === 'object' && given !== null && kindOfResult(given) === 'query';
        return another ? lateQuery(given, run, true) : given;
      };
    },
  });
  return proxy;
}
