import { fixed, javaDouble, trimmed, type Scaled } from '../series/lexeme.js';
import { DELIVERY_TIME, instrument } from './instrument.js';
import { wholeNumber } from './query.js';
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
import { json, number } from './wire-json.js';

const POOL: LimitRule = { name: '2,000 weight per 30 s (public pool)', limit: 2_000, windowMs: 30_000, heaviest: 15 };
const RATE_SCALE = 6;
const HOUR_MS = 3_600_000;
const HISTORY_ROWS = 500;

const weigh = (weight: number) => (): LimitCharge => ({ rule: POOL, key: 'public', weight });
const ok = (data: unknown): WireAnswer => ({ status: 200, body: json({ code: '200000', data }) });
const failure = (status: number, code: string, msg: string): WireAnswer => ({ status, body: json({ code, msg }) });
const double = (value: Scaled) => number(javaDouble(value));
const noContract = (): WireAnswer => failure(400, '400100', 'contract not found');

const settlementOf = (it: Instrument, { series }: VenueWorld, fundingTime: number): SettlementRow => ({
  symbolId: it.id,
  fundingTime,
  rate: trimmed(series.rate(it, fundingTime)),
});

function contractRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, unknown> {
  const next = series.nextSettlement(now);
  const perpetual = settles(it);
  const granularity = it.intervalHours * HOUR_MS;
  const tick = double({ units: 1n, scale: it.priceScale });
  const mark = series.markPrice(it, now);
  return {
    symbol: it.id,
    rootSymbol: it.settle,
    type: perpetual ? 'FFWCSX' : 'FFICSX',
    firstOpenDate: it.listedAt,
    expireDate: it.deliveryTime,
    settleDate: it.deliveryTime,
    baseCurrency: it.base,
    quoteCurrency: it.quote,
    settleCurrency: it.settle,
    maxOrderQty: 1_000_000,
    maxPrice: number('1000000.0'),
    lotSize: 1,
    tickSize: tick,
    indexPriceTickSize: tick,
    multiplier: it.inverse ? number('-1.0') : number('0.001'),
    initialMargin: number('0.01'),
    maintainMargin: number('0.005'),
    maxRiskLimit: 2_000_000,
    minRiskLimit: 2_000_000,
    riskStep: 1_000_000,
    makerFeeRate: number('2.0E-4'),
    takerFeeRate: number('6.0E-4'),
    takerFixFee: number('0.0'),
    makerFixFee: number('0.0'),
    settlementFee: null,
    isDeleverage: true,
    isQuanto: !it.inverse,
    isInverse: it.inverse,
    markMethod: 'FairPrice',
    fairMethod: perpetual ? 'FundingRate' : null,
    fundingBaseSymbol: perpetual ? `.${it.base}INT8H` : null,
    fundingQuoteSymbol: perpetual ? `.${it.quote}INT8H` : null,
    fundingRateSymbol: perpetual ? `.${it.id}FPI8H` : null,
    indexSymbol: `.K${it.base}${it.quote}`,
    settlementSymbol: '',
    status: 'Open',
    // A fixed six places: what a Java BigDecimal of that scale prints.
    fundingFeeRate: perpetual ? number(fixed(series.rate(it, next))) : null,
    predictedFundingFeeRate: perpetual ? number(fixed(series.prediction(it, next, now))) : null,
    fundingRateGranularity: perpetual ? granularity : null,
    fundingRateCap: number('0.003'),
    fundingRateFloor: number('-0.003'),
    openInterest: '5191275',
    turnoverOf24h: number('2361994501.712677'),
    volumeOf24h: number('56067.116'),
    markPrice: double(mark),
    indexPrice: double(series.indexPrice(it, now)),
    lastTradePrice: double(mark),
    nextFundingRateTime: perpetual ? next - now : null,
    nextFundingRateDateTime: perpetual ? next : null,
    maxLeverage: 100,
    sourceExchanges: ['okex', 'binance', 'kucoin', 'bybit', 'gateio'],
    premiumsSymbol1M: `.${it.id}PI`,
    premiumsSymbol8H: `.${it.id}PI8H`,
    fundingBaseSymbol1M: perpetual ? `.${it.base}INT` : null,
    fundingQuoteSymbol1M: perpetual ? `.${it.quote}INT` : null,
    lowPrice: double(series.indexPrice(it, now - 7_200_000)),
    highPrice: double(series.indexPrice(it, now - 43_200_000)),
    priceChgPct: number('0.0702'),
    priceChg: number('64.76'),
  };
}

