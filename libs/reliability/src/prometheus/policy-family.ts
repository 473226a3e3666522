import type { MetricFamily } from './metric-family.js';
import type { Reading } from './reading.js';
import type { ReliabilityView } from './reliability-view.js';

export type ReliabilityFamily = MetricFamily<ReliabilityView>;

/** A row of a table: name without prefix, kind, meaning, how it is read. */
export type Row<Read> = readonly [name: string, kind: ReliabilityFamily['kind'], help: string, read: Read];

/** Families that one type of policy has. */
export const ofPolicy = (policyType: string, prefix: string, rows: readonly Row<Reading>[]): ReliabilityFamily[] =>
  rows.map(([name, kind, help, reading]) => ({
    name: `reliability_${prefix}_${name}`,
    kind,
    help,
    labels: ['policy', ...reading.labels],
    read: (view, samples) => {
      for (const snapshot of view.ofType(policyType))
        reading.read(snapshot, samples, samples.none.with('policy', snapshot.name));
    },
  }));

/** Families that several types of policies have, told apart by the label `type`. */
export const ofSeveral = (
  prefix: string,
  rows: readonly Row<Readonly<Record<string, Reading>>>[],
): ReliabilityFamily[] =>
  rows.map(([name, kind, help, readings]) => ({
    name: `reliability_${prefix}${name}`,
    kind,
    help,
    labels: ['policy', 'type', ...new Set(Object.values(readings).flatMap(({ labels }) => labels))],
    read: (view, samples) => {
      for (const [type, reading] of Object.entries(readings)) {
        for (const snapshot of view.ofType(type))
          reading.read(snapshot, samples, samples.none.with('policy', snapshot.name).with('type', type));
      }
    },
  }));
