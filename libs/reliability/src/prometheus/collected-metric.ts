import type { Labels, MetricFamily } from './metric-family.js';

interface Sample {
  readonly value: number;
  readonly labels: Labels;
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

/** Where snapshots come from: one application. */
export interface SnapshotSource {
  /** The snapshots of one kind of policy, taken once per scrape. */
  snapshots(policyType: string): readonly { readonly name: string; readonly [field: string]: unknown }[];
}

/**
 * A metric that holds nothing: its samples are read from the applications bound to it when somebody scrapes. Handing
 * samples over as they are costs a fraction of setting each in a gauge of prom-client, which hashes its labels.
 */
export class CollectedMetric implements RegistryMetric {
  readonly aggregator = 'sum';
  readonly labelNames: readonly string[];
  readonly sources = new Set<SnapshotSource>();

  constructor(private readonly family: MetricFamily) {
    this.labelNames = ['policy', ...family.labels];
  }

  get name(): string {
    return this.family.name;
  }

  get help(): string {
    return this.family.help;
  }

  get type(): string {
    return this.family.kind;
  }

  async get(): ReturnType<RegistryMetric['get']> {
    const { name, help, type, aggregator, family } = this;
    const values: Sample[] = [];
    for (const source of this.sources) {
      for (const snapshot of source.snapshots(family.policyType)) {
        family.read(snapshot as Parameters<MetricFamily['read']>[0], (value, labels) => {
          if (Number.isFinite(value)) values.push({ value, labels: { policy: snapshot.name, ...labels } });
        });
      }
    }
    return { name, help, type, aggregator, values };
  }

  reset(): void {
    // Totals belong to the policies; clearing a registry does not undo what happened.
  }
}
