import type { PolicySnapshot } from '../core/policy.js';

export type Labels = Readonly<Record<string, string>>;

/** Adds one sample of a family. Values that are no finite number are left out. */
export type AddSample = (value: number, labels?: Labels) => void;

/** One metric name: what it means, and how it is read from the snapshot of a policy of its type. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  /** Beside `policy`, which every family has. */
  readonly labels: readonly string[];
  readonly policyType: string;
  readonly read: (snapshot: PolicySnapshot, add: AddSample) => void;
}

type Read = MetricFamily['read'];

/** A way of reading, and the labels it gives. */
export interface Reading {
  readonly labels: readonly string[];
  readonly read: Read;
}

const MS_PER_SECOND = 1_000;

/** The number, or truth, at a path of the snapshot. */
export function field(path: string): Reading {
  return { labels: [], read: (snapshot, add) => add(numberOf(valueAt(snapshot, path))) };
}

/** The milliseconds at a path, as seconds. */
export function seconds(path: string): Reading {
  return { labels: [], read: (snapshot, add) => add(numberOf(valueAt(snapshot, path)) / MS_PER_SECOND) };
}

/** Several numbers of one object, told apart by a label: `fields` maps their names to the label's values. */
export function fields(path: string, label: string, names: Readonly<Record<string, string>>): Reading {
  return {
    labels: [label],
    read: (snapshot, add) => {
      const values = valueAt(snapshot, path);
      for (const [name, shown] of Object.entries(names)) add(numberOf(valueAt(values, name)), { [label]: shown });
    },
  };
}

/** Every number of the object at a path, by its key. The keys are those of the code, not of callers: they are few. */
export function each(path: string, label: string, of = ''): Reading {
  return {
    labels: [label],
    read: (snapshot, add) => {
      for (const [key, value] of Object.entries(valueAt(snapshot, path) ?? {})) {
        add(numberOf(valueAt(value, of)), { [label]: key });
      }
    },
  };
}

/** As another reading, without what is still 0: for reasons of which few ever occur, and for what few policies use. */
export function seen({ labels, read }: Reading): Reading {
  return {
    labels,
    read: (snapshot, add) =>
      read(snapshot, (value, sampleLabels) => {
        if (value !== 0) add(value, sampleLabels);
      }),
  };
}

/** 1 for the state that holds, 0 for the others. */
export function oneOf(path: string, label: string, states: readonly string[]): Reading {
  return {
    labels: [label],
    read: (snapshot, add) => {
      const holds = valueAt(snapshot, path);
      for (const state of states) add(state === holds ? 1 : 0, { [label]: state });
    },
  };
}

/** A number of each of the first items of a list, by the item's `id`. */
export function items(path: string, label: string, most: number, reading: Reading): Reading {
  return {
    labels: [label, ...reading.labels],
    read: (snapshot, add) => {
      const list = valueAt(snapshot, path);
      if (!Array.isArray(list)) return;
      for (const item of list.slice(0, most) as PolicySnapshot[]) {
        reading.read(item, (value, labels) => add(value, { [label]: String(item['id']), ...labels }));
      }
    },
  };
}

function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  let at = value;
  for (const part of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

function numberOf(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : Number.NaN;
}
