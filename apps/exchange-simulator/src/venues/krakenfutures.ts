import { divide, multiply, rescale, scientificBelowMicro, trimmed, type Scaled } from '../series/lexeme.js';
import type { FundingSeries } from '../series/funding-series.js';
import { DELIVERY_TIME, instrument } from './instrument.js';
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
import { json, number } from './wire-json.js';

/** The venue does not count public requests; this is a courtesy limit of ours. */
const COURTESY: LimitRule = {
  name: '100 requests per 10 s (ours; public requests are not counted)',
  limit: 100,
  windowMs: 10_000,
};
const RATE_SCALE = 15;
const ABSOLUTE_SCALE = 18;
/** The venue returns the whole history; this many periods are enough here. */
const HISTORY_ROWS = 200;

const charge = (): LimitCharge => ({ rule: COURTESY, key: 'address', weight: 1 });
const iso = (time: number): string => new Date(time).toISOString();
const success = (now: number, content: Readonly<Record<string, unknown>>): WireAnswer => ({
  status: 200,
  body: json({ result: 'success', ...content, serverTime: iso(now) }),
});
const failure = (status: number, now: number, error: string): WireAnswer => ({
  status,
  body: json({ result: 'error', error, serverTime: iso(now) }),
});

/**
 * The absolute rate, in quote currency per contract and hour: relative × price for a linear contract, relative / price
 * for an inverse one, at the price of the period's start, so that it stays the same during the period.
 */
function absoluteRate(it: Instrument, series: FundingSeries, period: number): Scaled {
  const relative = series.rate(it, period);
  const price = series.indexPrice(it, period);
  return it.inverse ? divide(relative, price, ABSOLUTE_SCALE) : rescale(multiply(relative, price), ABSOLUTE_SCALE);
}

/** Linear contracts are printed in plain decimals, inverse ones with an exponent. */
const absoluteLexeme = (it: Instrument, value: Scaled): string =>
  it.inverse ? scientificBelowMicro(value) : trimmed(value);

const relativeLexeme = (it: Instrument, series: FundingSeries, period: number): string =>
  scientificBelowMicro(series.rate(it, period));

function instrumentRow(it: Instrument): Record<string, unknown> {
  const levels = [
    { [it.inverse ? 'contracts' : 'numNonContractUnits']: 0, initialMargin: 0.02, maintenanceMargin: 0.01 },
  ];
  return {
    symbol: it.id,
    type: it.inverse ? 'futures_inverse' : 'flexible_futures',
    ...(it.inverse && { underlying: `rr_${it.base.toLowerCase()}usd` }),
    ...(it.deliveryTime !== null && { lastTradingTime: iso(it.deliveryTime) }),
    tickSize: number(trimmed({ units: 1n, scale: it.priceScale })),
    contractSize: 1,
    tradeable: true,
    impactMidSize: 1,
    maxPositionSize: 1_000_000,
    openingDate: iso(it.listedAt),
    marginLevels: levels,
    ...(it.deliveryTime === null && { fundingRateCoefficient: 8, maxRelativeFundingRate: 0.001 }),
    contractValueTradePrecision: it.inverse ? 0 : 4,
    postOnly: false,
    feeScheduleUid: '5b755fea-c5b0-4307-a66e-b392cd5bd931',
    retailMarginLevels: levels,
    category: it.inverse ? '' : 'Layer 1',
    tags: [],
  };
}

function instruments({ now }: WireRequest, world: VenueWorld): WireAnswer {
  const indices = ['in_xbtusd', 'rr_xbtusd'].map((symbol) => ({
    symbol,
    type: 'spot index',
    tradeable: false,
    tags: [],
  }));
  return success(now, { instruments: [...world.instruments.map(instrumentRow), ...indices] });
}

function tickerRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, unknown> {
  const mark = number(trimmed(series.markPrice(it, now)));
  const period = series.lastSettlement(now);
  const funding = (value: Scaled) => number(absoluteLexeme(it, value));
  return {
    tag: it.deliveryTime === null ? 'perpetual' : 'quarter',
    pair: `${it.base}:USD`,
    symbol: it.id,
    markPrice: mark,
    bid: mark,
    bidSize: 1_000,
    ask: mark,
    askSize: 1_399,
    vol24h: 15_304,
    volumeQuote: number('73.5216'),
    openInterest: number('72513.00000000000'),
    open24h: mark,
    high24h: mark,
    low24h: mark,
    indexPrice: number(trimmed(series.indexPrice(it, now))),
    last: mark,
    lastTime: iso(now),
    lastSize: 100,
    suspended: false,
    ...(settles(it) && {
      fundingRate: funding(absoluteRate(it, series, period)),
      fundingRatePrediction: funding(
        it.inverse
          ? divide(series.prediction(it, period + series.settlementMs, now), series.indexPrice(it, now), ABSOLUTE_SCALE)
          : multiply(series.prediction(it, period + series.settlementMs, now), series.indexPrice(it, now)),
      ),
    }),
    postOnly: false,
    change24h: number('1.9974017538161748'),
  };
}

