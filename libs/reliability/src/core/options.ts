import { z } from 'zod';
import { InvalidOptionsError } from './errors.js';
import type { OptionProblem } from './option-problem.js';
import { ruleOf } from './option-rule.js';

/** A duration in ms: positive and finite. */
export const durationMs = () => z.number().positive().finite();

/** A share from 0 to 1. */
export const ratio = () => z.number().min(0).max(1);

/** A count of at least one. */
export const positiveCount = () => z.int().positive();

/** A function. What it takes and gives cannot be looked at and is taken on trust. */
export const functionOf = <F extends (...args: never[]) => unknown>() =>
  z.custom<F>((value) => typeof value === 'function', 'must be a function');

/**
 * Parses options into their frozen, complete form.
 * @throws InvalidOptionsError with every problem: path, rule and the value given
 */
export function parseOptions<Schema extends z.ZodType>(schema: Schema, input: unknown, path: string): z.output<Schema> {
  const problems: OptionProblem[] = [];
  const parsed = tryParseOptions(schema, input, path, problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return parsed!;
}

/** As {@link parseOptions}, but adds to `problems` instead of throwing, so that a whole configuration is reported at once. */
export function tryParseOptions<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  path: string,
  problems: OptionProblem[],
): z.output<Schema> | undefined {
  const result = schema.safeParse(input, { reportInput: true, error: ruleOf });
  if (result.success) return Object.freeze(result.data) as z.output<Schema>;
  collectIssues(result.error.issues, input, path, problems);
  return undefined;
}

function collectIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  path: string,
  problems: OptionProblem[],
): void {
  for (const issue of issues) {
    const at = [path, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const named = at === '' ? key : `${at}.${key}`;
        problems.push({ path: named, rule: 'is not an option', value: valueAt(input, [...issue.path, key]) });
      }
    } else if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const closest = issue.errors.reduce((best, other) => (depth(other) > depth(best) ? other : best));
      collectIssues(closest, valueAt(input, issue.path), at, problems);
    } else {
      problems.push({ path: at, rule: issue.message, value: valueAt(input, issue.path) });
    }
  }
}

/** How far in the first mistake is. That a value is not the `false` which switches an option off says the least. */
const depth = (issues: readonly z.core.$ZodIssue[]) =>
  issues.some(saysNotFalse) ? -1 : Math.max(0, ...issues.map((issue) => issue.path.length));

const saysNotFalse = (issue: z.core.$ZodIssue) =>
  issue.code === 'invalid_value' && issue.path.length === 0 && issue.values.length === 1 && issue.values[0] === false;

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}
