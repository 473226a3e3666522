import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { PRIORITIES } from '../core/priority.js';
import type { PolicyReference } from './protected-method.js';

/** What may be said beside a name: what it must be, and whether it is. A function gives it per call. */
const RULES: Readonly<Record<string, { readonly rule: string; readonly holds: (value: unknown) => boolean }>> = {
  key: {
    rule: 'must be a non-empty string, or a function of the arguments',
    holds: (value) => isName(value) || isFunction(value),
  },
  priority: {
    rule: `must be ${PRIORITIES.join(', ')}, or a function of the arguments`,
    holds: (value) => PRIORITIES.some((priority) => priority === value) || isFunction(value),
  },
  cost: {
    rule: 'must be a positive number, or a function of the arguments',
    holds: (value) => isPositive(value) || isFunction(value),
  },
  deadlineMs: {
    rule: 'must be a positive number of ms, or a function of the arguments',
    holds: (value) => isPositive(value) || isFunction(value),
  },
  order: {
    rule: "must be a list of kinds of policy: ['retry', 'circuit-breaker']",
    holds: (value) => Array.isArray(value) && value.every((type) => typeof type === 'string'),
  },
  settleOn: {
    rule: "must be 'first-item' or 'completion'",
    holds: (value) => value === 'first-item' || value === 'completion',
  },
};

/**
 * Checks what a decorator says about the calls of its method. What the policy itself is told has a schema.
 * @param site the decorator and its method, for the message: `@Retry on Rates.fetch`
 * @throws InvalidOptionsError naming every problem
 */
export function checkCallArguments(given: Readonly<Record<string, unknown>>, site: string): void {
  const problems: OptionProblem[] = [];
  for (const [key, { rule, holds }] of Object.entries(RULES)) {
    const value = given[key];
    if (value !== undefined && !holds(value)) problems.push({ path: `${site}.${key}`, rule, value });
  }
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

/**
 * A decorator's arguments: a name or a function that gives one, options, both or nothing.
 * @throws InvalidOptionsError for anything else, also for a name that is not there yet (a cycle of imports)
 */
export function readArguments(
  given: readonly unknown[],
  site: string,
): { readonly name: PolicyReference['name']; readonly options: Readonly<Record<string, unknown>> } {
  const [first, second] = given;
  if (given.length === 0) return { name: undefined, options: {} };
  if (typeof first === 'string' || isFunction(first)) {
    if (second !== undefined && !isOptions(second)) refuse(site, 'options must be an object', second);
    return { name: first as PolicyReference['name'], options: second ?? {} };
  }
  if (!isOptions(first)) refuse(site, 'takes a configured name, a function that gives one, options, or nothing', first);
  return { name: undefined, options: first };
}

/** @throws InvalidOptionsError when the same stands there already: one of the two would be without effect */
export function checkUnique(references: readonly PolicyReference[], added: PolicyReference, site: string): void {
  const same = references.some(
    ({ definition, name }) => definition.type === added.definition.type && name === added.name,
  );
  if (same) refuse(site, 'stands there twice: say it once, or give each a configured name of its own', added.name);
}

/** @throws InvalidOptionsError */
export function refuse(path: string, rule: string, value: unknown): never {
  throw new InvalidOptionsError([{ path, rule, value }]);
}

const isFunction = (value: unknown) => typeof value === 'function';

const isName = (value: unknown) => typeof value === 'string' && value !== '';

const isPositive = (value: unknown) => typeof value === 'number' && value > 0 && value < Infinity;

function isOptions(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
