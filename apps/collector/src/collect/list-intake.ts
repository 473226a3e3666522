import { systemClock } from '@marketprism/reliability';
import type { CollectorConfig } from '../config/collector.config.js';
import type { VenueSettings } from '../config/venue-settings.js';
import type { FundingRecord } from '../records/funding-record.js';
import { SettlementRanges } from '../records/settlement-ranges.js';
import { type RowContext, validateRows, validateSettlements } from '../records/validate.js';
import type { Pipeline } from '../storage/pipeline.js';
import type { SettlementNotice, VenueRow } from '../venues/venue.js';
import type { RatesAnswer } from './funding-rates.service.js';
import type { LatestRates } from './latest-rates.js';
import type { MarketLists } from './market-lists.js';
import type { MissedSettlements } from './missed-settlements.js';
import { answerTime, SettlementTimes } from './settlement-times.js';

export interface IntakeParts {
  readonly config: CollectorConfig;
  readonly markets: MarketLists;
  readonly latest: LatestRates;
  readonly missed: MissedSettlements;
  readonly pipeline: Pipeline;
}

/** What was made of an answer. */
export interface Taken {
  readonly accepted: number;
  readonly rejected: number;
  readonly host: string;
  readonly records: readonly FundingRecord[];
}

/** Makes records of a list's answers and hands them on: completes settlement times, names and intervals, checks rows. */
export class ListIntake {
  readonly #times = new SettlementTimes();
  readonly #told = new SettlementRanges();
  #tellsTimes: boolean | undefined;
  #nextSettlement: number | undefined;

  constructor(
    private readonly settings: VenueSettings,
    private readonly list: string,
    private readonly parts: IntakeParts,
  ) {}

  /** Whether the list itself tells when settlements are; `undefined` before the first answer. */
  get tellsTimes(): boolean | undefined {
    return this.#tellsTimes;
  }

  /** The settlement that comes next, as far as known; ms since the epoch. */
  get nextSettlement(): number | undefined {
    return this.#nextSettlement;
  }

  async take({ rows, host, date }: RatesAnswer): Promise<Taken> {
    const { markets, latest, missed, pipeline } = this.parts;
    const { id } = this.settings.venue;
    const { accepted, rejected } = validateRows(this.#wanted(this.#completed(rows, date)), this.#context());
    if (accepted.some(({ symbol }) => symbol === null)) markets.missing(id);
    await pipeline.accept({ observations: accepted, settlements: [], rejected });
    latest.take(accepted);
    let next = Infinity;
    for (const { symbolId, fundingTime, intervalHours } of accepted) {
      if (fundingTime === null) continue;
      missed.observe(id, this.list, symbolId, fundingTime, intervalHours);
      next = Math.min(next, fundingTime);
    }
    this.#nextSettlement = next === Infinity ? undefined : next;
    return { accepted: accepted.length, rejected: rejected.length, host, records: accepted };
  }

  /** Learns settlement times, and takes the rates that came with them, except what an earlier notice told. */
  async takeNotice({ times, rates }: SettlementNotice, date: number | null): Promise<void> {
    this.#times.learn(times, date);
    const { accepted, rejected } = validateSettlements(rates, 'observation', this.#context());
    await this.parts.pipeline.accept({ observations: [], settlements: this.#told.fresh(accepted), rejected });
  }

  /** Gives rows without a settlement time the one that the second endpoint told, where it holds for them. */
  #completed(rows: readonly VenueRow[], date: number | null): readonly VenueRow[] {
    if (this.settings.venue.settlementTimes === undefined) return rows;
    this.#tellsTimes = rows.every(({ fundingTime }) => fundingTime !== null);
    return rows.map((row) => {
      if (row.fundingTime !== null) return row;
      const told = this.#times.of(row.symbolId, answerTime(row, date));
      if (told === null) return row;
      return { ...row, fundingTime: told.fundingTime, intervalHours: row.intervalHours ?? told.intervalHours };
    });
  }

  #wanted(rows: readonly VenueRow[]): readonly VenueRow[] {
    const { symbols } = this.settings;
    return symbols.length === 0 ? rows : rows.filter(({ symbolId }) => symbols.includes(symbolId));
  }

  #context(): RowContext {
    const { config, markets } = this.parts;
    const { id } = this.settings.venue;
    return {
      exchange: id,
      receivedAt: systemClock.wallNow(),
      maxAbsoluteRate: config.plausibility.maxAbsoluteRate,
      symbolOf: (symbolId) => markets.symbolOf(id, symbolId),
      intervalOf: (symbolId) => markets.intervalOf(id, symbolId),
    };
  }
}
