import type { DurationsSnapshot } from '../core/duration-histogram.js';
import type { Labels, LabelSet } from './label-set.js';
import type { LabelSlots } from './label-slots.js';

/** Where a family puts its samples. Values that are no finite number are left out. */
export interface Samples {
  add(value: number, labels: Labels | LabelSet): void;
  /** All series of a histogram; without durations, none. */
  addDurations(durations: DurationsSnapshot | undefined, labels: Labels | LabelSet): void;
  /** Where label sets begin that are to be found again with the next scrape. */
  readonly none: LabelSet;
  /** Which label values have series of their own, where there may be many. */
  readonly slots: LabelSlots;
}

/** One metric name: what it means, and how its samples are read from what is looked at when somebody scrapes. */
export interface MetricFamily<View> {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  read(view: View, samples: Samples): void;
}
