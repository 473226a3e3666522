import type { Registry } from 'prom-client';
import type { PolicySnapshot } from '../core/policy.js';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import { CollectedMetric, type SnapshotSource } from './collected-metric.js';
import { POLICY_FAMILIES } from './policy-families.js';

/** Metrics of ours in each registry, shared by all applications bound to it. */
const boundTo = new WeakMap<Registry, Map<string, CollectedMetric>>();

/**
 * Shows every policy of an application in a registry. Several applications may share one.
 * @returns takes them out again, and the metrics with the last application
 */
export function bindMetrics(registry: Registry, manager: ReliabilityManager): () => void {
  const metrics = boundTo.get(registry) ?? new Map<string, CollectedMetric>();
  boundTo.set(registry, metrics);
  const source = new ScrapedManager(manager);
  for (const family of POLICY_FAMILIES) {
    let metric = metrics.get(family.name);
    if (metric === undefined) {
      metric = new CollectedMetric(family);
      metrics.set(family.name, metric);
      // The registry only reads what RegistryMetric has; prom-client's types know its own classes alone.
      registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
    }
    metric.sources.add(source);
  }
  return () => {
    for (const [name, metric] of metrics) {
      metric.sources.delete(source);
      if (metric.sources.size > 0) continue;
      metrics.delete(name);
      registry.removeSingleMetric(name);
    }
  };
}

/** Snapshots of a manager, taken once for all the metrics of a scrape. */
class ScrapedManager implements SnapshotSource {
  #byType: Map<string, PolicySnapshot[]> | undefined;

  constructor(private readonly manager: ReliabilityManager) {}

  snapshots(policyType: string): readonly PolicySnapshot[] {
    this.#byType ??= this.#take();
    return this.#byType.get(policyType) ?? [];
  }

  #take(): Map<string, PolicySnapshot[]> {
    // prom-client asks all metrics of a scrape in one turn of the event loop.
    setImmediate(() => {
      this.#byType = undefined;
    });
    const byType = new Map<string, PolicySnapshot[]>();
    for (const snapshot of this.manager.inspect()) {
      const known = byType.get(snapshot.type);
      if (known === undefined) byType.set(snapshot.type, [snapshot]);
      else known.push(snapshot);
    }
    return byType;
  }
}
