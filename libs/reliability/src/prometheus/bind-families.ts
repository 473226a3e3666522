import type { Registry } from 'prom-client';
import { CollectedMetric, type Look } from './collected-metric.js';
import { LabelSet } from './label-set.js';
import type { MetricFamily } from './metric-family.js';

/** Metrics of ours in each registry, shared by all sources bound to it. */
const boundTo = new WeakMap<Registry, Bound>();

interface Bound {
  readonly metrics: Map<string, CollectedMetric<unknown>>;
  /** Label sets of all of them. */
  readonly none: LabelSet;
}

/**
 * Shows families of metrics in a registry, read from what `look` gives whenever somebody scrapes. Several sources may
 * share the families: an application each, for instance.
 * @param look asked once for all families of a scrape
 * @returns takes the source out again, and the metrics with the last source
 */
export function bindFamilies<View>(
  registry: Registry,
  families: readonly MetricFamily<View>[],
  look: Look<View>,
): () => void {
  const bound = boundTo.get(registry) ?? { metrics: new Map(), none: LabelSet.root() };
  boundTo.set(registry, bound);
  const { metrics, none } = bound;
  const source = oncePerScrape(() => {
    none.prune();
    return look();
  });
  for (const family of families) {
    let metric = metrics.get(family.name);
    if (metric === undefined) {
      metric = new CollectedMetric<unknown>(family, none);
      metrics.set(family.name, metric);
    }
    // Somebody may have cleared the registry meanwhile.
    if (registry.getSingleMetric(family.name) === undefined) registry.registerMetric(metric);
    metric.sources.add(source);
  }
  return () => {
    for (const [name, metric] of metrics) {
      if (!metric.sources.delete(source) || metric.sources.size > 0) continue;
      metrics.delete(name);
      registry.removeSingleMetric(name);
    }
  };
}

/** prom-client asks all metrics of a scrape in one turn of the event loop. */
function oncePerScrape<View>(look: Look<View>): Look<View> {
  let seen: { readonly view: View } | undefined;
  return () => {
    if (seen === undefined) {
      setImmediate(() => (seen = undefined));
      seen = { view: look() };
    }
    return seen.view;
  };
}
