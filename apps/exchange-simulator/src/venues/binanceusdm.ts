import { fixed, trimmed } from '../series/lexeme.js';
import { DELIVERY_TIME, instrument } from './instrument.js';
import { pageSize, wholeNumber } from './query.js';
import {
  settlementTimes,
  settles,
  type Instrument,
  type LimitCharge,
  type LimitRule,
  type SettlementRow,
  type Venue,
  type VenueWorld,
  type WireAnswer,
  type WireRequest,
} from './venue.js';
import { json } from './wire-json.js';

const WEIGHT: LimitRule = { name: '2,400 weight per minute', limit: 2_400, windowMs: 60_000, heaviest: 10 };
const FUNDING: LimitRule = {
  name: '500 requests per 5 min for fundingRate and fundingInfo',
  limit: 500,
  windowMs: 300_000,
};
const NO_DELIVERY = 4_133_404_800_000;
const RATE_SCALE = 8;

const failure = (status: number, code: number, msg: string): WireAnswer => ({ status, body: json({ code, msg }) });
const weigh = (weight: number) => (): LimitCharge => ({ rule: WEIGHT, key: 'weight', weight });
const funding = (): LimitCharge => ({ rule: FUNDING, key: 'funding', weight: 1 });

function symbolRow(it: Instrument): Record<string, unknown> {
  const tick = trimmed({ units: 1n, scale: it.priceScale });
  return {
    baseAsset: it.base,
    baseAssetPrecision: 8,
    contractType: it.deliveryTime === null ? 'PERPETUAL' : 'CURRENT_QUARTER',
    deliveryDate: it.deliveryTime ?? NO_DELIVERY,
    filters: [
      { filterType: 'PRICE_FILTER', maxPrice: '4529764', minPrice: tick, tickSize: tick },
      { filterType: 'LOT_SIZE', maxQty: '1000', minQty: '0.001', stepSize: '0.001' },
      { filterType: 'MARKET_LOT_SIZE', maxQty: '120', minQty: '0.001', stepSize: '0.001' },
      { filterType: 'MAX_NUM_ORDERS', limit: 200 },
      { filterType: 'MAX_NUM_ALGO_ORDERS', limit: 10 },
      { filterType: 'MIN_NOTIONAL', notional: '5' },
      { filterType: 'PERCENT_PRICE', multiplierDecimal: '4', multiplierDown: '0.9500', multiplierUp: '1.0500' },
      { filterType: 'POSITION_RISK_CONTROL', positionControlSide: 'NONE' },
    ],
    liquidationFee: '0.012500',
    maintMarginPercent: '2.5000',
    marginAsset: it.settle,
    marketTakeBound: '0.05',
    maxMoveOrderLimit: 10_000,
    onboardDate: it.listedAt,
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'],
    pair: `${it.base}${it.quote}`,
    permissionSets: ['GRID', 'COPY'],
    pricePrecision: it.priceScale,
    quantityPrecision: 3,
    quoteAsset: it.quote,
    quotePrecision: 8,
    requiredMarginPercent: '5.0000',
    status: 'TRADING',
    symbol: it.id,
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'],
    triggerProtect: '0.0500',
    underlyingSubType: ['Layer-1'],
    underlyingType: 'COIN',
  };
}

function exchangeInfo({ now }: WireRequest, { instruments }: VenueWorld): WireAnswer {
  const body = {
    assets: [
      { asset: 'USDT', autoAssetExchange: '-10000', marginAvailable: true },
      { asset: 'BTC', autoAssetExchange: '-0.10000000', marginAvailable: true },
      { asset: 'BNB', autoAssetExchange: '0', marginAvailable: true },
    ],
    exchangeFilters: [],
    futuresType: 'U_MARGINED',
    rateLimits: [
      { interval: 'MINUTE', intervalNum: 1, limit: 2_400, rateLimitType: 'REQUEST_WEIGHT' },
      { interval: 'MINUTE', intervalNum: 1, limit: 1_200, rateLimitType: 'ORDERS' },
      { interval: 'SECOND', intervalNum: 10, limit: 300, rateLimitType: 'ORDERS' },
    ],
    serverTime: now,
    symbols: instruments.map(symbolRow),
    timezone: 'UTC',
  };
  return { status: 200, body: json(body) };
}

/** A dated future has a price, an empty rate and no next funding time. */
function premiumRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, string | number> {
  const nextFundingTime = series.nextSettlement(now);
  const perpetual = settles(it);
  return {
    estimatedSettlePrice: fixed(series.indexPrice({ ...it, priceScale: 8 }, now)),
    indexPrice: fixed(series.indexPrice({ ...it, priceScale: 8 }, now)),
    interestRate: perpetual ? '0.00010000' : '',
    lastFundingRate: perpetual ? fixed(series.rate(it, nextFundingTime)) : '',
    markPrice: fixed(series.markPrice({ ...it, priceScale: 8 }, now)),
    nextFundingTime: perpetual ? nextFundingTime : 0,
    symbol: it.id,
    time: now,
  };
}

const settlementOf = (row: Record<string, string | number>): SettlementRow => ({
  symbolId: String(row['symbol']),
  fundingTime: Number(row['nextFundingTime']),
  rate: String(row['lastFundingRate']),
});

