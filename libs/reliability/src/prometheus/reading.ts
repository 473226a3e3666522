import type { DurationsSnapshot } from '../core/duration-histogram.js';
import type { PolicySnapshot } from '../core/policy.js';
import { OTHER } from './label-slots.js';
import type { LabelSet } from './label-set.js';
import type { Samples } from './metric-family.js';

/** A way of reading one family from the snapshot of a policy, and the labels that it gives beside `policy`. */
export interface Reading {
  readonly labels: readonly string[];
  /** @param own the labels that every sample of this policy has */
  read(snapshot: PolicySnapshot, samples: Samples, own: LabelSet): void;
}

type Get = (value: unknown) => unknown;
const MS_PER_SECOND = 1_000;

/** The number, or truth, at a path of the snapshot. */
export function field(path: string): Reading {
  const get = at(path);
  return { labels: [], read: (snapshot, samples, own) => samples.add(numberOf(get(snapshot)), own) };
}

/** The milliseconds at a path, as seconds. */
export function seconds(path: string): Reading {
  const get = at(path);
  return { labels: [], read: (snapshot, samples, own) => samples.add(numberOf(get(snapshot)) / MS_PER_SECOND, own) };
}

/** The histogram at a path. */
export function durations(path: string): Reading {
  const get = at(path);
  return {
    labels: [],
    read: (snapshot, samples, own) => samples.addDurations(get(snapshot) as DurationsSnapshot | undefined, own),
  };
}

/** Several numbers of one object, told apart by a label: `names` maps the label's values to one path each, or to several, which are added. */
export function fields(label: string, names: Readonly<Record<string, string | readonly string[]>>): Reading {
  const gets = Object.entries(names).map(([value, paths]) => [value, [paths].flat().map((path) => at(path))] as const);
  return {
    labels: [label],
    read: (snapshot, samples, own) => {
      for (const [value, parts] of gets) {
        let sum = 0;
        for (const get of parts) sum += numberOf(get(snapshot));
        samples.add(sum, own.with(label, value));
      }
    },
  };
}

/** Every number of the object at a path, by its key. The keys are those of the code, not of callers: they are few. */
export function each(path: string, label: string, of = ''): Reading {
  const get = at(path);
  const inner = at(of);
  return {
    labels: [label],
    read: (snapshot, samples, own) => {
      const values = get(snapshot) as object | undefined;
      if (values === undefined) return;
      for (const [key, value] of Object.entries(values)) {
        samples.add(numberOf(inner(value)), own.with(label, key));
      }
    },
  };
}

/** As another reading, without what is still 0: for reasons of which few ever occur, and for what few policies use. */
export function seen(reading: Reading): Reading {
  return {
    labels: reading.labels,
    read: (snapshot, samples, own) => {
      const nonZero: Samples = {
        slots: samples.slots,
        none: samples.none,
        addDurations: (...given) => samples.addDurations(...given),
        add: (value, sampleLabels) => {
          if (value !== 0) samples.add(value, sampleLabels);
        },
      };
      reading.read(snapshot, nonZero, own);
    },
  };
}

/** 1 for the state that holds. The others have no series. */
export function holding(path: string, label: string): Reading {
  const get = at(path);
  return {
    labels: [label],
    read: (snapshot, samples, own) => samples.add(1, own.with(label, String(get(snapshot)))),
  };
}

/** As {@link each} with {@link seen}, at most `most` keys by name and the rest as `other`. */
export function capped(path: string, label: string, most: number, of = ''): Reading {
  const get = at(path);
  const inner = at(of);
  return {
    labels: [label],
    read: (snapshot, samples, own) => {
      const values = get(snapshot) as object | undefined;
      if (values === undefined) return;
      const present = Object.entries(values).flatMap(([key, value]): [string, number][] => {
        const number = numberOf(inner(value));
        return number > 0 ? [[key, number]] : [];
      });
      if (present.length === 0) return;
      const places = samples.slots.assign(
        ownerOf(snapshot),
        present.map(([key]) => key),
        most,
      );
      let other = 0;
      for (const [key, number] of present) {
        if (places.get(key) === true) samples.add(number, own.with(label, key));
        else other += number;
      }
      if (other > 0) samples.add(other, own.with(label, OTHER));
    },
  };
}

/** A number of each item of a list, by the item's `id`: at most `most` by name, the rest together as `other`. */
export function items(
  path: string,
  label: string,
  most: number,
  numbers: Readonly<Record<string, Get>>,
  innerLabel: string | undefined,
  together: 'sum' | 'max',
): Reading {
  const get = at(path);
  return {
    labels: innerLabel === undefined ? [label] : [label, innerLabel],
    read: (snapshot, samples, own) => {
      const list = get(snapshot) as readonly { readonly id: string; readonly picks?: number }[] | undefined;
      if (list === undefined) return;
      const ids = list.toSorted((a, b) => (b.picks ?? 0) - (a.picks ?? 0)).map(({ id }) => id);
      const places = samples.slots.assign(ownerOf(snapshot), ids, most);
      for (const [value, number] of Object.entries(numbers)) {
        const inner = innerLabel === undefined ? own : own.with(innerLabel, value);
        let rest: number | undefined;
        for (const item of list) {
          const found = numberOf(number(item));
          if (places.get(item.id) === true) samples.add(found, inner.with(label, item.id));
          else rest = together === 'sum' ? (rest ?? 0) + found : Math.max(rest ?? 0, found);
        }
        if (rest !== undefined) samples.add(rest, inner.with(label, OTHER));
      }
    },
  };
}

/** Reads the value at a path like `counters.refused`; the path is taken apart once. */
export function at(path: string): Get {
  const parts = path === '' ? [] : path.split('.');
  return (value) => {
    let found = value;
    for (const part of parts) {
      if (typeof found !== 'object' || found === null) return undefined;
      found = (found as Record<string, unknown>)[part];
    }
    return found;
  };
}

const ownerOf = ({ type, name }: PolicySnapshot) => `${type} ${name}`;

export function numberOf(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : Number.NaN;
}
