import { trimmed } from '../series/lexeme.js';
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

const PER_ENDPOINT: LimitRule = { name: '20 requests per second per endpoint', limit: 20, windowMs: 1_000 };
const RATE_SCALE = 6;
const PRODUCT_TYPES = [
  'USDT-FUTURES',
  'COIN-FUTURES',
  'USDC-FUTURES',
  'SUSDT-FUTURES',
  'SCOIN-FUTURES',
  'SUSDC-FUTURES',
];

const charge = (request: WireRequest): LimitCharge => ({ rule: PER_ENDPOINT, key: request.path, weight: 1 });
const envelope = (now: number, data: unknown): string =>
  json({ code: '00000', msg: 'success', requestTime: now, data });
const failure = (status: number, now: number, code: string, msg: string): WireAnswer => ({
  status,
  body: json({ code, msg, requestTime: now, data: null }),
});

/** The contracts of the product type, or of the symbol in it; null when the type is unknown. */
function wantedBy(request: WireRequest, { instruments }: VenueWorld): readonly Instrument[] | null {
  const productType = (request.query.get('productType') ?? '').toUpperCase();
  if (!PRODUCT_TYPES.includes(productType)) return null;
  const symbol = request.query.get('symbol');
  return instruments.filter((it) => it.group === productType && (symbol === null || it.id === symbol));
}

const illegalType = ({ now }: WireRequest): WireAnswer =>
  failure(400, now, '400172', 'Parameter verification failed productType');
const noSuchSymbol = ({ now }: WireRequest): WireAnswer => failure(400, now, '40034', 'Parameter does not exist');

function contractRow(it: Instrument): Record<string, unknown> {
  return {
    symbol: it.id,
    baseCoin: it.base,
    quoteCoin: it.quote,
    buyLimitPriceRatio: '0.05',
    sellLimitPriceRatio: '0.05',
    feeRateUpRatio: '0.005',
    makerFeeRate: '0.0002',
    takerFeeRate: '0.0006',
    openCostUpRatio: '0.01',
    supportMarginCoins: [it.settle],
    minTradeNum: '0.01',
    priceEndStep: '1',
    volumePlace: '2',
    pricePlace: String(it.priceScale),
    sizeMultiplier: '0.01',
    symbolType: it.deliveryTime === null ? 'perpetual' : 'delivery',
    minTradeUSDT: '5',
    maxSymbolOrderNum: '200',
    maxProductOrderNum: '400',
    maxPositionNum: '150',
    symbolStatus: 'normal',
    offTime: '-1',
    limitOpenTime: '-1',
    deliveryTime: it.deliveryTime === null ? '' : String(it.deliveryTime),
    deliveryStartTime: it.deliveryTime === null ? '' : String(it.listedAt),
    deliveryPeriod: it.deliveryTime === null ? '' : 'this_quarter',
    launchTime: '',
    fundInterval: String(it.intervalHours),
    minLever: '1',
    maxLever: '125',
    posLimit: '0.05',
    maintainTime: '',
  };
}

function contracts(request: WireRequest, world: VenueWorld): WireAnswer {
  const wanted = wantedBy(request, world);
  if (wanted === null) return illegalType(request);
  return { status: 200, body: envelope(request.now, wanted.map(contractRow)) };
}

/** The list answer has no settlement time; a dated contract shows a rate of "0". */
function tickers(request: WireRequest, world: VenueWorld): WireAnswer {
  const wanted = wantedBy(request, world);
  if (wanted === null) return illegalType(request);
  const { series } = world;
  const rows = wanted.map((it) => {
    const last = trimmed(series.markPrice(it, request.now));
    return {
      symbol: it.id,
      lastPr: last,
      askPr: last,
      bidPr: last,
      bidSz: '0.5091',
      askSz: '2.2694',
      high24h: trimmed(series.indexPrice(it, request.now - 7_200_000)),
      low24h: trimmed(series.indexPrice(it, request.now - 43_200_000)),
      ts: String(request.now),
      change24h: '0.00125',
      baseVolume: '5135.04',
      quoteVolume: '313241440.52',
      usdtVolume: '313241440.52',
      openUtc: last,
      changeUtc24h: '0.0003',
      indexPrice: trimmed(series.indexPrice(it, request.now)),
      fundingRate: settles(it) ? trimmed(series.rate(it, series.nextSettlement(request.now))) : '0',
      holdingAmount: '125.6844',
      deliveryStartTime: it.deliveryTime === null ? null : String(it.listedAt),
      deliveryTime: it.deliveryTime === null ? null : String(it.deliveryTime),
      deliveryStatus: 'delivery_normal',
      open24h: last,
      markPrice: last,
    };
  });
  return { status: 200, body: envelope(request.now, rows), undated: wanted.filter(settles).length };
}

const settlementOf = (it: Instrument, { series }: VenueWorld, fundingTime: number): SettlementRow => ({
  symbolId: it.id,
  fundingTime,
  rate: trimmed(series.rate(it, fundingTime)),
});

