import { trimmed } from '../series/lexeme.js';
import { instrument } from './instrument.js';
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

const PER_ENDPOINT: LimitRule = { name: '200 requests per 10 s per endpoint', limit: 200, windowMs: 10_000 };
const RATE_SCALE = 6;

const charge = (request: WireRequest): LimitCharge => ({ rule: PER_ENDPOINT, key: request.path, weight: 1 });
const failure = (status: number, label: string, message: string): WireAnswer => ({
  status,
  body: json({ label, message }),
});
const settleOf = (request: WireRequest): string => request.path.split('/')[4] ?? '';
const inGroup = (request: WireRequest, { instruments }: VenueWorld): readonly Instrument[] =>
  instruments.filter((it) => it.group === settleOf(request));

function contractRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, unknown> {
  const nextApply = series.nextSettlement(now);
  const mark = trimmed(series.markPrice(it, now));
  return {
    funding_rate_indicative: trimmed(series.prediction(it, nextApply, now)),
    mark_price_round: trimmed({ units: 1n, scale: it.priceScale }),
    funding_offset: 0,
    in_delisting: it.closed,
    risk_limit_base: '500000',
    interest_rate: '0.0003',
    index_price: trimmed(series.indexPrice(it, now)),
    order_price_round: trimmed({ units: 1n, scale: it.priceScale }),
    order_size_min: 1,
    ref_rebate_rate: '0.2',
    name: it.id,
    ref_discount_rate: '0',
    order_price_deviate: '0.1',
    maintenance_rate: '0.025',
    mark_type: 'index',
    funding_interval: it.intervalHours * 3_600,
    type: it.inverse ? 'inverse' : 'direct',
    risk_limit_step: '500000',
    enable_bonus: false,
    leverage_min: '1',
    funding_rate: trimmed(series.rate(it, nextApply)),
    last_price: mark,
    mark_price: mark,
    order_size_max: 1_000_000,
    funding_next_apply: nextApply / 1_000,
    short_users: 43,
    enable_credit: true,
    config_change_time: it.listedAt / 1_000,
    create_time: it.listedAt / 1_000,
    trade_size: 160_438_129,
    position_size: 51_137,
    long_users: 61,
    quanto_multiplier: it.inverse ? '0' : '0.01',
    funding_impact_value: '5000',
    leverage_max: '20',
    risk_limit_max: '5000000',
    maker_fee_rate: '-0.000152',
    taker_fee_rate: '0.00075',
    orders_limit: 100,
    trade_id: 1_441_091,
    orderbook_id: 988_820_401,
    funding_rate_limit: '0.003',
    status: it.closed ? 'delisting' : 'trading',
  };
}

function contracts(request: WireRequest, world: VenueWorld): WireAnswer {
  const wanted = inGroup(request, world);
  const fundingTime = world.series.nextSettlement(request.now);
  return {
    status: 200,
    body: json(wanted.map((it) => contractRow(it, world, request.now))),
    current: wanted
      .filter(settles)
      .map((it) => ({ symbolId: it.id, fundingTime, rate: trimmed(world.series.rate(it, fundingTime)) })),
  };
}

/** The one-contract form of the same row. */
function contract(request: WireRequest, world: VenueWorld): WireAnswer {
  const id = request.path.split('/')[6];
  const it = inGroup(request, world).find((candidate) => candidate.id === id);
  if (it === undefined) return failure(400, 'CONTRACT_NOT_FOUND', 'contract not found');
  const fundingTime = world.series.nextSettlement(request.now);
  return {
    status: 200,
    body: json(contractRow(it, world, request.now)),
    current: settles(it) ? [{ symbolId: it.id, fundingTime, rate: trimmed(world.series.rate(it, fundingTime)) }] : [],
  };
}

function tickers(request: WireRequest, world: VenueWorld): WireAnswer {
  const { series } = world;
  const id = request.query.get('contract');
  const wanted = inGroup(request, world).filter((it) => settles(it) && (id === null || it.id === id));
  const rows = wanted.map((it) => {
    const mark = trimmed(series.markPrice(it, request.now));
    return {
      contract: it.id,
      last: mark,
      low_24h: mark,
      high_24h: mark,
      change_percentage: '4.43',
      total_size: '32323904',
      volume_24h: '184040233284',
      volume_24h_btc: '28613220',
      volume_24h_usd: '184040233284',
      volume_24h_base: '28613220',
      volume_24h_quote: '184040233284',
      volume_24h_settle: '28613220',
      mark_price: mark,
      funding_rate: trimmed(series.rate(it, series.nextSettlement(request.now))),
      funding_rate_indicative: trimmed(series.prediction(it, series.nextSettlement(request.now), request.now)),
      index_price: trimmed(series.indexPrice(it, request.now)),
      highest_bid: mark,
      lowest_ask: mark,
    };
  });
  return { status: 200, body: json(rows), undated: rows.length };
}

