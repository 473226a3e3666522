import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { ReliabilityManager, systemClock, systemRandom } from '@marketprism/reliability';
import { COLLECTOR_CONFIG, PIPELINE, VENUE_SETTINGS } from '../collector.tokens.js';
import type { CollectorConfig } from '../config/collector.config.js';
import type { VenueSettings } from '../config/venue-settings.js';
import { FundingStore } from '../storage/funding-store.js';
import type { Pipeline } from '../storage/pipeline.js';
import type { VenueId } from '../venues/venue.js';
import { FundingRatesService } from './funding-rates.service.js';
import { HistoryFiller } from './history-filler.js';
import { LatestRates } from './latest-rates.js';
import { MarketLists } from './market-lists.js';
import { MissedSettlements } from './missed-settlements.js';
import { firstPollIn, hopelessPollIn, nextPollIn, retryPollIn } from './poll-plan.js';
import type { PollResult } from './poll-status.js';
import { ListPoller } from './list-poller.js';
import { Unrest } from './unrest.js';
import { VenueRequests } from './venue-requests.js';

/** A first poll waits this long for names of contracts, in ms; it goes ahead without them. */
const AWAIT_MARKETS_MS = 5_000;
/** A market list that could not be loaded is tried again after this long, in ms. */
const RETRY_MARKETS_MS = 30_000;
/** Market lists loaded at once. */
const MARKETS_AT_ONCE = 4;
/** Share of a venue's limit that reading of histories takes at most. */
const HISTORY_SHARE = 0.5;
/** Where reading a history costs by its length, what it costs at least. */
const LEAST_HISTORY_COST = 20;
/** While the last gaps are filled, a refused reading is tried again after this long, in ms. */
const REFUSED_PAUSE_MS = 500;
/** Polls under way get this long to end when the collector stops, in ms. */
const STOP_CAP_MS = 5_000;
/** What is accepted gets this long to be written when the collector stops, in ms. */
const DRAIN_CAP_MS = 15_000;
/** Latest rates are taken over from an earlier run when they are not older, in ms. */
const WARM_START_MS = 86_400_000;

/** What a request of a poll is called in events; those for histories fail for reasons of single contracts. */
const POLL = `${FundingRatesService.name}.fetch`;

export type PollObserver = (poller: ListPoller, result: PollResult) => void;

/** Keeps every configured venue polled, its market list fresh and its missed settlements filled. */
@Injectable()
export class Collector implements OnModuleDestroy {
  readonly pollers: readonly ListPoller[];
  readonly fillers: readonly HistoryFiller[];
  readonly #log = new Logger('Collector');
  readonly #missed: MissedSettlements;
  readonly #unrest = new Unrest();
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();
  readonly #loops: Promise<void>[] = [];
  readonly #observers: PollObserver[] = [];
  #stopping: Promise<boolean> | undefined;

