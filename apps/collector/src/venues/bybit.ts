import { bybit } from 'ccxt';
import { codeUnless, headerMillis } from './failure.js';
import type { ListQuery, Venue, VenueRequest, VenueRow } from './venue.js';
import { WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, hours, millis, objects, text } from './wire.js';

/** A 403 means "access too frequent": the address is let in again after ten minutes. */
const FORBIDDEN_MS = 600_000;

function items(body: unknown): readonly WireObject[] {
  const list = objects(at(body, 'result', 'list'));
  if (list === undefined) throw new WireError('result.list is not a list of objects');
  return list;
}

function row(item: WireObject, exchangeTime: number | null): VenueRow {
  return {
    symbolId: text(item['symbol']) ?? '',
    fundingRate: text(item['fundingRate']),
    fundingTime: millis(item['nextFundingTime']),
    nextFundingRate: null,
    nextFundingTime: null,
    intervalHours: hours(item['fundingIntervalHour']),
    markPrice: text(item['markPrice']),
    indexPrice: text(item['indexPrice']),
    exchangeTime,
  };
}

/** Dated futures have a delivery time, and neither rate nor settlement. */
function isPerpetual(item: WireObject): boolean {
  return (
    millis(item['deliveryTime']) === null &&
    !(text(item['fundingRate']) === null && millis(item['nextFundingTime']) === null)
  );
}

function tickers(category: string): VenueRequest<bybit, ListQuery, readonly VenueRow[]> {
  return {
    name: `market/tickers ${category}`,
    cost: 1,
    call: (exchange) => exchange.publicGetV5MarketTickers({ category }),
    read: (body) => {
      const time = millis(at(body, 'time'));
      return items(body)
        .filter(isPerpetual)
        .map((item) => row(item, time));
    },
  };
}

export const bybitVenue: Venue<bybit> = {
  id: 'bybit',
  hosts: ['https://api.bybit.com', 'https://api.bytick.com'],
  limit: { limit: 600, windowMs: 5_000 },
  create: (config) => new bybit({ ...config, options: { fetchMarkets: { types: ['linear', 'inverse'] } } }),
  lists: { linear: [tickers('linear')], inverse: [tickers('inverse')] },
  history: {
    name: 'market/funding/history',
    scope: 'symbol',
    cost: 1,
    call: (exchange, { list, symbolId, since, until }) =>
      exchange.publicGetV5MarketFundingHistory({
        category: list,
        symbol: symbolId,
        startTime: since + 1,
        endTime: until,
        limit: 200,
      }),
    read: (body) =>
      items(body).map((item) => ({
        symbolId: text(item['symbol']) ?? '',
        fundingRate: text(item['fundingRate']),
        fundingTime: millis(item['fundingRateTimestamp']),
      })),
  },
  marketsCost: 1,
  marketInterval: (info) => hours(at(info, 'fundingInterval'), 60),
  failures: {
    code: codeUnless('retCode', '0'),
    classes: {
      10000: 'server',
      10001: 'client',
      10006: 'rateLimit',
      10016: 'server',
      10018: 'rateLimit',
      10024: 'auth',
    },
    statuses: { 403: 'rateLimit' },
    retryAfterMs: (head, _body, wallNow) => {
      if (head.status === 403) return FORBIDDEN_MS;
      const reset = headerMillis(head, 'x-bapi-limit-reset-timestamp');
      return reset === undefined ? undefined : Math.max(0, reset - wallNow);
    },
  },
};
