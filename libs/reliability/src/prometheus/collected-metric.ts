import type { DurationsSnapshot } from '../core/duration-histogram.js';
import { LabelSlots } from './label-slots.js';
import type { Labels, MetricFamily, Samples } from './metric-family.js';

interface Sample {
  readonly value: number;
  readonly labels: Labels;
  /** Of a histogram's parts, which have names of their own. */
  readonly metricName?: string;
}

/** What a registry of prom-client asks of a metric. */
export interface RegistryMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly labelNames: readonly string[];
  get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Sample[] }>;
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

  constructor(private readonly family: MetricFamily<View>) {}

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

  async get(): ReturnType<RegistryMetric['get']> {
    const { name, help, type, aggregator, family } = this;
    const samples = new SampleList(name, this.#slots);
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
  ) {}

  add(value: number, labels: Labels): void {
    if (Number.isFinite(value)) this.values.push({ value, labels });
  }

  addDurations(durations: DurationsSnapshot | undefined, labels: Labels): void {
    if (durations === undefined) return;
    const { boundsMs, counts, sumMs } = durations;
    const bucket = `${this.name}_bucket`;
    let count = 0;
    for (let index = 0; index < counts.length; index += 1) {
      count += counts[index]!;
      const le = index < boundsMs.length ? String(boundsMs[index]! / MS_PER_SECOND) : '+Inf';
      this.values.push({ value: count, labels: { ...labels, le }, metricName: bucket });
    }
    this.values.push({ value: sumMs / MS_PER_SECOND, labels, metricName: `${this.name}_sum` });
    this.values.push({ value: count, labels, metricName: `${this.name}_count` });
  }
}