/** Newest first; times in seconds. */
function fundingRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const id = request.query.get('contract');
  const it = inGroup(request, world).find((candidate) => candidate.id === id && settles(candidate));
  if (it === undefined) return failure(400, 'CONTRACT_NOT_FOUND', 'contract not found');
  const nowSeconds = Math.floor(request.now / 1_000);
  const history = settlementTimes(
    world.series,
    Math.max(it.listedAt, wholeNumber(request, 'from', 0) * 1_000),
    Math.min(nowSeconds, wholeNumber(request, 'to', nowSeconds)) * 1_000,
    pageSize(request, 'limit', 100, 1_000),
  ).map((fundingTime) => ({ symbolId: it.id, fundingTime, rate: trimmed(world.series.rate(it, fundingTime)) }));
  return {
    status: 200,
    body: json(history.map(({ fundingTime, rate }) => ({ r: rate, t: fundingTime / 1_000 }))),
    history,
  };
}

const empty = (): WireAnswer => ({ status: 200, body: '[]' });

/** Gate v4, after https://www.gate.com/docs/developers/apiv4 (futures). */
export const gate: Venue = {
  id: 'gate',
  list: (bases, series) => {
    const of = (id: string, base: string, input: Partial<Instrument>): Instrument =>
      instrument(series, { venue: 'gate', id, base, rateScale: RATE_SCALE, group: 'usdt', ...input });
    return [
      ...bases.map((base) => of(`${base}_USDT`, base, {})),
      of('LUNA_USDT', 'LUNA', { closed: true }),
      of('BTC_USD', 'BTC', { quote: 'USD', settle: 'BTC', inverse: true, group: 'btc' }),
    ];
  },
  routes: [
    { method: 'GET', path: /^\/api\/v4\/futures\/(usdt|btc)\/contracts$/, charge, answer: contracts },
    { method: 'GET', path: /^\/api\/v4\/futures\/(usdt|btc)\/contracts\/[^/]+$/, charge, answer: contract },
    { method: 'GET', path: /^\/api\/v4\/futures\/(usdt|btc)\/tickers$/, charge, answer: tickers },
    { method: 'GET', path: /^\/api\/v4\/futures\/(usdt|btc)\/funding_rate$/, charge, answer: fundingRate },
    { method: 'GET', path: /^\/api\/v4\/delivery\/usdt\/contracts$/, charge, answer: empty },
    { method: 'GET', path: /^\/api\/v4\/spot\/(currencies|currency_pairs)$/, charge, answer: empty },
    { method: 'GET', path: /^\/api\/v4\/margin\/currency_pairs$/, charge, answer: empty },
    { method: 'GET', path: /^\/api\/v4\/options\/underlyings$/, charge, answer: empty },
  ],
  trouble: {
    notFound: () => failure(404, 'NOT_FOUND', 'Not Found'),
    rateLimited: () => failure(429, 'TOO_MANY_REQUESTS', 'Request Rate limit Exceeded (311)'),
    banned: () => failure(418, 'TOO_MANY_REQUESTS', 'Request Rate limit Exceeded (311)'),
    unavailable: () => failure(503, 'SERVER_ERROR', 'Service unavailable'),
    maintenance: [
      () => failure(503, 'SERVER_ERROR', 'System maintenance'),
      () => failure(500, 'INTERNAL', 'Internal server error'),
    ],
  },
  limitHeaders: ({ rule, used, retryAfterMs }, now) => ({
    'x-gate-ratelimit-limit': String(rule.limit),
    'x-gate-ratelimit-requests-remain': String(Math.max(0, rule.limit - used)),
    'x-gate-ratelimit-reset-timestamp': String(Math.ceil((now + retryAfterMs) / 1_000)),
  }),
  rateLexeme: (it, series, settlementTime) => trimmed(series.rate(it, settlementTime)),
};
