import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ConfigurationOverride } from './config-source.js';
import { isPlainObject, jsonOf } from './json.js';

/** Fields whose value decides which other fields there are: an object of another kind replaces, it is not merged. */
const DISCRIMINATORS = ['kind', 'form'] as const;

/**
 * Lays a patch over a value as JSON merge patches are (RFC 7396): what the patch leaves out stays, `null` removes. Beyond
 * that, `undefined` says nothing, and an object whose `kind` or `form` differs takes the place of the old one.
 */
export function overlay(base: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const merged: Record<string, unknown> = isPlainObject(base) && !isOfAnotherKind(base, patch) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (value !== undefined) merged[key] = overlay(merged[key], value);
  }
  return merged;
}

/** The single options that have to be set over `lower` to get `wanted`. What JSON cannot say is left as it is. */
export function overridesFor(lower: unknown, wanted: unknown, path: readonly string[] = []): ConfigurationOverride[] {
  if (isPlainObject(lower) && isPlainObject(wanted) && !isOfAnotherKind(lower, wanted)) {
    return [...new Set([...Object.keys(lower), ...Object.keys(wanted)])].flatMap((key) =>
      overridesFor(lower[key], wanted[key], [...path, key]),
    );
  }
  const [before, after] = [jsonOf(lower), jsonOf(wanted)];
  if (isDeepStrictEqual(before, after)) return [];
  return [{ path, value: after ?? null, over: digestOf(lower) }];
}

/** Whether what lies below an override still says what it said when it was set. */
export function isInForce({ path, over }: ConfigurationOverride, lower: unknown): boolean {
  return digestOf(valueAt(lower, path)) === over;
}

/** `lower` with the overrides that are in force. */
export function withOverrides(lower: unknown, overrides: readonly ConfigurationOverride[]): unknown {
  return overrides
    .filter((override) => isInForce(override, lower))
    .reduce((value, override) => setAt(value, override.path, override.value), lower);
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isPlainObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

/** Paths at which two configurations differ, at most `most`. */
export function changedPaths(before: unknown, after: unknown, most = 50): string[] {
  return overridesFor(before, after)
    .slice(0, most)
    .map(({ path }) => path.join('.'));
}

function setAt(base: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy: Record<string, unknown> = isPlainObject(base) ? { ...base } : {};
  const set = setAt(copy[key], rest, value);
  if (set === null) delete copy[key];
  else copy[key] = set;
  return copy;
}

function isOfAnotherKind(one: Record<string, unknown>, other: Record<string, unknown>): boolean {
  return DISCRIMINATORS.some((key) => one[key] !== undefined && other[key] !== undefined && one[key] !== other[key]);
}

/** The same for everything that JSON says in the same words, whatever the order of the keys. */
function digestOf(value: unknown): string {
  const json = JSON.stringify(jsonOf(value) ?? null, (_, field: unknown) =>
    isPlainObject(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : Number(a > b))))
      : field,
  );
  return createHash('sha256').update(json).digest('hex').slice(0, 16);
}
