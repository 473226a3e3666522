import type { Registry } from 'prom-client';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import { bindFamilies } from './bind-families.js';
import { RELIABILITY_FAMILIES } from './families.js';
import { ReliabilityView } from './reliability-view.js';

/**
 * Shows every policy of an application in a registry, and lets the policies keep durations from now on. Several
 * applications may share a registry; their policies need different names.
 * @returns takes them out again, and the metrics with the last application
 */
export function bindMetrics(registry: Registry, manager: ReliabilityManager): () => void {
  manager.registry.measure();
  return bindFamilies(registry, RELIABILITY_FAMILIES, () => new ReliabilityView(manager));
}
