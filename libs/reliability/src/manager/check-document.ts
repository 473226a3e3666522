import type { OptionProblem } from '../core/option-problem.js';
import { isPlainObject } from './json.js';

/** Parts of a configuration that may come from outside the code. */
export const PARTS = ['defaults', 'policies', 'tenants'] as const;

const DEEPEST = 20;
const MOST_VALUES = 100_000;
const LONGEST_TEXT = 10_000;
const LONGEST_NAME = 200;
/** Names that mean something to the language itself. */
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f\u0080-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/**
 * What is wrong with a document from outside before anybody looks at what it says: its form, its size, its names.
 * At most 20 problems.
 */
export function checkDocument(document: unknown): OptionProblem[] {
  if (!isPlainObject(document)) {
    return [{ path: 'configuration', rule: 'must be an object with defaults, policies or tenants', value: document }];
  }
  const unknown = Object.keys(document)
    .filter((key) => !(PARTS as readonly string[]).includes(key))
    .map((key) => ({
      path: key,
      rule: `is not a part of a configuration (${PARTS.join(', ')})`,
      value: document[key],
    }));
  const problems = [...unknown];
  const walk = { left: MOST_VALUES };
  for (const key of PARTS) if (document[key] !== undefined) look(document[key], [key], walk, problems);
  return problems.slice(0, 20);
}

/** As {@link checkDocument}, of any data from outside. */
export function checkData(value: unknown): OptionProblem[] {
  const problems: OptionProblem[] = [];
  look(value, [], { left: MOST_VALUES }, problems);
  return problems.slice(0, 20);
}

function look(value: unknown, path: readonly string[], walk: { left: number }, problems: OptionProblem[]): void {
  const add = (rule: string, shown: unknown = value) => problems.push({ path: path.join('.'), rule, value: shown });
  walk.left -= 1;
  if (walk.left < 0) {
    if (walk.left === -1) add(`is part of a document of more than ${MOST_VALUES} values`, undefined);
    return;
  }
  if (typeof value === 'string' && value.length > LONGEST_TEXT) {
    add(`must be at most ${LONGEST_TEXT} characters`, `${value.slice(0, 40)}…`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (path.length > DEEPEST) {
    add(`must be nested at most ${DEEPEST} levels deep`, undefined);
    return;
  }
  if (Array.isArray(value)) value.forEach((item, index) => look(item, [...path, String(index)], walk, problems));
  else if (!isPlainObject(value)) add('must be plain data');
  else {
    for (const [key, field] of Object.entries(value)) {
      if (!isName(key)) add('has a name that is empty, too long, or not allowed', key.slice(0, LONGEST_NAME));
      else look(field, [...path, key], walk, problems);
    }
  }
}

function isName(key: string): boolean {
  return key !== '' && key.length <= LONGEST_NAME && !FORBIDDEN_NAMES.has(key) && !CONTROL_CHARACTERS.test(key);
}
