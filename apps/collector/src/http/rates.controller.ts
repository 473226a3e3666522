import { Controller, Get, Header, Headers, Inject, Query, Res } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import type { Response } from 'express';
import { COLLECTOR_CONFIG, VENUE_SETTINGS } from '../collector.tokens.js';
import { LatestRates } from '../collect/latest-rates.js';
import type { CollectorConfig } from '../config/collector.config.js';
import type { VenueSettings } from '../config/venue-settings.js';
import { FundingStore } from '../storage/funding-store.js';
import type { VenueId } from '../venues/venue.js';
import { csv } from './csv.js';
import { latestJson } from './latest-json.js';
import {
  boundsOf,
  cursorOf,
  type HistoryQuery,
  historyQuery,
  latestQuery,
  type LatestQuery,
  QueryPipe,
} from './queries.js';

const LATEST_COLUMNS = [
  'exchange',
  'symbol',
  'symbolId',
  'fundingRate',
  'rawFundingRate',
  'fundingTime',
  'nextFundingRate',
  'nextFundingTime',
  'intervalHours',
  'markPrice',
  'indexPrice',
  'exchangeTime',
  'receivedAt',
  'ageMs',
  'stale',
] as const;

const HISTORY_COLUMNS = [
  'exchange',
  'symbol',
  'symbolId',
  'fundingTime',
  'fundingRate',
  'rawFundingRate',
  'intervalHours',
  'markPrice',
  'indexPrice',
  'source',
  'receivedAt',
] as const;

/** Funding rates to read, as JSON or CSV (`format=csv`, or `Accept: text/csv`). */
@Controller('rates')
export class RatesController {
  constructor(
    private readonly latestRates: LatestRates,
    private readonly store: FundingStore,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
    @Inject(VENUE_SETTINGS) private readonly settings: ReadonlyMap<VenueId, VenueSettings>,
  ) {}

  /** The last known rate of every contract, each with its age and whether that is stale. */
  @Get('latest')
  @Header('Cache-Control', 'no-store')
  latest(
    @Query(new QueryPipe(latestQuery)) query: LatestQuery,
    @Headers('accept') accept: string | undefined,
    @Res() response: Response,
  ): void {
    const now = systemClock.wallNow();
    const rates = [...this.latestRates.select(query.exchange)].flatMap((rate) => {
      const { record, confirmedAt } = rate;
      if (query.symbol !== undefined && record.symbol !== query.symbol && record.symbolId !== query.symbol) return [];
      const ageMs = Math.max(0, now - confirmedAt);
      return [{ ...rate, ageMs, stale: ageMs > this.#freshForMs(record.exchange) }];
    });
    if (wantsCsv(query.format, accept)) {
      const rows = rates.map(({ record, ageMs, stale }) => ({ ...record, ageMs, stale }));
      response.type('text/csv').send(csv(rows, LATEST_COLUMNS));
    } else response.type('json').send(latestJson(now, rates));
  }

  /** Settlements in order of time, page by page: `next` is the `cursor` of the following page. */
  @Get('history')
  @Header('Cache-Control', 'no-store')
  async history(
    @Query(new QueryPipe(historyQuery)) query: HistoryQuery,
    @Headers('accept') accept: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const { exchange, symbol, limit, cursor } = query;
    const rates = await this.store.settlements({
      exchange,
      symbol,
      limit,
      after: cursor,
      ...boundsOf(query, systemClock.wallNow()),
    });
    const last = rates.length === limit ? rates.at(-1) : undefined;
    const next = last === undefined ? null : cursorOf(last);
    if (wantsCsv(query.format, accept)) {
      if (next !== null) response.setHeader('X-Next-Cursor', next);
      response.type('text/csv').send(csv(rates, HISTORY_COLUMNS));
    } else response.json({ count: rates.length, next, rates });
  }

  #freshForMs(exchange: VenueId): number {
    const every = this.settings.get(exchange)?.pollEveryMs ?? this.config.collect.pollEveryMs;
    return every * this.config.http.freshIntervals;
  }
}

function wantsCsv(format: 'json' | 'csv' | undefined, accept: string | undefined): boolean {
  return format === undefined ? accept?.startsWith('text/csv') === true : format === 'csv';
}
