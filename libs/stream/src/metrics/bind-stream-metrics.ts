import { bindFamilies } from '@marketprism/reliability/prometheus';
import type { Registry } from 'prom-client';
import { STREAM_FAMILIES } from './stream-families.js';
import { StreamLook, type StreamSources } from './stream-view.js';

/**
 * Shows a stream and its consumers in a registry. Everything is read when somebody scrapes.
 * @returns takes them out again
 */
export function bindStreamMetrics(registry: Registry, sources: StreamSources): () => void {
  const looker = new StreamLook(sources);
  return bindFamilies(registry, STREAM_FAMILIES, () => looker.look());
}
