import { Inject, Injectable } from '@nestjs/common';
import {
  Balanced,
  CircuitBreaker,
  Deadline,
  Endpoint,
  type EndpointRef,
  RateLimit,
  Retry,
  Signal,
  systemClock,
  TimeLimit,
} from '@marketprism/reliability';
import { COLLECTOR_CONFIG } from '../collector.tokens.js';
import type { CollectorConfig } from '../config/collector.config.js';
import { VenueClients } from '../venues/venue-clients.js';
import { VenueError } from '../venues/venue-error.js';
import type { VenueId, VenueRow } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';
import { judge, NO_ANSWER_YET, type PlausibilityState, repeated } from './plausibility.js';
import { costOfList, routeTo, venueOf } from './venue-call.js';

/** One poll: a group of a venue's symbols, by one of the requests that can answer for it. */
export interface RatesQuery {
  readonly venue: VenueId;
  readonly list: string;
  /** Index of the request among the list's. */
  readonly source: number;
  /** Native ids, where only these are wanted. */
  readonly symbolIds: readonly string[];
  /**
   * Gets every plausible answer, also one that comes when its caller has given up: what a venue has served is not
   * thrown away because it was late.
   */
  readonly deliver: (answer: RatesAnswer) => void;
}

export interface RatesAnswer {
  readonly rows: readonly VenueRow[];
  readonly host: string;
  /** The answer's Date header, in ms; whole seconds. */
  readonly date: number | null;
}

/** Fetches funding rates, under everything that is configured for the venue. */
@Injectable()
export class FundingRatesService {
  readonly #plausibility = new Map<string, PlausibilityState>();

  constructor(
    private readonly clients: VenueClients,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {}

  /** @throws VenueError for what is no plausible answer, ReliabilityError when the call was refused or given up */
  @Deadline(venueOf)
  @Retry(venueOf)
  @CircuitBreaker(venueOf)
  @RateLimit(venueOf, { priority: 'high', cost: costOfList })
  @Balanced(venueOf)
  @TimeLimit(venueOf)
  async fetch(query: RatesQuery, @Endpoint() host?: EndpointRef, @Signal() signal?: AbortSignal): Promise<void> {
    const request = VENUES[query.venue].lists[query.list]?.[query.source];
    if (request === undefined) throw new Error(`${query.venue}: no request ${query.source} for ${query.list}`);
    const {
      value: rows,
      host: from,
      date,
    } = await this.clients.of(query.venue).ask(request, query, routeTo(host, signal));
    this.#assertPlausible(query, rows, from);
    query.deliver({ rows, host: from, date });
  }

  #assertPlausible({ venue, list, source }: RatesQuery, rows: readonly VenueRow[], host: string): void {
    const twice = repeated(rows.map(({ symbolId }) => symbolId));
    if (twice !== undefined) throw implausible(venue, host, `${twice} comes twice`);
    const key = `${venue}|${list}|${source}`;
    const { liquidBase } = this.config.plausibility;
    const shape = { rows: rows.length, hasLiquid: rows.some(({ symbolId }) => isLiquid(symbolId, liquidBase)) };
    const state = this.#plausibility.get(key) ?? NO_ANSWER_YET;
    const verdict = judge(state, shape, this.config.plausibility, systemClock.now());
    this.#plausibility.set(key, verdict.state);
    if (!verdict.plausible) throw implausible(venue, host, verdict.reason);
  }
}

function implausible(venue: VenueId, host: string, reason: string): VenueError {
  return new VenueError(`${host}: implausible answer: ${reason}`, {
    venue,
    host,
    status: 200,
    errorClass: 'data',
    reason: 'implausible',
  });
}

/** Native ids begin with the coin; Bitcoin is also XBT. */
function isLiquid(symbolId: string, base: string): boolean {
  if (base === '') return false;
  const id = symbolId.replace(/^P[FI]_/, '').replace(/^XBT/, 'BTC');
  return id.startsWith(base);
}
