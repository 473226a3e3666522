import { Injectable } from '@nestjs/common';
import { Endpoint, type EndpointRef, Protect, RateLimit, Signal } from '@marketprism/reliability';
import { VenueClients } from '../venues/venue-clients.js';
import type { TransportAnswer, TransportRequest } from '../venues/transport.js';
import type { VenueAnswer } from '../venues/venue-client.js';
import type { HistoryQuery, ListQuery, SettledRate, SettlementNotice } from '../venues/venue.js';
import { VENUES } from '../venues/venues.js';
import { costOf, routeTo, type VenueCall, venueOf } from './venue-call.js';

export interface SettlementTimesQuery extends VenueCall, ListQuery {
  /** Index of the request among those that can answer. */
  readonly source: number;
  /** Gets every answer, also one that comes when its caller has given up. */
  readonly deliver: (answer: VenueAnswer<SettlementNotice>) => void;
}

export interface SettledQuery extends VenueCall, HistoryQuery {
  /** Gets every answer, also one that comes when its caller has given up. */
  readonly deliver: (rates: readonly SettledRate[]) => void;
}

export interface WireQuery extends VenueCall {
  readonly request: TransportRequest;
  /** Gets every answer, also one that comes when its caller has given up. */
  readonly deliver: (answer: TransportAnswer) => void;
}

const costOfTimes = (query: SettlementTimesQuery): number =>
  costOf(VENUES[query.venue].settlementTimes?.[query.source], query, query.symbolIds.length);
const costOfIntervals = ({ venue }: VenueCall): number => costOf(VENUES[venue].intervals, undefined);
const costOfHistory = (query: SettledQuery): number => costOf(VENUES[query.venue].history, query);
const costOfMarkets = ({ venue }: WireQuery): number => VENUES[venue].marketsCost;

/** What is asked of a venue beside the rates, under the same protection and within the same limit. */
@Injectable()
export class VenueRequests {
  constructor(private readonly clients: VenueClients) {}

  /** When the next settlements are, for venues whose lists do not tell. */
  @Protect(venueOf)
  @RateLimit(venueOf, { priority: 'high', cost: costOfTimes })
  async settlementTimes(
    query: SettlementTimesQuery,
    @Endpoint() host?: EndpointRef,
    @Signal() signal?: AbortSignal,
  ): Promise<void> {
    const request = VENUES[query.venue].settlementTimes?.[query.source];
    if (request === undefined) throw new Error(`${query.venue}: no request ${query.source} for settlement times`);
    query.deliver(await this.clients.of(query.venue).ask(request, query, routeTo(host, signal)));
  }

  /** Hours between settlements by native id, for venues whose lists do not tell. */
  @Protect(venueOf)
  @RateLimit(venueOf, { priority: 'low', cost: costOfIntervals })
  async intervals(
    { venue }: VenueCall,
    @Endpoint() host?: EndpointRef,
    @Signal() signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number>> {
    const request = VENUES[venue].intervals;
    if (request === undefined) return new Map();
    return (await this.clients.of(venue).ask(request, undefined, routeTo(host, signal))).value;
  }

  /** Past settlements. */
  @Protect(venueOf)
  @RateLimit(venueOf, { priority: 'low', cost: costOfHistory })
  async history(query: SettledQuery, @Endpoint() host?: EndpointRef, @Signal() signal?: AbortSignal): Promise<void> {
    const request = VENUES[query.venue].history;
    if (request === undefined) return;
    query.deliver((await this.clients.of(query.venue).ask(request, query, routeTo(host, signal))).value);
  }

  /** One of the requests that a market list takes. */
  @Protect(venueOf)
  @RateLimit(venueOf, { cost: costOfMarkets })
  async send(
    { venue, request, deliver }: WireQuery,
    @Endpoint() host?: EndpointRef,
    @Signal() signal?: AbortSignal,
  ): Promise<TransportAnswer> {
    const answer = await this.clients.of(venue).send(request, routeTo(host, signal), false);
    deliver(answer);
    return answer;
  }
}
