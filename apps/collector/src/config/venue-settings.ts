import type { VenueId, Venue } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';
import type { CollectorConfig } from './collector.config.js';

/** One venue as it is collected: its facts with the configuration laid over them. */
export interface VenueSettings {
  readonly venue: Venue;
  readonly hosts: readonly string[];
  readonly lists: readonly string[];
  readonly symbols: readonly string[];
  readonly pollEveryMs: number;
  readonly limit: { readonly limit: number; readonly windowMs: number };
}

/** The venues of a configuration, in its order. */
export function venueSettings(config: CollectorConfig): ReadonlyMap<VenueId, VenueSettings> {
  const settings = new Map<VenueId, VenueSettings>();
  for (const [id, own] of Object.entries(config.venues)) {
    const venue = VENUES[id as VenueId];
    settings.set(id as VenueId, {
      venue,
      hosts: (own?.hosts ?? venue.hosts).map((host) => host.replace(/\/$/, '')),
      lists: own?.lists ?? Object.keys(venue.lists),
      symbols: own?.symbols ?? [],
      pollEveryMs: own?.pollEveryMs ?? config.collect.pollEveryMs,
      limit: own?.limit ?? venue.limit,
    });
  }
  return settings;
}