function contractsActive({ now }: WireRequest, world: VenueWorld): WireAnswer {
  const fundingTime = world.series.nextSettlement(now);
  return {
    ...ok(world.instruments.map((it) => contractRow(it, world, now))),
    current: world.instruments.filter(settles).map((it) => settlementOf(it, world, fundingTime)),
  };
}

function contract(request: WireRequest, world: VenueWorld): WireAnswer {
  const it = world.instruments.find((candidate) => candidate.id === request.path.split('/')[4]);
  if (it === undefined) return noContract();
  const current = settles(it) ? [settlementOf(it, world, world.series.nextSettlement(request.now))] : [];
  return { ...ok(contractRow(it, world, request.now)), current };
}

/** Unified account form, all perpetuals or one. v2 gives a list of strings, v1 one object with a number. */
function unifiedFundingRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const symbol = request.query.get('symbol');
  const wanted = world.instruments.filter((it) => settles(it) && (symbol === null || it.id === symbol));
  if (wanted.length === 0) return noContract();
  const current = wanted.map((it) => settlementOf(it, world, world.series.nextSettlement(request.now)));
  const v1 = request.path.startsWith('/api/ua/v1/');
  const rows = wanted.map((it, index) => {
    const granularity = it.intervalHours * HOUR_MS;
    return {
      symbol: it.id,
      nextFundingRate: v1 ? number(current[index]?.rate ?? '0') : current[index]?.rate,
      fundingTime: current[index]?.fundingTime,
      fundingRateCap: v1 ? number('0.003') : '0.003',
      fundingRateFloor: v1 ? number('-0.003') : '-0.003',
      currentGranularity: granularity,
      newGranularity: granularity,
      newGranularityStartTime: it.listedAt,
    };
  });
  return { ...ok(v1 ? rows[0] : rows), current };
}

/** Newest first, within [from, to]. */
function historyOf(
  request: WireRequest,
  world: VenueWorld,
  names: readonly [string, string],
): readonly SettlementRow[] | null {
  const symbol = request.query.get('symbol');
  const it = world.instruments.find((candidate) => candidate.id === symbol && settles(candidate));
  if (it === undefined) return null;
  const to = Math.min(request.now, wholeNumber(request, names[1], request.now));
  return settlementTimes(world.series, wholeNumber(request, names[0], it.listedAt), to, HISTORY_ROWS).map((time) =>
    settlementOf(it, world, time),
  );
}

function contractFundingRates(request: WireRequest, world: VenueWorld): WireAnswer {
  const history = historyOf(request, world, ['from', 'to']);
  if (history === null) return noContract();
  const rows = history.map(({ symbolId, rate, fundingTime }) => ({
    symbol: symbolId,
    fundingRate: number(rate),
    timepoint: fundingTime,
  }));
  return { ...ok(rows), history };
}

function unifiedFundingRateHistory(request: WireRequest, world: VenueWorld): WireAnswer {
  const history = historyOf(request, world, ['startAt', 'endAt']);
  if (history === null) return noContract();
  const v1 = request.path.startsWith('/api/ua/v1/');
  const list = history.map(({ rate, fundingTime }) => ({ fundingRate: v1 ? number(rate) : rate, ts: fundingTime }));
  return { ...ok({ symbol: request.query.get('symbol'), list }), history };
}

