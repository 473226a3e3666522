import type { PolicySnapshot } from '../../core/policy.js';
import type { AlertSource, Reading } from '../rule.options.js';

export type SnapshotSource = Extract<AlertSource, { policyType: string }>;

/** What a source finds in the snapshots: one reading for each policy that has the value, or for each item of its list. */
export function readSnapshots(source: SnapshotSource, snapshots: readonly PolicySnapshot[]): Reading[] {
  const { policyType, policies, items } = source;
  const readings: Reading[] = [];
  for (const snapshot of snapshots) {
    if (snapshot.type !== policyType || policies?.includes(snapshot.name) === false) continue;
    const labels = { policy: snapshot.name };
    if (items === undefined) {
      readings.push(...readingOf(source, snapshot, labels));
      continue;
    }
    const list = valuesAt(snapshot, items.split('.'))[0];
    for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
      const id = (item as { id?: unknown } | null)?.id;
      const named = { ...labels, [items === 'endpoints' ? 'endpoint' : 'item']: String(id) };
      if (typeof id === 'string') readings.push(...readingOf(source, item, named));
    }
  }
  return readings;
}

function readingOf({ value, total, is }: SnapshotSource, from: unknown, labels: Reading['labels']): Reading[] {
  const found = sumAt(from, value, is);
  if (found === undefined) return [];
  if (total === undefined) return [{ value: found, labels }];
  const whole = sumAt(from, total, undefined);
  return whole === undefined ? [] : [{ value: found, total: whole, labels }];
}

/** The sum of all numbers at the paths; `undefined` when there is none. */
function sumAt(
  from: unknown,
  paths: string | readonly string[],
  is: readonly string[] | undefined,
): number | undefined {
  const numbers = [paths]
    .flat()
    .flatMap((path) => valuesAt(from, path.split('.')))
    .flatMap((value) => numberOf(value, is));
  return numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0);
}

function numberOf(value: unknown, is: readonly string[] | undefined): number[] {
  if (is !== undefined) return typeof value === 'string' ? [is.includes(value) ? 1 : 0] : [];
  if (typeof value === 'boolean') return [value ? 1 : 0];
  return typeof value === 'number' ? [value] : [];
}

function valuesAt(from: unknown, [part, ...rest]: readonly string[]): unknown[] {
  if (part === undefined) return [from];
  if (typeof from !== 'object' || from === null) return [];
  if (part === '*') {
    const own = Object.values(from);
    // Nothing has happened yet of what is counted by reason: that is a count of 0.
    return own.length === 0 && rest.length === 0 ? [0] : own.flatMap((value) => valuesAt(value, rest));
  }
  return Object.hasOwn(from, part) ? valuesAt((from as Record<string, unknown>)[part], rest) : [];
}