/** Rates without a settlement time: the one of the running period, and a forecast of the next. */
function tickers({ now }: WireRequest, world: VenueWorld): WireAnswer {
  const bitcoin = world.instruments.find((it) => it.base === 'XBT');
  const indices =
    bitcoin === undefined
      ? []
      : ['in_xbtusd', 'rr_xbtusd'].map((symbol) => ({
          symbol,
          last: number(trimmed(world.series.indexPrice(bitcoin, now))),
          lastTime: iso(now),
        }));
  return {
    ...success(now, { tickers: [...world.instruments.map((it) => tickerRow(it, world, now)), ...indices] }),
    undated: world.instruments.filter(settles).length,
  };
}

/** Ascending; `timestamp` is the start of the period to which the rate applies, the running one included. */
function historicalFundingRates(request: WireRequest, world: VenueWorld): WireAnswer {
  const { now } = request;
  const { series } = world;
  const id = request.query.get('symbol')?.toUpperCase();
  const it = world.instruments.find((candidate) => candidate.id === id && settles(candidate));
  if (it === undefined) {
    const errors = [{ code: 11, message: 'Argument invalid: symbol' }];
    return { status: 400, body: json({ status: 'BAD_REQUEST', result: 'error', errors, serverTime: iso(now) }) };
  }
  const periods = settlementTimes(series, it.listedAt, now, HISTORY_ROWS).toReversed();
  const rates = periods.map((period) => ({
    timestamp: iso(period),
    fundingRate: number(scientificBelowMicro(absoluteRate(it, series, period))),
    relativeFundingRate: number(relativeLexeme(it, series, period)),
  }));
  return {
    ...success(now, { rates }),
    history: periods.map((period) => ({
      symbolId: it.id,
      fundingTime: period,
      rate: relativeLexeme(it, series, period),
    })),
  };
}

/** Kraken Futures v3, after https://docs.kraken.com/api/docs/futures-api. */
export const krakenfutures: Venue = {
  id: 'krakenfutures',
  list: (bases, series) => {
    const names = bases.map((base) => (base === 'BTC' ? 'XBT' : base));
    const of = (id: string, base: string, input: Partial<Instrument>): Instrument =>
      instrument(series, {
        venue: 'krakenfutures',
        id,
        base,
        quote: 'USD',
        settle: 'USD',
        rateScale: RATE_SCALE,
        calmRate: 0.0000125,
        intervalHours: 1,
        ...input,
      });
    const large = names.slice(0, 2);
    return [
      ...names.map((base) => of(`PF_${base}USD`, base, {})),
      ...large.map((base) => of(`PI_${base}USD`, base, { settle: base, inverse: true })),
      ...large.map((base) => of(`FF_${base}USD_270326`, base, { deliveryTime: DELIVERY_TIME })),
      ...large.map((base) =>
        of(`FI_${base}USD_270326`, base, { settle: base, inverse: true, deliveryTime: DELIVERY_TIME }),
      ),
    ];
  },
  routes: [
    { method: 'GET', path: /^\/derivatives\/api\/v3\/instruments$/, charge, answer: instruments },
    { method: 'GET', path: /^\/derivatives\/api\/v3\/tickers$/, charge, answer: tickers },
    {
      method: 'GET',
      path: /^\/derivatives\/api\/(v3\/historical-funding-rates|v4\/historicalfundingrates|v3\/historicalfundingrates)$/,
      charge,
      answer: historicalFundingRates,
    },
  ],
  trouble: {
    notFound: ({ now }) => failure(404, now, 'notFound'),
    rateLimited: (_retryAfterMs, now) => failure(429, now, 'apiLimitExceeded'),
    overLimit: (_retryAfterMs, now) => failure(200, now, 'apiLimitExceeded'),
    banned: (_banMs, now) => failure(418, now, 'apiLimitExceeded'),
    unavailable: (now) => failure(503, now, 'Unavailable'),
    maintenance: [(now) => failure(503, now, 'Unavailable'), (now) => failure(200, now, 'Unavailable')],
  },
  limitHeaders: () => ({}),
  rateLexeme: relativeLexeme,
};
