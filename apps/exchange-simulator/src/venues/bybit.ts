import { fixed, trimmed } from '../series/lexeme.js';
import { DELIVERY_TIME, instrument } from './instrument.js';
import { pageSize, wholeNumber } from './query.js';
import {
  settlementTimes,
  settles,
  type Instrument,
  type LimitCharge,
  type LimitRule,
  type Venue,
  type VenueWorld,
  type WireAnswer,
  type WireRequest,
} from './venue.js';
import { json } from './wire-json.js';

const PER_ADDRESS: LimitRule = { name: '600 requests per 5 s', limit: 600, windowMs: 5_000 };
const RATE_SCALE = 8;
const HISTORY_PAGE = 200;

const charge = (): LimitCharge => ({ rule: PER_ADDRESS, key: 'address', weight: 1 });

const envelope = (now: number, retCode: number, retMsg: string, result: unknown): string =>
  json({ retCode, retMsg, result, retExtInfo: {}, time: now });
const failure = (status: number, now: number, retCode: number, retMsg: string): WireAnswer => ({
  status,
  body: envelope(now, retCode, retMsg, {}),
});

/** What a category holds: `linear` and `inverse` are groups of contracts, the others are empty here. */
function inCategory(request: WireRequest, { instruments }: VenueWorld): readonly Instrument[] | null {
  const category = request.query.get('category') ?? '';
  if (!['linear', 'inverse', 'option', 'spot'].includes(category)) return null;
  const symbol = request.query.get('symbol');
  return instruments.filter((it) => it.group === category && (symbol === null || it.id === symbol));
}

