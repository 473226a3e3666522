import { bindFamilies } from '@marketprism/reliability/prometheus';
import type { Registry } from 'prom-client';
import { STORE_FAMILIES } from './store-families.js';
import type { StoreSources } from './store-view.js';

/**
 * Shows a store in a registry: its calls, its nodes, its backups. Everything is read when somebody scrapes.
 * @returns takes it out again
 */
export function bindStoreMetrics(registry: Registry, { database, redundant, backups }: StoreSources): () => void {
  return bindFamilies(registry, STORE_FAMILIES, () => ({
    calls: database?.counts(),
    redundant: redundant?.snapshot(),
    backups: backups?.counts(),
  }));
}
