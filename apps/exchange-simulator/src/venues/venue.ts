import type { FundingSeries, SeriesSubject } from '../series/funding-series.js';
import type { Scaled } from '../series/lexeme.js';

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

/** ccxt's name of a venue. */
export type VenueId = (typeof VENUE_IDS)[number];

/** One contract of a venue. A dated future has a delivery time and no funding. */
export interface Instrument extends SeriesSubject {
  /** The venue's own name: `BTC-USDT-SWAP`. */
  readonly id: string;
  readonly quote: string;
  readonly settle: string;
  readonly inverse: boolean;
  /** Epoch milliseconds of delivery; null for a perpetual. */
  readonly deliveryTime: number | null;
  /** Listed but closed for trading: it settles nothing. */
  readonly closed: boolean;
  /** The list it is served in (`USDT-FUTURES`, `inverse`); the first group of a venue is its main list. */
  readonly group: string;
  /** Hours between settlements as the wire format states them. */
  readonly intervalHours: number;
  readonly listedAt: number;
}

/** What a venue's handlers read: its contracts and the published series. */
export interface VenueWorld {
  readonly instruments: readonly Instrument[];
  readonly series: FundingSeries;
}

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** Epoch milliseconds of arrival. */
  readonly now: number;
}

/** A settlement as an answer states it; the auditor's unit. */
export interface SettlementRow {
  readonly symbolId: string;
  /** Epoch milliseconds. */
  readonly fundingTime: number;
  /** The rate per interval as sent. */
  readonly rate: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Settlements a current answer states with their time. */
  readonly current?: readonly SettlementRow[];
  /** Settlements a history states. */
  readonly history?: readonly SettlementRow[];
  /** Rates the body states without a settlement time. */
  readonly undated?: number;
}

/** One quota of a venue, counted per client address over all its hosts. */
export interface LimitRule {
  readonly name: string;
  /** Weight allowed in any window of `windowMs`. */
  readonly limit: number;
  /** The heaviest single request: what a scaled limit keeps room for. @default 1 */
  readonly heaviest?: number;
  readonly windowMs: number;
}

/** What a request costs: `key` separates counters of one rule (per endpoint, per instrument). */
export interface LimitCharge {
  readonly rule: LimitRule;
  readonly key: string;
  readonly weight: number;
}

/** How full a charged window is after a request; what limit headers are made of. */
export interface LimitUsage {
  readonly rule: LimitRule;
  readonly used: number;
  /** Milliseconds until this much weight would be admitted again; 0 when it was. */
  readonly retryAfterMs: number;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly charge: (request: WireRequest) => LimitCharge;
  /** Weight that only the answer's size decides, charged after it; 0 when absent. */
  readonly surcharge?: (answer: WireAnswer, request: WireRequest) => number;
  readonly answer: (request: WireRequest, world: VenueWorld) => WireAnswer;
}

/** The answers of a venue in trouble, each in its own form. */
export interface VenueTrouble {
  readonly notFound: (request: WireRequest) => WireAnswer;
  /** Status 429 in the venue's form. */
  readonly rateLimited: (retryAfterMs: number | null, now: number) => WireAnswer;
  /** What it really sends above its limit, where that is not `rateLimited`. */
  readonly overLimit?: (retryAfterMs: number, now: number) => WireAnswer;
  /** Banned for `banMs`. */
  readonly banned: (banMs: number, now: number) => WireAnswer;
  readonly unavailable: (now: number) => WireAnswer;
  /** Its documented maintenance answers. */
  readonly maintenance: readonly ((now: number) => WireAnswer)[];
}

export interface Venue {
  readonly id: VenueId;
  /** Its contracts for these base coins; perpetuals of the main group first. */
  readonly list: (bases: readonly string[], series: FundingSeries) => readonly Instrument[];
  readonly routes: readonly Route[];
  readonly trouble: VenueTrouble;
  /** Headers on every answer that was counted. */
  readonly limitHeaders: (usage: LimitUsage, now: number) => Readonly<Record<string, string>>;
  /** The rate per interval of a settlement, as the venue writes it. */
  readonly rateLexeme: (instrument: Instrument, series: FundingSeries, settlementTime: number) => string;
}

/** True for what settles funding. */
export function settles(instrument: Instrument): boolean {
  return instrument.deliveryTime === null && !instrument.closed;
}

export function rateOf(world: VenueWorld, instrument: Instrument, settlementTime: number): Scaled {
  return world.series.rate(instrument, settlementTime);
}

/** Settlement times within [from, to], newest first, at most `limit`. */
export function settlementTimes(series: FundingSeries, from: number, to: number, limit: number): readonly number[] {
  const times: number[] = [];
  for (let time = series.lastSettlement(to); time >= from && times.length < limit; time -= series.settlementMs) {
    times.push(time);
  }
  return times;
}