function premiumIndex(request: WireRequest, world: VenueWorld): WireAnswer {
  const symbol = request.query.get('symbol');
  const wanted = world.instruments.filter((it) => symbol === null || it.id === symbol);
  if (wanted.length === 0) return failure(400, -1121, 'Invalid symbol.');
  const rows = wanted.map((it) => premiumRow(it, world, request.now));
  return {
    status: 200,
    body: json(symbol === null ? rows : rows[0]),
    current: rows.filter((row) => row['lastFundingRate'] !== '').map(settlementOf),
  };
}

/** As the venue: only contracts whose cap, floor or interval was ever adjusted are listed; here every one is. */
function fundingInfo(_request: WireRequest, { instruments }: VenueWorld): WireAnswer {
  const rows = instruments.filter(settles).map((it) => ({
    adjustedFundingRateCap: '0.02000000',
    adjustedFundingRateFloor: '-0.02000000',
    disclaimer: false,
    fundingIntervalHours: it.intervalHours,
    symbol: it.id,
    updateTime: it.listedAt,
  }));
  return { status: 200, body: json(rows) };
}

/** Ascending. With no times the most recent `limit`; otherwise the first `limit` from `startTime`. */
function fundingRate(request: WireRequest, { instruments, series }: VenueWorld): WireAnswer {
  const symbol = request.query.get('symbol');
  const wanted = instruments.filter((it) => settles(it) && (symbol === null || it.id === symbol));
  if (wanted.length === 0) return failure(400, -1121, 'Invalid symbol.');
  const limit = pageSize(request, 'limit', 100, 1_000);
  const to = Math.min(request.now, wholeNumber(request, 'endTime', request.now));
  const start = wholeNumber(request, 'startTime', 0);
  const perSymbol = Math.ceil(limit / wanted.length);
  const times =
    start === 0
      ? settlementTimes(series, 0, to, perSymbol).toReversed()
      : settlementTimes(
          series,
          start,
          Math.min(to, start + perSymbol * series.settlementMs - 1),
          perSymbol,
        ).toReversed();
  const rows = times
    .flatMap((fundingTime) =>
      wanted.map((it) => ({
        fundingRate: fixed(series.rate(it, fundingTime)),
        fundingTime,
        markPrice: fixed(series.markPrice({ ...it, priceScale: 8 }, fundingTime)),
        symbol: it.id,
      })),
    )
    .slice(0, limit);
  return {
    status: 200,
    body: json(rows),
    history: rows.map(({ symbol: symbolId, fundingTime, fundingRate: rate }) => ({ symbolId, fundingTime, rate })),
  };
}

/** Binance USD-M futures, after https://developers.binance.com/docs/derivatives/usds-margined-futures. */
export const binanceusdm: Venue = {
  id: 'binanceusdm',
  list: (bases, series) => [
    ...bases.map((base) =>
      instrument(series, { venue: 'binanceusdm', id: `${base}USDT`, base, rateScale: RATE_SCALE }),
    ),
    ...bases.slice(0, 2).map((base) =>
      instrument(series, {
        venue: 'binanceusdm',
        id: `${base}USDT_270326`,
        base,
        rateScale: RATE_SCALE,
        deliveryTime: DELIVERY_TIME,
      }),
    ),
  ],
  routes: [
    { method: 'GET', path: /^\/fapi\/v1\/exchangeInfo$/, charge: weigh(1), answer: exchangeInfo },
    {
      method: 'GET',
      path: /^\/fapi\/v1\/premiumIndex$/,
      charge: ({ query }) => weigh(query.has('symbol') ? 1 : 10)(),
      answer: premiumIndex,
    },
    { method: 'GET', path: /^\/fapi\/v1\/fundingInfo$/, charge: funding, answer: fundingInfo },
    { method: 'GET', path: /^\/fapi\/v1\/fundingRate$/, charge: funding, answer: fundingRate },
    { method: 'GET', path: /^\/fapi\/v1\/ping$/, charge: weigh(1), answer: () => ({ status: 200, body: '{}' }) },
    {
      method: 'GET',
      path: /^\/fapi\/v1\/time$/,
      charge: weigh(1),
      answer: ({ now }) => ({ status: 200, body: json({ serverTime: now }) }),
    },
  ],
  trouble: {
    notFound: () => ({
      status: 404,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: '<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>',
    }),
    rateLimited: (retryAfterMs) => ({
      ...failure(
        429,
        -1003,
        'Too many requests; current limit of IP is 2400 requests per minute. Please use the websocket for live updates.',
      ),
      ...(retryAfterMs !== null && { headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } }),
    }),
    banned: (banMs, now) => ({
      ...failure(
        418,
        -1003,
        `Way too many requests; IP banned until ${now + banMs}. Please use the websocket for live updates to avoid bans.`,
      ),
      headers: { 'retry-after': String(Math.ceil(banMs / 1_000)) },
    }),
    unavailable: () => failure(503, -1008, 'Server is currently overloaded with other requests. Please try again.'),
    maintenance: [
      () => failure(503, -1001, 'Internal error; unable to process your request. Please try again.'),
      () => failure(503, -1008, 'Server is currently overloaded with other requests. Please try again.'),
    ],
  },
  limitHeaders: ({ rule, used }): Readonly<Record<string, string>> =>
    rule.windowMs === WEIGHT.windowMs ? { 'x-mbx-used-weight-1m': String(used) } : {},
  rateLexeme: (it, series, settlementTime) => fixed(series.rate(it, settlementTime)),
};
