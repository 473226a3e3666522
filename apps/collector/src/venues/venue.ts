import type { Exchange } from 'ccxt';
import type { FailureCodes } from './failure.js';

export const VENUE_IDS = [
  'okx',
  'binanceusdm',
  'bybit',
  'gate',
  'bitget',
  'hyperliquid',
  'krakenfutures',
  'kucoinfutures',
] as const;

export type VenueId = (typeof VENUE_IDS)[number];

/** What a venue says of one perpetual, in our words. Decimals as sent, times in ms; `null` is "does not say". */
export interface VenueRow {
  readonly symbolId: string;
  /** Rate of the settlement at `fundingTime`, relative to the position's value. */
  readonly fundingRate: string | null;
  /** The rate as the venue sent it, where `fundingRate` is derived from it. */
  readonly rawFundingRate?: string | null;
  /** The settlement that `fundingRate` applies to. */
  readonly fundingTime: number | null;
  /** Rate predicted for the settlement after it. */
  readonly nextFundingRate: string | null;
  readonly nextFundingTime: number | null;
  readonly intervalHours: number | null;
  readonly markPrice: string | null;
  readonly indexPrice: string | null;
  /** The venue's own time of the row, or of the answer it came in. */
  readonly exchangeTime: number | null;
}

/** A rate with the settlement it applies to, and nothing else. */
export interface SettledRate {
  readonly symbolId: string;
  readonly fundingRate: string | null;
  readonly rawFundingRate?: string | null;
  readonly fundingTime: number | null;
}

/** When the next settlement is, as a venue's second endpoint tells it. */
export interface SettlementTime {
  /** Native id, or {@link EVERY_SYMBOL} when all settle together. */
  readonly symbolId: string;
  readonly fundingTime: number;
  readonly intervalHours: number | null;
  /** The venue's time of that answer. */
  readonly asOf: number | null;
}

export const EVERY_SYMBOL = '*';

/** What a second endpoint tells: when settlements are, and, in passing, rates with their settlements. */
export interface SettlementNotice {
  readonly times: readonly SettlementTime[];
  readonly rates: readonly SettledRate[];
}

/** The notice in rows that have both rate and settlement time. */
export function noticeOf(rows: readonly VenueRow[], asOf: number | null): SettlementNotice {
  const times: SettlementTime[] = [];
  for (const { symbolId, fundingTime, intervalHours } of rows) {
    if (symbolId !== '' && fundingTime !== null) times.push({ symbolId, fundingTime, intervalHours, asOf });
  }
  return { times, rates: rows.filter(({ fundingRate, fundingTime }) => fundingRate !== null && fundingTime !== null) };
}

/** What is asked about one group of symbols that a venue lists together. */
export interface ListQuery {
  readonly list: string;
  /** Native ids, where only these are wanted. */
  readonly symbolIds: readonly string[];
}

export interface HistoryQuery {
  readonly list: string;
  readonly symbolId: string;
  /** Settlements after this time, in ms. */
  readonly since: number;
  readonly until: number;
  /** Settlements that there may be between, at most; `Infinity` when nobody knows. */
  readonly expected: number;
}

/** One request of a venue's API and how its answer is read. */
export interface VenueRequest<X extends Exchange, Query, Result> {
  readonly name: string;
  /** What it takes of the venue's limit; for each symbol when it asks symbol by symbol. */
  readonly cost: number | ((query: Query) => number);
  /** Asks once for each wanted symbol, so it needs the symbols to be named. */
  readonly bySymbol?: boolean;
  call(exchange: X, query: Query): Promise<unknown>;
  /** @throws WireError when the body is not of the venue's form */
  read(body: unknown, query: Query): Result;
}

export interface History<X extends Exchange> extends VenueRequest<X, HistoryQuery, readonly SettledRate[]> {
  /** Whether one answer has the settlements of one symbol or of all. */
  readonly scope: 'symbol' | 'venue';
}

/** Everything that is particular to one venue. */
export interface Venue<X extends Exchange = Exchange> {
  readonly id: VenueId;
  /** Origins of the API that the rates come from, best first. */
  readonly hosts: readonly string[];
  /** What the venue documents it allows from one address, over all its hosts. */
  readonly limit: { readonly limit: number; readonly windowMs: number };
  /** @param config what every instance has, to be passed to ccxt's constructor */
  create(config: Record<string, unknown>): X;
  /** Groups of symbols that are asked for together, and the requests that answer, the first that exists. */
  readonly lists: Readonly<Record<string, readonly VenueRequest<X, ListQuery, readonly VenueRow[]>[]>>;
  /** For venues whose lists do not tell when the settlement is. The first that exists answers. */
  readonly settlementTimes?: readonly VenueRequest<X, ListQuery, SettlementNotice>[];
  /** For venues whose lists do not tell the interval: hours by native id. */
  readonly intervals?: VenueRequest<X, void, ReadonlyMap<string, number>>;
  readonly history?: History<X>;
  /** What one request of the market list takes of the limit. */
  readonly marketsCost: number;
  readonly failures: FailureCodes;
  /** The id that rows use for a market of ccxt, `market.id` unless told. */
  marketKey?(market: { readonly id: string; readonly info: unknown; readonly baseName?: string }): string;
  /** The list whose rates an answer to the market list's request has as well, by the request's path. */
  listOfMarkets?(path: string): string | undefined;
  /** Hours between settlements by the market list, where it says so. */
  marketInterval?(info: unknown): number | null;
}

/** A body that is not of the form the venue documents. */
export class WireError extends Error {
  override readonly name = 'WireError';
}
