import type { DurationsSnapshot } from '../core/duration-histogram.js';
import { type Labels, LabelSet } from './label-set.js';
import { LabelSlots } from './label-slots.js';
import type { MetricFamily, Samples } from './metric-family.js';

interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Labels, formatted once for as long as they are the same object. */
  readonly sharedLabels?: Labels;
  /** Of a histogram's parts, which have names of their own. */
  readonly metricName?: string | undefined;
}

interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly Sample[];
}

/** What a registry of prom-client asks of a metric. */
export interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly labelNames: readonly string[];
  get(): Promise<Collected>;
  /** As {@link get}, to be formatted. */
  getForPromString(): Promise<Collected>;
  reset(): void;
}

/** Gives what the families of a source read, the same for all of one scrape. */
export type Look<View> = () => View;

/**
 * A metric that holds nothing: its samples are read from the sources bound to it when somebody scrapes. Handing samples
 * over as they are costs a fraction of setting each in a gauge of prom-client, which hashes its labels.
 */
export class CollectedMetric<View> implements RegistryMetric {
  readonly aggregator = 'sum';
  readonly sources = new Set<Look<View>>();
  readonly #slots = new LabelSlots();

  constructor(
    private readonly family: MetricFamily<View>,
    private readonly none = LabelSet.root(),
  ) {}

  get name(): string {
    return this.family.name;
  }

  get help(): string {
    return this.family.help;
  }

  get type(): string {
    return this.family.kind;
  }

  get labelNames(): readonly string[] {
    return this.family.labels;
  }

  async get(): Promise<Collected> {
    return this.#collect('labels');
  }

  async getForPromString(): Promise<Collected> {
    return this.#collect('sharedLabels');
  }

  #collect(as: 'labels' | 'sharedLabels'): Collected {
    const { name, help, type, aggregator, family } = this;
    const samples = new SampleList(name, this.#slots, this.none, as);
    for (const look of this.sources) family.read(look(), samples);
    return { name, help, type, aggregator, values: samples.values };
  }

  reset(): void {
    // Totals belong to what is looked at; clearing a registry does not undo what happened.
  }
}

const MS_PER_SECOND = 1_000;

class SampleList implements Samples {
  readonly values: Sample[] = [];

  constructor(
    private readonly name: string,
    readonly slots: LabelSlots,
    readonly none: LabelSet,
    private readonly as: 'labels' | 'sharedLabels',
  ) {}

  add(value: number, labels: Labels | LabelSet): void {
    if (Number.isFinite(value)) this.#put(value, labels, undefined);
  }

  addDurations(durations: DurationsSnapshot | undefined, labels: Labels | LabelSet): void {
    if (durations === undefined) return;
    const { boundsMs, counts, sumMs } = durations;
    const bucket = `${this.name}_bucket`;
    let count = 0;
    for (let index = 0; index < counts.length; index += 1) {
      count += counts[index]!;
      const le = index < boundsMs.length ? String(boundsMs[index]! / MS_PER_SECOND) : '+Inf';
      this.#put(count, labels instanceof LabelSet ? labels.with('le', le) : { ...labels, le }, bucket);
    }
    this.#put(sumMs / MS_PER_SECOND, labels, `${this.name}_sum`);
    this.#put(count, labels, `${this.name}_count`);
  }

  #put(value: number, given: Labels | LabelSet, metricName: string | undefined): void {
    const labels = given instanceof LabelSet ? given.labels : given;
    if (this.as === 'sharedLabels') this.values.push({ value, sharedLabels: labels, metricName });
    else this.values.push({ value, labels, metricName });
  }
}
