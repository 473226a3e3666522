import type { Database } from '@marketprism/store';
import type { FundingRecord } from '../records/funding-record.js';
import type { VenueId } from '../venues/venue.js';

interface ObservationColumns {
  exchange: VenueId;
  symbolId: string;
  symbol: string;
  fundingRateText: string;
  rawFundingRate: string | null;
  fundingTimeMs: string | null;
  nextFundingRateText: string | null;
  nextFundingTimeMs: string | null;
  intervalHours: number | null;
  markPriceText: string | null;
  indexPriceText: string | null;
  exchangeTimeMs: string | null;
  receivedAtMs: string;
}

/** A stored settlement, decimals as text and times in ms. */
export interface StoredSettlement {
  readonly exchange: string;
  readonly symbol: string | null;
  readonly symbolId: string;
  readonly fundingTime: number;
  readonly fundingRate: string;
  readonly rawFundingRate: string | null;
  readonly intervalHours: number | null;
  readonly markPrice: string | null;
  readonly indexPrice: string | null;
  readonly source: string;
  readonly receivedAt: number;
}

interface SettlementColumns {
  exchange: string;
  symbol: string;
  symbolId: string;
  fundingTimeMs: string;
  fundingRateText: string;
  rawFundingRate: string | null;
  intervalHours: number | null;
  markPriceText: string | null;
  indexPriceText: string | null;
  source: string;
  receivedAtMs: string;
}

export interface HistoryPage {
  readonly exchange: string | undefined;
  /** Unified symbol or native id. */
  readonly symbol: string | undefined;
  /** Inclusive, in ms. */
  readonly from: number;
  /** Exclusive, in ms. */
  readonly to: number;
  readonly limit: number;
  /** The last row of the page before. */
  readonly after: PagePosition | undefined;
}

export interface PagePosition {
  readonly fundingTime: number;
  readonly exchange: string;
  readonly symbolId: string;
}

/** What settlements the table has of a contract. */
export interface StoredSpan {
  readonly exchange: VenueId;
  readonly symbolId: string;
  readonly last: number;
}

const ms = (column: string): string => `toUnixTimestamp64Milli(${column}) AS ${column}Ms`;
const number = (text: string | null): number | null => (text === null ? null : Number(text));

/** Reading of the tables. Every query names its bounds. */
export class FundingStore {
  constructor(private readonly database: Database) {}

  /** The newest observation of each contract since `since`, at most `limit`. */
  async latest(since: number, limit: number): Promise<FundingRecord[]> {
    const rows = await this.database.query<ObservationColumns>(
      `SELECT exchange, symbolId, symbol, fundingRateText, rawFundingRate, ${ms('fundingTime')}, nextFundingRateText,
              ${ms('nextFundingTime')}, intervalHours, markPriceText, indexPriceText, ${ms('exchangeTime')}, ${ms('receivedAt')}
       FROM funding_observation WHERE receivedAt >= {since: DateTime64(3, 'UTC')}
       ORDER BY exchange, symbolId, receivedAt DESC LIMIT 1 BY exchange, symbolId LIMIT {limit: UInt32}`,
      { since: new Date(since), limit },
    );
    return rows.map((row) => ({
      exchange: row.exchange,
      symbol: row.symbol === '' ? null : row.symbol,
      symbolId: row.symbolId,
      fundingRate: row.fundingRateText,
      rawFundingRate: row.rawFundingRate,
      fundingTime: number(row.fundingTimeMs),
      nextFundingRate: row.nextFundingRateText,
      nextFundingTime: number(row.nextFundingTimeMs),
      intervalHours: row.intervalHours,
      markPrice: row.markPriceText,
      indexPrice: row.indexPriceText,
      exchangeTime: number(row.exchangeTimeMs),
      receivedAt: Number(row.receivedAtMs),
    }));
  }

  /** Settlements in order of time, exchange and id. */
  async settlements({ exchange, symbol, from, to, limit, after }: HistoryPage): Promise<StoredSettlement[]> {
    const conditions = [
      "fundingTime >= {from: DateTime64(3, 'UTC')} AND fundingTime < {to: DateTime64(3, 'UTC')}",
      ...(exchange === undefined ? [] : ['exchange = {exchange: String}']),
      ...(symbol === undefined ? [] : ['(symbolId = {symbol: String} OR symbol = {symbol: String})']),
      ...(after === undefined
        ? []
        : [
            "(fundingTime, exchange, symbolId) > ({afterTime: DateTime64(3, 'UTC')}, {afterExchange: String}, {afterId: String})",
          ]),
    ];
    const rows = await this.database.query<SettlementColumns>(
      `SELECT exchange, symbol, symbolId, ${ms('fundingTime')}, fundingRateText, rawFundingRate, intervalHours,
              markPriceText, indexPriceText, source, ${ms('receivedAt')}
       FROM funding_settlement FINAL WHERE ${conditions.join(' AND ')}
       ORDER BY fundingTime, exchange, symbolId LIMIT {limit: UInt32}`,
      {
        from: new Date(from),
        to: new Date(to),
        limit,
        ...(exchange !== undefined && { exchange }),
        ...(symbol !== undefined && { symbol }),
        ...(after !== undefined && {
          afterTime: new Date(after.fundingTime),
          afterExchange: after.exchange,
          afterId: after.symbolId,
        }),
      },
    );
    return rows.map((row) => ({
      exchange: row.exchange,
      symbol: row.symbol === '' ? null : row.symbol,
      symbolId: row.symbolId,
      fundingTime: Number(row.fundingTimeMs),
      fundingRate: row.fundingRateText,
      rawFundingRate: row.rawFundingRate,
      intervalHours: row.intervalHours,
      markPrice: row.markPriceText,
      indexPrice: row.indexPriceText,
      source: row.source,
      receivedAt: Number(row.receivedAtMs),
    }));
  }

  /** The last settlement that was stored of each contract, among those not before `since` and before `until`. */
  async lastSettlements(since: number, until: number): Promise<StoredSpan[]> {
    const rows = await this.database.query<{ exchange: VenueId; symbolId: string; last: string }>(
      `SELECT exchange, symbolId, toUnixTimestamp64Milli(max(fundingTime)) AS last FROM funding_settlement
       WHERE fundingTime >= {since: DateTime64(3, 'UTC')} AND fundingTime < {until: DateTime64(3, 'UTC')}
       GROUP BY exchange, symbolId`,
      { since: new Date(since), until: new Date(until) },
    );
    return rows.map(({ exchange, symbolId, last }) => ({ exchange, symbolId, last: Number(last) }));
  }
}
