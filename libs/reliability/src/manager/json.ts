import { isReliabilityError } from '../core/errors.js';
import { keyNamesSecret, pathNamesSecret, REDACTED, redactText } from '../core/redact.js';
import type { Json } from './configuration-document.js';

const DEEPEST = 32;
const LONGEST_TEXT = 2_000;

/** An object that was made of braces: what options and documents consist of. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * What JSON can say of a value, to be read back later. Functions, instances of classes, `NaN` and `Infinity` are left
 * out; `undefined` when nothing remains.
 */
export function jsonOf(value: unknown): Json | undefined {
  return project(value, 0);
}

function project(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (depth > DEEPEST) return undefined;
  if (Array.isArray(value)) {
    return value.map((item: unknown) => project(item, depth + 1)).filter((item) => item !== undefined);
  }
  if (!isPlainObject(value)) return undefined;
  const projected: [string, Json][] = [];
  for (const [key, field] of Object.entries(value)) {
    const json = project(field, depth + 1);
    if (json !== undefined) projected.push([key, json]);
  }
  return Object.fromEntries(projected);
}

/**
 * What may be shown of a value: JSON without secrets. Errors become their message, what JSON cannot say `null` or a
 * word for it, text is cut after 2,000 characters.
 */
export function shownJson(value: unknown): Json {
  return show(value, [], new Set());
}

/** As {@link shownJson}, of what is kept at a path. */
export function shownJsonAt(path: readonly string[], value: unknown): Json {
  return pathNamesSecret(path, value) ? REDACTED : shownJson(value);
}

/** @param at the last keys on the way to it, at most two */
function show(value: unknown, at: readonly string[], above: Set<object>): Json {
  if (value === null || value === undefined) return null;
  if (at.length > 0 && keyNamesSecret(at.at(-2), at.at(-1)!, value)) return REDACTED;
  switch (typeof value) {
    case 'string':
      return redactText(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      return above.has(value) || above.size > DEEPEST ? '[…]' : showObject(value, at, new Set(above).add(value));
    default:
      return `[${typeof value}]`;
  }
}

function showObject(value: object, at: readonly string[], above: Set<object>): Json {
  if (Array.isArray(value)) return value.map((item: unknown) => show(item, [], above));
  if (value instanceof Error) return shownError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return showObject(Object.fromEntries(value as Map<string, unknown>), at, above);
  if (value instanceof Set) return showObject([...value], at, above);
  if (!isPlainObject(value)) return `[${value.constructor.name}]`;
  const shown: [string, Json][] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) shown.push([redactText(key), show(field, [...at.slice(-1), key], above)]);
  }
  return Object.fromEntries(shown);
}

/** What an error says, without secrets. */
export function shownError(error: unknown): string {
  let text: string;
  try {
    text = error instanceof Error || isReliabilityError(error) ? error.message : String(error);
  } catch {
    text = 'an error that cannot be shown';
  }
  return redactText(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);
}
