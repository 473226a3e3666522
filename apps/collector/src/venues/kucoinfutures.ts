import { kucoinfutures } from 'ccxt';
import { codeUnless, headerMillis } from './failure.js';
import type { Venue, VenueRow } from './venue.js';
import { noticeOf, WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, hours, millis, objects, text } from './wire.js';

const MS_PER_HOUR = 3_600_000;

function data(body: unknown): readonly WireObject[] {
  const items = objects(at(body, 'data'));
  if (items === undefined) throw new WireError('data is not a list of objects');
  return items;
}

/** `nextFundingRateTime` is a duration, `nextFundingRateDateTime` the time itself. */
function contract(item: WireObject): VenueRow {
  return {
    symbolId: text(item['symbol']) ?? '',
    fundingRate: text(item['fundingFeeRate']),
    fundingTime: millis(item['nextFundingRateDateTime']),
    nextFundingRate: text(item['predictedFundingFeeRate']),
    nextFundingTime: null,
    intervalHours: hours(item['currentFundingRateGranularity'] ?? item['fundingRateGranularity'], MS_PER_HOUR),
    markPrice: text(item['markPrice']),
    indexPrice: text(item['indexPrice']),
    exchangeTime: null,
  };
}

/** Funding indices (`.XBTUSDTMFPI8H`) come along with the contracts. */
function rate(item: WireObject): VenueRow {
  return {
    symbolId: text(item['symbol']) ?? '',
    fundingRate: text(item['nextFundingRate']),
    fundingTime: millis(item['fundingTime']),
    nextFundingRate: null,
    nextFundingTime: null,
    intervalHours: hours(item['currentGranularity'], MS_PER_HOUR),
    markPrice: null,
    indexPrice: null,
    exchangeTime: null,
  };
}

function rates(body: unknown): readonly VenueRow[] {
  return data(body)
    .filter((item) => text(item['symbol'])?.startsWith('.') !== true)
    .map(rate);
}

export const kucoinfuturesVenue: Venue<kucoinfutures> = {
  id: 'kucoinfutures',
  hosts: ['https://api-futures.kucoin.com'],
  limit: { limit: 2_000, windowMs: 30_000 },
  create: (config) => new kucoinfutures(config),
  lists: {
    contracts: [
      {
        name: 'contracts/active',
        cost: 3,
        call: (exchange) => exchange.futuresPublicGetContractsActive(),
        read: (body) =>
          data(body)
            .filter((item) => millis(item['expireDate']) === null)
            .map(contract),
      },
      {
        name: 'ua/v2/market/funding-rate',
        cost: 3,
        call: (exchange) => exchange.utaV2GetMarketFundingRate(),
        read: rates,
      },
    ],
  },
  settlementTimes: [
    {
      name: 'ua/v2/market/funding-rate',
      cost: 3,
      call: (exchange) => exchange.utaV2GetMarketFundingRate(),
      read: (body) => noticeOf(rates(body), null),
    },
  ],
  history: {
    name: 'contract/funding-rates',
    scope: 'symbol',
    cost: 5,
    call: (exchange, { symbolId, since, until }) =>
      exchange.futuresPublicGetContractFundingRates({ symbol: symbolId, from: since + 1, to: until }),
    read: (body) =>
      data(body).map((item) => ({
        symbolId: text(item['symbol']) ?? '',
        fundingRate: text(item['fundingRate']),
        fundingTime: millis(item['timepoint']),
      })),
  },
  marketsCost: 3,
  listOfMarkets: (path) => (path.endsWith('/contracts/active') ? 'contracts' : undefined),
  failures: {
    code: codeUnless('code', '200000'),
    classes: {
      429000: 'rateLimit',
      200002: 'rateLimit',
      200003: 'rateLimit',
      1015: 'rateLimit',
      500000: 'server',
      503000: 'server',
      411100: 'auth',
      400001: 'auth',
      400003: 'auth',
      404000: 'client',
      400100: 'client',
    },
    retryAfterMs: (head) =>
      head.status === 429 || head.status === 403 ? headerMillis(head, 'gw-ratelimit-reset') : undefined,
  },
};
