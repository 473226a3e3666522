import { okx } from 'ccxt';
import { codeUnless } from './failure.js';
import type { Venue, VenueRow } from './venue.js';
import { WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, millis, objects, text } from './wire.js';

const HOUR = 3_600_000;

function row(item: WireObject): VenueRow {
  const fundingTime = millis(item['fundingTime']);
  const nextFundingTime = millis(item['nextFundingTime']);
  return {
    symbolId: text(item['instId']) ?? '',
    fundingRate: text(item['fundingRate']),
    fundingTime,
    nextFundingRate: text(item['nextFundingRate']),
    nextFundingTime,
    intervalHours:
      fundingTime !== null && nextFundingTime !== null && nextFundingTime > fundingTime
        ? (nextFundingTime - fundingTime) / HOUR
        : null,
    markPrice: null,
    indexPrice: null,
    exchangeTime: millis(item['ts']),
  };
}

function data(body: unknown): readonly WireObject[] {
  const items = objects(at(body, 'data'));
  if (items === undefined) throw new WireError('data is not a list of objects');
  return items;
}

export const okxVenue: Venue<okx> = {
  id: 'okx',
  hosts: ['https://www.okx.com'],
  limit: { limit: 10, windowMs: 2_000 },
  create: (config) => new okx({ ...config, options: { fetchMarkets: { types: ['swap'] } } }),
  lists: {
    swap: [
      {
        name: 'public/funding-rate',
        cost: 1,
        call: (exchange) => exchange.publicGetPublicFundingRate({ instId: 'ANY' }),
        read: (body) => data(body).map(row),
      },
    ],
  },
  history: {
    name: 'public/funding-rate-history',
    scope: 'symbol',
    cost: 1,
    // `before` asks for what is newer than it, which is how OKX pages everywhere.
    call: (exchange, { symbolId, since }) =>
      exchange.publicGetPublicFundingRateHistory({ instId: symbolId, before: String(since), limit: '100' }),
    read: (body) =>
      data(body).map((item) => ({
        symbolId: text(item['instId']) ?? '',
        fundingRate: text(item['realizedRate']) ?? text(item['fundingRate']),
        fundingTime: millis(item['fundingTime']),
      })),
  },
  marketsCost: 1,
  failures: {
    code: codeUnless('code', '0'),
    classes: {
      50001: 'server',
      50004: 'timeout',
      50011: 'rateLimit',
      50013: 'server',
      50026: 'server',
      50061: 'rateLimit',
      51001: 'client',
      50014: 'client',
    },
  },
};
