import { krakenfutures } from 'ccxt';
import { plainDecimal, relativeRate } from '../records/decimal.js';
import type { SettledRate, SettlementNotice, Venue, VenueRow } from './venue.js';
import { EVERY_SYMBOL, WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, isObject, isoMillis, objects, text } from './wire.js';

const HOUR = 3_600_000;
/** Funding accrues hour by hour. */
const INTERVAL_HOURS = 1;
/** All contracts settle together; the most liquid one tells when. */
const REFERENCE = 'PF_XBTUSD';

/**
 * Rates are sent as an absolute amount per contract and hour. `PF_` contracts are linear, `PI_` ones inverse; the
 * relative rate is derived at the mark price of the same answer.
 */
function relative(symbolId: string, absolute: string | null, markPrice: string | null): string | null {
  if (absolute === null || markPrice === null) return null;
  const plain = plainDecimal(absolute);
  const price = plainDecimal(markPrice);
  if (plain === null || price === null) return null;
  return relativeRate(plain, price, /^pi_/i.test(symbolId) ? 'inverse' : 'linear');
}

function row(item: WireObject, exchangeTime: number | null): VenueRow {
  const symbolId = text(item['symbol']) ?? '';
  const markPrice = text(item['markPrice']);
  return {
    symbolId,
    fundingRate: relative(symbolId, text(item['fundingRate']), markPrice),
    rawFundingRate: text(item['fundingRate']),
    fundingTime: null,
    nextFundingRate: relative(symbolId, text(item['fundingRatePrediction']), markPrice),
    nextFundingTime: null,
    intervalHours: INTERVAL_HOURS,
    markPrice,
    indexPrice: text(item['indexPrice']),
    exchangeTime,
  };
}

function isPerpetual(item: WireObject): boolean {
  return text(item['tag']) === 'perpetual' || /^p[fi]_/i.test(text(item['symbol']) ?? '');
}

function rates(body: unknown): readonly WireObject[] {
  const items = objects(at(body, 'rates'));
  if (items === undefined) throw new WireError('rates is not a list of objects');
  return items;
}

/** A history dates a rate by the start of its period; the last entry is the period that runs. */
function settled(body: unknown, symbolId: string): { readonly rates: readonly SettledRate[]; readonly period: number } {
  const items = rates(body);
  const starts = items.map((item) => isoMillis(item['timestamp'])).filter((time) => time !== null);
  const [last, previous] = starts.sort((a, b) => b - a);
  const period = last !== undefined && previous !== undefined ? last - previous : INTERVAL_HOURS * HOUR;
  return {
    period,
    rates: items.map((item) => {
      const start = isoMillis(item['timestamp']);
      return {
        symbolId,
        fundingRate: text(item['relativeFundingRate']),
        rawFundingRate: text(item['fundingRate']),
        fundingTime: start === null ? null : start + period,
      };
    }),
  };
}

function settlementNotice(body: unknown): SettlementNotice {
  const { rates, period } = settled(body, REFERENCE);
  const fundingTime = Math.max(...rates.map(({ fundingTime }) => fundingTime ?? -Infinity));
  if (rates.length < 2 || fundingTime === -Infinity) return { times: [], rates };
  return { times: [{ symbolId: EVERY_SYMBOL, fundingTime, intervalHours: period / HOUR, asOf: null }], rates };
}

export const krakenfuturesVenue: Venue<krakenfutures> = {
  id: 'krakenfutures',
  hosts: ['https://futures.kraken.com'],
  // The venue does not count public requests; this is a courtesy.
  limit: { limit: 100, windowMs: 10_000 },
  create: (config) => new krakenfutures(config),
  lists: {
    perpetuals: [
      {
        name: 'tickers',
        cost: 1,
        call: (exchange) => exchange.publicGetTickers(),
        read: (body) => {
          const items = objects(at(body, 'tickers'));
          if (items === undefined) throw new WireError('tickers is not a list of objects');
          const time = isoMillis(at(body, 'serverTime'));
          return items.filter(isPerpetual).map((item) => row(item, time));
        },
      },
    ],
  },
  settlementTimes: [
    {
      name: 'historicalfundingrates',
      cost: 1,
      call: (exchange) => exchange.publicGetHistoricalfundingrates({ symbol: REFERENCE }),
      read: settlementNotice,
    },
  ],
  history: {
    name: 'historicalfundingrates',
    scope: 'symbol',
    cost: 1,
    call: (exchange, { symbolId }) => exchange.publicGetHistoricalfundingrates({ symbol: symbolId }),
    read: (body, { symbolId }) => settled(body, symbolId).rates,
  },
  marketsCost: 1,
  failures: {
    code: (body) => {
      if (!isObject(body)) return 'no result';
      if (text(body['error']) !== null) return text(body['error']) ?? undefined;
      return text(body['result']) === 'error' ? 'error' : undefined;
    },
    classes: {
      apiLimitExceeded: 'rateLimit',
      Unavailable: 'server',
      marketUnavailable: 'server',
      'Server Error': 'server',
      serverError: 'server',
      authenticationError: 'auth',
      invalidArgument: 'client',
      notFound: 'client',
    },
  },
};