/** `timePoint` is the start of the running period, `value` its rate. */
function currentFundingRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const it = world.instruments.find((candidate) => candidate.id === request.path.split('/')[4] && settles(candidate));
  if (it === undefined) return noContract();
  const { series } = world;
  const next = series.nextSettlement(request.now);
  return {
    ...ok({
      symbol: `.${it.id}FPI8H`,
      granularity: it.intervalHours * HOUR_MS,
      timePoint: series.lastSettlement(request.now),
      value: number(trimmed(series.rate(it, next))),
      predictedValue: number(trimmed(series.prediction(it, next, request.now))),
      fundingRateCap: number('0.003'),
      fundingRateFloor: number('-0.003'),
      period: 1,
      fundingTime: next,
    }),
    current: [settlementOf(it, world, next)],
  };
}

const plain = (data: unknown) => (): WireAnswer => ok(data);

/** KuCoin futures, classic and unified account, after https://www.kucoin.com/docs-new. */
export const kucoinfutures: Venue = {
  id: 'kucoinfutures',
  list: (bases, series) => {
    const names = bases.map((base) => (base === 'BTC' ? 'XBT' : base));
    const of = (id: string, base: string, input: Partial<Instrument>): Instrument =>
      instrument(series, { venue: 'kucoinfutures', id, base, rateScale: RATE_SCALE, ...input });
    return [
      ...names.map((base) => of(`${base}USDTM`, base, {})),
      of('XBTUSDM', 'XBT', { quote: 'USD', settle: 'XBT', inverse: true }),
      of('XBTMH27', 'XBT', { quote: 'USD', settle: 'XBT', inverse: true, deliveryTime: DELIVERY_TIME }),
    ];
  },
  routes: [
    { method: 'GET', path: /^\/api\/v1\/contracts\/active$/, charge: weigh(3), answer: contractsActive },
    { method: 'GET', path: /^\/api\/v1\/contracts\/[A-Z0-9]+$/, charge: weigh(3), answer: contract },
    {
      method: 'GET',
      path: /^\/api\/ua\/v[12]\/market\/funding-rate$/,
      charge: weigh(2),
      answer: unifiedFundingRate,
    },
    {
      method: 'GET',
      path: /^\/api\/ua\/v[12]\/market\/funding-rate-history$/,
      charge: weigh(5),
      answer: unifiedFundingRateHistory,
    },
    { method: 'GET', path: /^\/api\/v1\/contract\/funding-rates$/, charge: weigh(5), answer: contractFundingRates },
    {
      method: 'GET',
      path: /^\/api\/v1\/funding-rate\/[A-Z0-9]+\/current$/,
      charge: weigh(2),
      answer: currentFundingRate,
    },
    { method: 'GET', path: /^\/api\/v3\/currencies$/, charge: weigh(3), answer: plain([]) },
    { method: 'GET', path: /^\/api\/v2\/symbols$/, charge: weigh(4), answer: plain([]) },
    {
      method: 'GET',
      path: /^\/api\/v1\/market\/allTickers$/,
      charge: weigh(15),
      answer: ({ now }) => ok({ time: now, ticker: [] }),
    },
    { method: 'GET', path: /^\/api\/v1\/status$/, charge: weigh(4), answer: plain({ status: 'open', msg: '' }) },
    { method: 'GET', path: /^\/api\/v1\/timestamp$/, charge: weigh(2), answer: ({ now }) => ok(now) },
  ],
  trouble: {
    notFound: () => failure(404, '404000', 'Not Found'),
    rateLimited: () => failure(429, '429000', 'Too many requests in a short period of time, please retry later'),
    banned: () => failure(418, '429000', 'Too many requests in a short period of time, please retry later'),
    unavailable: () => failure(503, '500000', 'Service unavailable'),
    maintenance: [
      () => failure(503, '503000', 'The system is under maintenance'),
      () => failure(200, '300000', 'Trading suspended: system upgrade'),
    ],
  },
  limitHeaders: ({ rule, used, retryAfterMs }) => ({
    'gw-ratelimit-limit': String(rule.limit),
    'gw-ratelimit-remaining': String(Math.max(0, rule.limit - used)),
    'gw-ratelimit-reset': String(retryAfterMs),
  }),
  rateLexeme: (it, series, settlementTime) => trimmed(series.rate(it, settlementTime)),
};