  constructor(
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
    @Inject(VENUE_SETTINGS) private readonly settings: ReadonlyMap<VenueId, VenueSettings>,
    @Inject(PIPELINE) private readonly pipeline: Pipeline,
    private readonly markets: MarketLists,
    private readonly latest: LatestRates,
    private readonly store: FundingStore,
    rates: FundingRatesService,
    requests: VenueRequests,
    manager: ReliabilityManager,
  ) {
    this.#missed = new MissedSettlements(config.collect.historyDepthMs, systemClock.wallNow());
    const parts = {
      config,
      rates,
      requests,
      markets,
      latest,
      missed: this.#missed,
      pipeline,
      signal: this.#abort.signal,
    };
    const venues = [...settings.values()];
    this.pollers = venues.flatMap((venue) => venue.lists.map((list) => new ListPoller(venue, list, parts)));
    markets.onRates((id, list, answer) => {
      this.pollers.find(({ settings, list: own }) => settings.venue.id === id && own === list)?.take(answer);
    });
    manager.on('retry.scheduled', ({ policy, call, errorClass, at }) => {
      if (call === POLL) this.#unrest.failed(policy, errorClass, at);
    });
    this.fillers = venues.map((venue) => new HistoryFiller(venue, parts));
    // One listener per loop: their number is the configuration's.
    setMaxListeners(0, this.#stop.signal, this.#abort.signal);
  }

  /** Takes over what an earlier run left: names, the latest rates, and which settlements are stored. */
  async restore(): Promise<void> {
    const now = systemClock.wallNow();
    await Promise.all([...this.settings.keys()].map((venue) => this.markets.restore(venue)));
    this.latest.take(await this.store.latest(now - WARM_START_MS, 100_000));
    for (const { exchange, symbolId, last } of await this.store.lastSettlements(
      now - this.config.collect.historyDepthMs,
      now,
    )) {
      const lists = this.settings.get(exchange)?.lists ?? [];
      if (lists[0] !== undefined) this.#missed.remember(exchange, lists[0], symbolId, last);
    }
  }

  /** Collects until {@link stop}. */
  start(): void {
    const venues = [...this.settings.values()];
    venues.forEach((venue, index) => {
      const named = this.#loadMarkets(venue.venue.id, Math.floor(index / MARKETS_AT_ONCE) * 500);
      this.#loops.push(this.#keepMarkets(venue.venue.id, named));
      this.#loops.push(this.#keepFilling(index));
    });
    this.pollers.forEach((poller, index) => {
      const delay = firstPollIn(index, this.pollers.length, Math.min(2_000, poller.settings.pollEveryMs));
      this.#loops.push(this.#keepPolling(poller, delay));
    });
  }

  /** Contracts whose history is to be read, by venue. */
  backlog(): ReturnType<MissedSettlements['backlog']> {
    return this.#missed.backlog(systemClock.wallNow());
  }

  /** Calls `observer` after every poll. */
  observe(observer: PollObserver): void {
    this.#observers.push(observer);
  }

  /** Polls every list of every venue once. */
  async pollOnce(): Promise<{ readonly poller: ListPoller; readonly result: PollResult }[]> {
    await Promise.all([...this.settings.keys()].map((venue) => this.markets.refresh(venue)));
    return Promise.all(this.pollers.map(async (poller) => ({ poller, result: await poller.poll() })));
  }

  /**
   * Starts no further poll, lets what is under way end, and writes what was accepted. Safe to call twice.
   * @param fillCapMs settlements that are known to be missing are filled for at most this long
   * @param drainCapMs what is accepted gets this long to be stored
   * @returns whether everything accepted is stored
   */
  stop(fillCapMs = 0, drainCapMs = DRAIN_CAP_MS): Promise<boolean> {
    this.#stopping ??= this.#end(fillCapMs, drainCapMs);
    return this.#stopping;
  }

  /** The first of the hooks: what is accepted is written before anything else refuses to work. */
  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  async #end(fillCapMs: number, drainCapMs: number): Promise<boolean> {
    this.#stop.abort();
    await Promise.race([Promise.all(this.#loops), pause(STOP_CAP_MS)]);
    await this.#fillGaps(fillCapMs);
    this.#abort.abort(new Error('the collector stops'));
    // A poll whose rows the stream does not take ends only with the pipeline.
    const { accepting } = this.pipeline.snapshot();
    await Promise.race([Promise.all(this.#loops), pause(accepting ? drainCapMs / 2 : STOP_CAP_MS)]);
    const drained = await this.pipeline.drain(drainCapMs);
    const { queued, inMemory } = this.pipeline.snapshot();
    if (inMemory > 0) this.#log.error(`${inMemory} rows could not be stored`);
    if (!drained && queued > inMemory)
      this.#log.warn(`${queued - inMemory} rows are in the stream, and will be stored after the next start`);
    return drained;
  }

  async #fillGaps(capMs: number): Promise<void> {
    if (capMs <= 0) return;
    const filling = this.fillers.map(async (filler) => {
      for (let last = await filler.fillOne(true); last !== 'done'; last = await filler.fillOne(true)) {
        if (last === 'refused') await pause(REFUSED_PAUSE_MS);
      }
    });
    await Promise.race([Promise.all(filling), pause(capMs)]);
  }

  async #keepPolling(poller: ListPoller, delay: number): Promise<void> {
    const { collect } = this.config;
    const { pollEveryMs, venue } = poller.settings;
    await this.#sleep(delay);
    if (!this.markets.isLoaded(venue.id)) {
      await Promise.race([this.markets.refresh(venue.id), this.#sleep(AWAIT_MARKETS_MS)]);
    }
    while (!this.#stop.signal.aborted) {
      await this.pipeline.whenRoom(this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      const startedAt = systemClock.wallNow();
      const result = await poller.poll();
      for (const observe of this.#observers) observe(poller, result);
      const now = systemClock.wallNow();
      const plan = { ...collect, pollEveryMs: this.#unrest.pollEveryMs(venue.id, pollEveryMs, systemClock.now()) };
      const regularIn = nextPollIn(plan, startedAt, now, poller.nextSettlement, systemRandom.next());
      if (result.ok) await this.#sleep(regularIn);
      else if (isHopeless(poller)) await this.#sleep(hopelessPollIn(pollEveryMs, poller.status.failures));
      else await this.#sleep(retryPollIn(pollEveryMs, result.retryAfterMs, regularIn));
    }
  }

  async #loadMarkets(venue: VenueId, delay: number): Promise<void> {
    if (this.markets.isLoaded(venue) && !this.markets.isDue(venue)) return;
    await this.#sleep(delay);
    if (!this.#stop.signal.aborted) await this.markets.refresh(venue);
  }

  async #keepMarkets(venue: VenueId, first: Promise<void>): Promise<void> {
    await first;
    while (!this.#stop.signal.aborted) {
      await this.#sleep(Math.min(RETRY_MARKETS_MS, this.config.collect.marketsEveryMs));
      if (!this.#stop.signal.aborted && this.markets.isDue(venue)) await this.markets.refresh(venue);
    }
  }

  async #keepFilling(index: number): Promise<void> {
    const filler = this.fillers[index];
    const { historyEveryMs } = this.config.collect;
    if (filler === undefined || historyEveryMs === 0) return;
    const { venue, limit } = filler.settings;
    const cost = typeof venue.history?.cost === 'number' ? venue.history.cost : LEAST_HISTORY_COST;
    const pace = ((limit.windowMs / limit.limit) * cost) / HISTORY_SHARE;
    while (!this.#stop.signal.aborted) {
      await this.#sleep(historyEveryMs * (0.5 + systemRandom.next()));
      await this.pipeline.whenRoom(this.#stop.signal);
      while (!this.#stop.signal.aborted && !this.#isAway(venue.id) && (await filler.fillOne()) === 'read') {
        await this.#sleep(pace);
        await this.pipeline.whenRoom(this.#stop.signal);
      }
    }
  }

  /** Whether none of a venue's lists answers: what a probe may ask it is left to the polls, not spent on its past. */
  #isAway(id: VenueId): boolean {
    return this.pollers
      .filter(({ settings }) => settings.venue.id === id)
      .every(({ status }) => status.last?.ok === false);
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

/** Whether a list never answered although its venue is there: it says that there is nothing, or nothing usable. */
function isHopeless({ status }: ListPoller): boolean {
  const { last } = status;
  return status.lastGoodAt === undefined && last?.ok === false && ['data', 'client'].includes(last.errorClass);
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false });
}
