import type { EndpointRef } from '@marketprism/reliability';
import type { Route } from '../venues/venue-client.js';
import type { VenueId } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';

/** What every protected call to a venue is called with first. */
export interface VenueCall {
  readonly venue: VenueId;
}

/** The name of the policies of a call: its venue. */
export function venueOf(call: VenueCall): string {
  return call.venue;
}

/** What a poll takes of the venue's limit. */
export function costOfList(query: {
  readonly venue: VenueId;
  readonly list: string;
  readonly source: number;
  readonly symbolIds: readonly string[];
}): number {
  return costOf(VENUES[query.venue].lists[query.list]?.[query.source], query, query.symbolIds.length);
}

/** @param symbols how many are asked for, where that is one by one */
export function costOf<Query>(
  request: { readonly cost: number | ((query: Query) => number); readonly bySymbol?: boolean } | undefined,
  query: Query,
  symbols = 1,
): number {
  if (request === undefined) return 1;
  const each = typeof request.cost === 'function' ? request.cost(query) : request.cost;
  return request.bySymbol === true ? each * Math.max(1, symbols) : each;
}

/** Where the balancer sends a call, and what ends it. */
export function routeTo(host: EndpointRef | undefined, signal: AbortSignal | undefined): Route {
  return {
    ...(host?.url !== undefined && { origin: host.url }),
    ...(signal !== undefined && { signal }),
  };
}