/** One symbol, or with none all of the product type; v3 takes a symbol of any product type. */
function currentFundRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const v3 = request.path.startsWith('/api/v3/');
  if (v3 && !request.query.has('symbol')) return noSuchSymbol(request);
  const wanted = v3
    ? world.instruments.filter((it) => it.id === request.query.get('symbol'))
    : wantedBy(request, world);
  if (wanted === null) return illegalType(request);
  const settling = wanted.filter(settles);
  if (settling.length === 0) return noSuchSymbol(request);
  const current = settling.map((it) => settlementOf(it, world, world.series.nextSettlement(request.now)));
  const rows = settling.map((it, index) => ({
    symbol: it.id,
    fundingRate: current[index]?.rate,
    fundingRateInterval: String(it.intervalHours),
    nextUpdate: String(current[index]?.fundingTime),
    minFundingRate: '-0.003',
    maxFundingRate: '0.003',
  }));
  return { status: 200, body: envelope(request.now, rows), current };
}

function fundingTime(request: WireRequest, world: VenueWorld): WireAnswer {
  const it = wantedBy(request, world)?.find(settles);
  if (it === undefined || !request.query.has('symbol')) return noSuchSymbol(request);
  const row = {
    symbol: it.id,
    nextFundingTime: String(world.series.nextSettlement(request.now)),
    ratePeriod: String(it.intervalHours),
  };
  return { status: 200, body: envelope(request.now, [row]) };
}

/** Newest first, by page number. */
function historyFundRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const it = wantedBy(request, world)?.find(settles);
  if (it === undefined || !request.query.has('symbol')) return noSuchSymbol(request);
  const size = pageSize(request, 'pageSize', 20, 100);
  const newest = request.now - (Math.max(1, wholeNumber(request, 'pageNo', 1)) - 1) * size * world.series.settlementMs;
  const history = settlementTimes(world.series, it.listedAt, newest, size).map((time) => settlementOf(it, world, time));
  const rows = history.map(({ symbolId, fundingTime: time, rate }) => ({
    symbol: symbolId,
    fundingRate: rate,
    fundingTime: String(time),
  }));
  return { status: 200, body: envelope(request.now, rows), history };
}

const empty = ({ now }: WireRequest): WireAnswer => ({ status: 200, body: envelope(now, []) });

/** Bitget v2 (and the v3 current rate), after https://www.bitget.com/api-doc (contract market, UTA public). */
export const bitget: Venue = {
  id: 'bitget',
  list: (bases, series) => {
    const of = (id: string, base: string, input: Partial<Instrument>): Instrument =>
      instrument(series, { venue: 'bitget', id, base, rateScale: RATE_SCALE, group: 'USDT-FUTURES', ...input });
    const coin = { quote: 'USD', inverse: true, group: 'COIN-FUTURES' } as const;
    return [
      ...bases.map((base) => of(`${base}USDT`, base, {})),
      ...bases.slice(0, 2).map((base) => of(`${base}USD`, base, { ...coin, settle: base })),
      ...bases
        .slice(0, 2)
        .map((base) => of(`${base}USD_270326`, base, { ...coin, settle: base, deliveryTime: DELIVERY_TIME })),
    ];
  },
  routes: [
    { method: 'GET', path: /^\/api\/v2\/mix\/market\/contracts$/, charge, answer: contracts },
    { method: 'GET', path: /^\/api\/v2\/mix\/market\/tickers$/, charge, answer: tickers },
    {
      method: 'GET',
      path: /^\/api\/(v2\/mix\/market|v3\/market)\/current-fund-rate$/,
      charge,
      answer: currentFundRate,
    },
    { method: 'GET', path: /^\/api\/v2\/mix\/market\/funding-time$/, charge, answer: fundingTime },
    { method: 'GET', path: /^\/api\/v2\/mix\/market\/history-fund-rate$/, charge, answer: historyFundRate },
    { method: 'GET', path: /^\/api\/v2\/spot\/public\/(coins|symbols)$/, charge, answer: empty },
    { method: 'GET', path: /^\/api\/v2\/margin\/currencies$/, charge, answer: empty },
  ],
  trouble: {
    notFound: ({ now }) => failure(404, now, '40404', 'Request URL NOT FOUND'),
    rateLimited: (_retryAfterMs, now) => failure(429, now, '429', 'Too Many Requests'),
    banned: (_banMs, now) => failure(418, now, '429', 'Too Many Requests'),
    unavailable: (now) => failure(503, now, '40725', 'service return an error'),
    maintenance: [
      (now) => failure(200, now, '40200', 'Server upgrade, please try again later'),
      (now) => failure(503, now, '40308', 'The system is upgrading, please try again later'),
    ],
  },
  limitHeaders: () => ({}),
  rateLexeme: (it, series, settlementTime) => trimmed(series.rate(it, settlementTime)),
};
