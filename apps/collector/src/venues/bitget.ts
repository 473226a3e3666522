import { bitget } from 'ccxt';
import { codeUnless } from './failure.js';
import type { ListQuery, SettlementNotice, Venue, VenueRequest, VenueRow } from './venue.js';
import { noticeOf, WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, hours, millis, objects, text } from './wire.js';

function data(body: unknown): readonly WireObject[] {
  const items = objects(at(body, 'data'));
  if (items === undefined) throw new WireError('data is not a list of objects');
  return items;
}

function row(item: WireObject, exchangeTime: number | null): VenueRow {
  return {
    symbolId: text(item['symbol']) ?? '',
    fundingRate: text(item['fundingRate']),
    fundingTime: millis(item['nextUpdate']),
    nextFundingRate: null,
    nextFundingTime: null,
    intervalHours: hours(item['fundingRateInterval']),
    markPrice: text(item['markPrice']),
    indexPrice: text(item['indexPrice']),
    exchangeTime,
  };
}

/** Rate, settlement time and interval: of a product line at once, of one symbol, and of one symbol in the newer API. */
function currentRates<Result>(
  productType: (query: ListQuery) => string,
  read: (body: unknown) => Result,
): readonly VenueRequest<bitget, ListQuery, Result>[] {
  return [
    {
      name: 'mix/market/current-fund-rate',
      cost: 1,
      call: (exchange, query) => exchange.publicMixGetV2MixMarketCurrentFundRate({ productType: productType(query) }),
      read,
    },
    {
      name: 'mix/market/current-fund-rate by symbol',
      cost: 1,
      bySymbol: true,
      call: (exchange, query) =>
        joined(query, productType(query), (symbol) =>
          exchange.publicMixGetV2MixMarketCurrentFundRate({ symbol, productType: productType(query) }),
        ),
      read,
    },
    {
      name: 'v3/market/current-fund-rate by symbol',
      cost: 1,
      bySymbol: true,
      call: (exchange, query) =>
        joined(query, productType(query), (symbol) => exchange.publicUtaGetV3MarketCurrentFundRate({ symbol })),
      read,
    },
  ];
}

/** Which product line a symbol is of, by its ending. */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  'USDT-FUTURES': /USDT$/,
  'USDC-FUTURES': /(PERP|USDC)$/,
  'COIN-FUTURES': /USD$/,
};

/** One body with the rows of several: of the wanted symbols that belong to the product line. */
async function joined(
  { symbolIds }: ListQuery,
  productType: string,
  ask: (symbol: string) => Promise<unknown>,
): Promise<unknown> {
  const symbols = symbolIds.filter((symbol) => ENDINGS[productType]?.test(symbol) === true);
  if (symbols.length === 0) throw new WireError(`none of the wanted symbols is of ${productType}`);
  const rows: unknown[] = [];
  let requestTime: unknown;
  for (const symbol of symbols) {
    const body = await ask(symbol);
    rows.push(...data(body));
    requestTime = at(body, 'requestTime');
  }
  return { data: rows, requestTime };
}

/**
 * Tickers have rates and prices of a whole product line and no settlement times. A delivery contract has rate "0" and
 * a delivery time.
 */
function perpetuals(productType: string): readonly VenueRequest<bitget, ListQuery, readonly VenueRow[]>[] {
  return [
    {
      name: `mix/market/tickers ${productType}`,
      cost: 1,
      call: (exchange) => exchange.publicMixGetV2MixMarketTickers({ productType }),
      read: (body) =>
        data(body)
          .filter((item) => millis(item['deliveryTime']) === null)
          .map((item) => row(item, millis(item['ts']))),
    },
    ...currentRates(
      () => productType,
      (body): readonly VenueRow[] => data(body).map((item) => row(item, null)),
    ),
  ];
}

function settlementNotice(body: unknown): SettlementNotice {
  const asOf = millis(at(body, 'requestTime'));
  return noticeOf(
    data(body).map((item) => row(item, null)),
    asOf,
  );
}

export const bitgetVenue: Venue<bitget> = {
  id: 'bitget',
  hosts: ['https://api.bitget.com'],
  limit: { limit: 20, windowMs: 1_000 },
  create: (config) => new bitget({ ...config, options: { fetchMarkets: { types: ['swap'] } } }),
  lists: {
    'USDT-FUTURES': perpetuals('USDT-FUTURES'),
    'USDC-FUTURES': perpetuals('USDC-FUTURES'),
    'COIN-FUTURES': perpetuals('COIN-FUTURES'),
  },
  settlementTimes: currentRates(({ list }) => list, settlementNotice),
  history: {
    name: 'mix/market/history-fund-rate',
    scope: 'symbol',
    cost: 1,
    call: (exchange, { list, symbolId }) =>
      exchange.publicMixGetV2MixMarketHistoryFundRate({ symbol: symbolId, productType: list, pageSize: 100 }),
    read: (body) =>
      data(body).map((item) => ({
        symbolId: text(item['symbol']) ?? '',
        fundingRate: text(item['fundingRate']),
        fundingTime: millis(item['fundingTime']),
      })),
  },
  marketsCost: 1,
  failures: {
    code: codeUnless('code', '00000'),
    classes: {
      429: 'rateLimit',
      30007: 'rateLimit',
      30014: 'rateLimit',
      30001: 'auth',
      40010: 'timeout',
      40015: 'server',
      40200: 'server',
      40308: 'server',
      40725: 'server',
      45001: 'server',
      40034: 'client',
      400172: 'client',
      40404: 'client',
    },
  },
};
