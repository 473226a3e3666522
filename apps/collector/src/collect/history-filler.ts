import { Logger } from '@nestjs/common';
import { isRefused, systemClock } from '@marketprism/reliability';
import type { CollectorConfig } from '../config/collector.config.js';
import type { VenueSettings } from '../config/venue-settings.js';
import type { SettlementRecord } from '../records/funding-record.js';
import { SettlementRanges } from '../records/settlement-ranges.js';
import { validateSettlements } from '../records/validate.js';
import type { Pipeline } from '../storage/pipeline.js';
import type { SettledRate } from '../venues/venue.js';
import type { MarketLists } from './market-lists.js';
import type { HistoryNeed, MissedSettlements } from './missed-settlements.js';
import type { VenueRequests } from './venue-requests.js';

/** A history that told nothing new is asked again after this long, in ms. */
const NOTHING_NEW_MS = 30_000;
/** One that could not be read, after this long, in ms. */
const FAILED_MS = 3_000;

export interface FillerParts {
  readonly config: CollectorConfig;
  readonly requests: VenueRequests;
  readonly markets: MarketLists;
  readonly missed: MissedSettlements;
  readonly pipeline: Pipeline;
  /** Ends every call under way. */
  readonly signal: AbortSignal;
}

/** Fills the settlements that no answer told of, and confirms the others, from one venue's history. */
export class HistoryFiller {
  readonly #log = new Logger('HistoryFiller');
  readonly #ranges = new SettlementRanges();
  /** Settlements that histories told. */
  read = 0;

  constructor(
    readonly settings: VenueSettings,
    private readonly parts: FillerParts,
  ) {}

  /**
   * Reads one history, the most needed: of all needs or, with `gapsOnly`, of contracts with a settlement missing.
   * @returns `done` when none is needed or the venue has none; `refused` while its calls are
   */
  async fillOne(gapsOnly = false): Promise<'read' | 'refused' | 'done'> {
    const { history, id } = this.settings.venue;
    if (history === undefined || this.parts.signal.aborted) return 'done';
    const needs = this.parts.missed.needs(id, systemClock.wallNow()).filter(({ gap }) => gap || !gapsOnly);
    const first = needs[0];
    if (first === undefined) return 'done';
    const asked = history.scope === 'venue' ? needs : [first];
    try {
      await this.parts.requests.history(
        {
          venue: id,
          list: first.list,
          symbolId: first.symbolId,
          since: Math.min(...asked.map(({ since }) => since)),
          until: Math.max(...asked.map(({ until }) => until)),
          expected: Math.max(...asked.map(({ expected }) => expected)),
          deliver: (rates) => void this.#take(rates, asked).catch(() => undefined),
        },
        undefined,
        this.parts.signal,
      );
      return 'read';
    } catch (error) {
      this.#log.debug(`${id}: history was not read: ${(error as Error).message}`);
      if (isRefused(error)) return 'refused';
      for (const need of asked) this.parts.missed.defer(id, need.symbolId, systemClock.wallNow() + FAILED_MS);
      return 'read';
    }
  }

  async #take(rates: readonly SettledRate[], asked: readonly HistoryNeed[]): Promise<void> {
    const { id } = this.settings.venue;
    const { accepted, rejected } = validateSettlements(rates, 'history', {
      exchange: id,
      receivedAt: systemClock.wallNow(),
      maxAbsoluteRate: this.parts.config.plausibility.maxAbsoluteRate,
      symbolOf: (symbolId) => this.parts.markets.symbolOf(id, symbolId),
      intervalOf: () => null,
    });
    this.#confirm(asked, accepted);
    const fresh = this.#ranges.fresh(accepted);
    this.read += fresh.length;
    await this.parts.pipeline.accept({ observations: [], settlements: fresh, rejected });
  }

  #confirm(asked: readonly HistoryNeed[], told: readonly SettlementRecord[]): void {
    const { id } = this.settings.venue;
    const latest = new Map<string, number>();
    for (const { symbolId, fundingTime } of told) {
      latest.set(symbolId, Math.max(fundingTime, latest.get(symbolId) ?? 0));
    }
    for (const { symbolId, since } of asked) {
      const settlement = latest.get(symbolId) ?? 0;
      if (settlement > since) this.parts.missed.confirm(id, symbolId, settlement);
      else this.parts.missed.defer(id, symbolId, systemClock.wallNow() + NOTHING_NEW_MS);
    }
  }
}
