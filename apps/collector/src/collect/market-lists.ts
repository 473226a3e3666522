import { Inject, Injectable, Logger } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import { COLLECTOR_CONFIG } from '../collector.tokens.js';
import type { CollectorConfig } from '../config/collector.config.js';
import { quoteNumbers } from '../venues/quote-numbers.js';
import type { TransportAnswer } from '../venues/transport.js';
import { VenueClients } from '../venues/venue-clients.js';
import { VenueError } from '../venues/venue-error.js';
import type { VenueId } from '../venues/venue.js';
import type { RatesAnswer } from './funding-rates.service.js';
import { MarketCache, type MarketList, marketList } from './venue-markets.js';
import { VenueRequests } from './venue-requests.js';

/** An unknown contract makes the list load again, at most this often, in ms. */
const RELOAD_PAUSE_MS = 60_000;

export type RatesListener = (venue: VenueId, list: string, answer: RatesAnswer) => void;

type Loadable = 'the market list' | 'intervals';

interface VenueState {
  list: MarketList | undefined;
  intervals: ReadonlyMap<string, number>;
  intervalsAt: number;
  loading: Promise<void> | undefined;
  /** Monotonic ms of the last attempt. */
  attemptedAt: number;
  /** What could not be loaded at the last attempt: it is said once. */
  readonly lacking: Set<Loadable>;
}

/** Names and intervals of every venue's contracts: from disk at once, from the venue in the background. */
@Injectable()
export class MarketLists {
  readonly #log = new Logger('MarketLists');
  readonly #venues = new Map<VenueId, VenueState>();
  readonly #cache: MarketCache;
  readonly #listeners: RatesListener[] = [];

  constructor(
    private readonly clients: VenueClients,
    private readonly requests: VenueRequests,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {
    this.#cache = new MarketCache(`${config.data}/markets`);
  }

  symbolOf(venue: VenueId, symbolId: string): string | null {
    return this.#venues.get(venue)?.list?.byId.get(symbolId)?.symbol ?? null;
  }

  intervalOf(venue: VenueId, symbolId: string): number | null {
    const state = this.#venues.get(venue);
    return state?.intervals.get(symbolId) ?? state?.list?.byId.get(symbolId)?.intervalHours ?? null;
  }

  /** The list of a venue, where one is known. */
  listOf(venue: VenueId): MarketList | undefined {
    return this.#venues.get(venue)?.list;
  }

  isLoaded(venue: VenueId): boolean {
    return this.#venues.get(venue)?.list !== undefined;
  }

  /** Calls `listener` with the rates that come with a market list, on venues where the two are one answer. */
  onRates(listener: RatesListener): void {
    this.#listeners.push(listener);
  }

  /** Takes what is on disk. */
  async restore(venue: VenueId): Promise<void> {
    this.#state(venue).list = await this.#cache.read(venue);
  }

  /** Whether the list or the intervals should be asked for again. */
  isDue(venue: VenueId): boolean {
    const { list } = this.#state(venue);
    const wallNow = systemClock.wallNow();
    return (
      list === undefined || wallNow - list.loadedAt >= this.config.collect.marketsEveryMs || this.#intervalsDue(venue)
    );
  }

  /** Says that an answer had contracts which the list lacks. */
  missing(venue: VenueId): void {
    const state = this.#state(venue);
    if (state.list === undefined || systemClock.now() - state.attemptedAt < RELOAD_PAUSE_MS) return;
    void this.refresh(venue);
  }

  /** Loads what is due from the venue. Never throws: without an answer, what is known stays. */
  refresh(venue: VenueId): Promise<void> {
    const state = this.#state(venue);
    state.loading ??= this.#load(venue, state).finally(() => {
      state.loading = undefined;
    });
    return state.loading;
  }

  async #load(venue: VenueId, state: VenueState): Promise<void> {
    state.attemptedAt = systemClock.now();
    try {
      const markets = await this.clients
        .of(venue)
        .fetchMarkets((request) =>
          this.requests.send({ venue, request, deliver: (answer) => this.#passRates(venue, request.url, answer) }),
        );
      this.#accept(venue, state, markets.length === 0 ? undefined : marketList(markets, systemClock.wallNow()));
      this.#loaded(venue, state, 'the market list');
      if (state.list !== undefined) await this.#cache.write(venue, state.list);
    } catch (error) {
      this.#notLoaded(venue, state, 'the market list', `, ${known(state)}: ${(error as Error).message}`);
    }
    await this.#loadIntervals(venue, state);
  }

  #passRates(venue: VenueId, url: string, { text, host, date }: TransportAnswer): void {
    const facts = this.clients.of(venue).venue;
    const list = facts.listOfMarkets?.(new URL(url).pathname);
    const request = list === undefined ? undefined : facts.lists[list]?.[0];
    if (list === undefined || request === undefined) return;
    try {
      const rows = request.read(quoteNumbers(text).value, { list, symbolIds: [] });
      for (const listener of this.#listeners) listener(venue, list, { rows, host, date });
    } catch {
      // What is no list of rates may still be a list of markets; that is decided where it is read.
    }
  }

  #accept(venue: VenueId, state: VenueState, list: MarketList | undefined): void {
    const share = this.config.plausibility.minShareOfLast;
    if (list === undefined || (state.list !== undefined && list.byId.size < state.list.byId.size * share)) {
      throw new VenueError(`implausible market list: ${list?.byId.size ?? 0} contracts`, { venue, errorClass: 'data' });
    }
    state.list = list;
  }

  async #loadIntervals(venue: VenueId, state: VenueState): Promise<void> {
    if (!this.#intervalsDue(venue)) return;
    try {
      state.intervals = await this.requests.intervals({ venue });
      state.intervalsAt = systemClock.now();
      this.#loaded(venue, state, 'intervals');
    } catch (error) {
      this.#notLoaded(venue, state, 'intervals', `: ${(error as Error).message}`);
    }
  }

  #loaded(venue: VenueId, { lacking }: VenueState, what: Loadable): void {
    if (lacking.delete(what)) this.#log.log(`${venue}: loaded again: ${what}`);
  }

  /** Once, however often it is tried again. */
  #notLoaded(venue: VenueId, { lacking }: VenueState, what: Loadable, why: string): void {
    if (lacking.has(what)) return;
    lacking.add(what);
    this.#log.warn(`${venue}: not loaded, tried again and again: ${what}${why}`);
  }

  #intervalsDue(venue: VenueId): boolean {
    if (this.clients.of(venue).venue.intervals === undefined) return false;
    return systemClock.now() - this.#state(venue).intervalsAt >= this.config.collect.intervalsEveryMs;
  }

  #state(venue: VenueId): VenueState {
    let state = this.#venues.get(venue);
    if (state === undefined) {
      state = {
        list: undefined,
        intervals: new Map(),
        intervalsAt: -Infinity,
        loading: undefined,
        attemptedAt: -Infinity,
        lacking: new Set(),
      };
      this.#venues.set(venue, state);
    }
    return state;
  }
}

function known({ list }: VenueState): string {
  return list === undefined ? 'and none is known' : `the one with ${list.byId.size} contracts stays`;
}
