import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/** What an option of each type must be. */
const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  string: 'a string',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** What there may be one or several of. */
const UNITS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

/**
 * The rule that is broken, in the words of this library; what a schema says itself goes before it. `undefined` where
 * the schema's own words are as good.
 */
export function ruleOf(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeName(issue.expected, issue.input)}`;
    case 'too_small':
      return bounded(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `must be ${oneOf(issue.options)}` : undefined;
    case 'invalid_format':
      return issue.format === 'starts_with' ? `must start with '${String(issue.prefix)}'` : undefined;
    default:
      return undefined;
  }
}

function typeName(expected: string, input: unknown): string {
  if (expected === 'number') return typeof input === 'number' ? 'a finite number' : 'a number';
  return TYPES[expected] ?? `of type ${expected}`;
}

function bounded(origin: string, relation: string, bound: number | bigint): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `must be ${relation} ${bound}`;
  if (relation === 'at least' && bound === 1) return 'must not be empty';
  return `must have ${relation} ${bound} ${bound === 1 ? unit[0] : unit[1]}`;
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  return shown.length === 1 ? shown[0]! : `one of ${shown.join(', ')}`;
}