function instrumentRow(it: Instrument): Record<string, unknown> {
  const tick = trimmed({ units: 1n, scale: it.priceScale });
  const perpetual = it.deliveryTime === null;
  return {
    symbol: it.id,
    contractType: `${it.inverse ? 'Inverse' : 'Linear'}${perpetual ? 'Perpetual' : 'Futures'}`,
    status: 'Trading',
    baseCoin: it.base,
    quoteCoin: it.quote,
    launchTime: String(it.listedAt),
    deliveryTime: String(it.deliveryTime ?? 0),
    deliveryFeeRate: '',
    priceScale: String(it.priceScale),
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: { minPrice: tick, maxPrice: '199999.80', tickSize: tick },
    lotSizeFilter: {
      maxOrderQty: '100.000',
      maxMktOrderQty: '100.000',
      minOrderQty: '0.001',
      qtyStep: '0.001',
      postOnlyMaxOrderQty: '1000.000',
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: perpetual ? it.intervalHours * 60 : 0,
    settleCoin: it.settle,
    copyTrading: 'both',
    upperFundingRate: '0.00375',
    lowerFundingRate: '-0.00375',
  };
}

/** One page holds everything, so the cursor is empty; contracts before launch do not exist here. */
function instrumentsInfo(request: WireRequest, world: VenueWorld): WireAnswer {
  const wanted = inCategory(request, world);
  if (wanted === null) return failure(200, request.now, 10_001, 'Illegal category');
  const preLaunch = request.query.get('status') === 'PreLaunch';
  const result = {
    category: request.query.get('category'),
    list: preLaunch ? [] : wanted.map(instrumentRow),
    nextPageCursor: '',
  };
  return { status: 200, body: envelope(request.now, 0, 'OK', result) };
}

/** A dated contract has an empty rate and a next funding time of 0; an inverse one has an empty basis. */
function tickerRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, string> {
  const last = fixed(series.markPrice(it, now));
  const perpetual = settles(it);
  return {
    symbol: it.id,
    lastPrice: last,
    indexPrice: fixed(series.indexPrice(it, now)),
    markPrice: last,
    prevPrice24h: fixed(series.markPrice(it, now - 86_400_000)),
    price24hPcnt: '0.008047',
    highPrice24h: fixed(series.indexPrice(it, now - 7_200_000)),
    lowPrice24h: fixed(series.indexPrice(it, now - 43_200_000)),
    prevPrice1h: fixed(series.markPrice(it, now - 3_600_000)),
    openInterest: '373504107',
    openInterestValue: '22505.67',
    turnover24h: '2352.94950046',
    volume24h: '49337318',
    fundingRate: perpetual ? trimmed(series.rate(it, series.nextSettlement(now))) : '',
    nextFundingTime: perpetual ? String(series.nextSettlement(now)) : '0',
    predictedDeliveryPrice: '',
    basisRate: perpetual ? '' : '0.0021',
    deliveryFeeRate: '',
    deliveryTime: String(it.deliveryTime ?? 0),
    ask1Size: '1',
    bid1Price: last,
    ask1Price: last,
    bid1Size: '1',
    basis: '',
    fundingIntervalHour: perpetual ? String(it.intervalHours) : '',
    fundingCap: perpetual ? '0.00375' : '',
  };
}

function tickers(request: WireRequest, world: VenueWorld): WireAnswer {
  const wanted = inCategory(request, world);
  if (wanted === null) return failure(200, request.now, 10_001, 'Illegal category');
  const list = wanted.map((it) => tickerRow(it, world, request.now));
  return {
    status: 200,
    body: envelope(request.now, 0, 'OK', { category: request.query.get('category'), list }),
    current: list
      .filter((row) => row['fundingRate'] !== '')
      .map((row) => ({
        symbolId: row['symbol'] ?? '',
        fundingTime: Number(row['nextFundingTime']),
        rate: row['fundingRate'] ?? '',
      })),
  };
}

/** Newest first. A start time without an end time is an error, as documented. */
function fundingHistory(request: WireRequest, world: VenueWorld): WireAnswer {
  const { now, query } = request;
  const it = inCategory(request, world)?.find(settles);
  if (query.get('symbol') === null || it === undefined) {
    return failure(200, now, 10_001, 'params error: symbol invalid');
  }
  if (query.has('startTime') && !query.has('endTime')) {
    return failure(200, now, 10_001, 'params error: startTime without endTime');
  }
  const history = settlementTimes(
    world.series,
    wholeNumber(request, 'startTime', it.listedAt),
    Math.min(now, wholeNumber(request, 'endTime', now)),
    pageSize(request, 'limit', HISTORY_PAGE, HISTORY_PAGE),
  ).map((fundingTime) => ({ symbolId: it.id, fundingTime, rate: trimmed(world.series.rate(it, fundingTime)) }));
  const list = history.map(({ symbolId, fundingTime, rate }) => ({
    symbol: symbolId,
    fundingRate: rate,
    fundingRateTimestamp: String(fundingTime),
  }));
  return { status: 200, body: envelope(now, 0, 'OK', { category: query.get('category'), list }), history };
}

/** Bybit v5, after https://bybit-exchange.github.io/docs/v5 (market). */
export const bybit: Venue = {
  id: 'bybit',
  list: (bases, series) => {
    const of = (base: string, input: Partial<Instrument> & { readonly id: string }): Instrument =>
      instrument(series, { venue: 'bybit', base, rateScale: RATE_SCALE, group: 'linear', ...input });
    const inverse = bases.slice(0, 2);
    return [
      ...bases.map((base) => of(base, { id: `${base}USDT` })),
      ...inverse.map((base) => of(base, { id: `${base}USDT-26MAR27`, deliveryTime: DELIVERY_TIME })),
      ...inverse.map((base) =>
        of(base, { id: `${base}USD`, quote: 'USD', settle: base, inverse: true, group: 'inverse' }),
      ),
    ];
  },
  routes: [
    { method: 'GET', path: /^\/v5\/market\/instruments-info$/, charge, answer: instrumentsInfo },
    { method: 'GET', path: /^\/v5\/market\/tickers$/, charge, answer: tickers },
    { method: 'GET', path: /^\/v5\/market\/funding\/history$/, charge, answer: fundingHistory },
    {
      method: 'GET',
      path: /^\/v5\/market\/time$/,
      charge,
      answer: ({ now }) => ({
        status: 200,
        body: envelope(now, 0, 'OK', { timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000` }),
      }),
    },
  ],
  trouble: {
    notFound: () => ({
      status: 404,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: '404 page not found',
    }),
    rateLimited: (_retryAfterMs, now) => failure(429, now, 10_006, 'Too many visits. Exceeded the API Rate Limit.'),
    overLimit: () => ({
      status: 403,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html><head><title>403 Forbidden</title></head><body>access too frequent</body></html>',
    }),
    banned: () => ({
      status: 418,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html><head><title>Forbidden</title></head><body>access too frequent</body></html>',
    }),
    unavailable: (now) => failure(503, now, 10_016, 'Server error'),
    maintenance: [
      (now) => failure(200, now, 10_016, 'Internal server error. Service is restarting.'),
      (now) => failure(503, now, 10_016, 'Internal server error. Service is restarting.'),
    ],
  },
  limitHeaders: ({ rule, used, retryAfterMs }, now) => ({
    'x-bapi-limit': String(rule.limit),
    'x-bapi-limit-status': String(Math.max(0, rule.limit - used)),
    'x-bapi-limit-reset-timestamp': String(now + retryAfterMs),
  }),
  rateLexeme: (it, series, settlementTime) => trimmed(series.rate(it, settlementTime)),
};
