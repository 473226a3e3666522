import { trimmed, type Scaled } from '../series/lexeme.js';
import { instrument } from './instrument.js';
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
import { json, jsonObject } from './wire-json.js';

const WEIGHT: LimitRule = { name: '1,200 weight per minute', limit: 1_200, windowMs: 60_000, heaviest: 20 };
const RATE_SCALE = 10;
const LIGHT_TYPES: ReadonlySet<unknown> = new Set(['allMids', 'l2Book', 'exchangeStatus']);
const HISTORY_PAGE = 500;
const HISTORY_ITEMS_PER_WEIGHT = 20;

/** Zero is written `0.0`. */
const decimal = (value: Scaled): string => {
  const text = trimmed(value);
  return text.includes('.') ? text : `${text}.0`;
};

const typeOf = (request: WireRequest): unknown => jsonObject(request.body)?.['type'];
const badRequest = (): WireAnswer => ({
  status: 422,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Failed to deserialize the JSON body into the target type',
});

/** Whole epoch milliseconds of a body field. */
function timeIn(body: Readonly<Record<string, unknown>>, name: string, otherwise: number): number {
  const value = body[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}

interface HistoryQuery {
  readonly it: Instrument;
  readonly times: readonly number[];
}

/** Ascending from `startTime`, at most 500; null when the coin or the start is missing. */
function historyQuery(request: WireRequest, { instruments, series }: VenueWorld): HistoryQuery | null {
  const body = jsonObject(request.body) ?? {};
  const it = instruments.find((candidate) => candidate.id === body['coin'] && settles(candidate));
  const from = timeIn(body, 'startTime', -1);
  if (it === undefined || from < 0) return null;
  const start = Math.max(it.listedAt, from);
  const to = Math.min(
    request.now,
    timeIn(body, 'endTime', request.now),
    start + HISTORY_PAGE * series.settlementMs - 1,
  );
  return { it, times: settlementTimes(series, start, to, HISTORY_PAGE).toReversed() };
}

/** The venue stamps a settlement some milliseconds late; within 100 ms here. */
function stampOf(it: Instrument, { series }: VenueWorld, fundingTime: number): number {
  return fundingTime + Math.floor(series.trait(it.key, fundingTime) * 100);
}

function metaAndAssetCtxs({ now }: WireRequest, { instruments, series }: VenueWorld): WireAnswer {
  const universe = instruments.map((it) => ({
    name: it.id,
    szDecimals: 2,
    maxLeverage: 20,
    ...(it.closed && { isDelisted: true }),
  }));
  const contexts = instruments.map((it) => {
    const mark = decimal(series.markPrice(it, now));
    return {
      dayNtlVlm: it.closed ? '0.0' : '1169046.29406',
      funding: it.closed ? '0.0' : decimal(series.rate(it, series.nextSettlement(now))),
      impactPxs: it.closed ? null : [mark, mark],
      markPx: mark,
      midPx: it.closed ? null : mark,
      openInterest: it.closed ? '0.0' : '688.11',
      oraclePx: decimal(series.indexPrice(it, now)),
      premium: it.closed ? null : decimal(series.prediction(it, series.nextSettlement(now), now)),
      prevDayPx: decimal(series.markPrice(it, now - 86_400_000)),
    };
  });
  return { status: 200, body: json([{ universe }, contexts]), undated: instruments.filter(settles).length };
}

/** By coin and venue; `HlPerp` is this one's own next settlement. */
function predictedFundings({ now }: WireRequest, { instruments, series }: VenueWorld): WireAnswer {
  const fundingTime = series.nextSettlement(now);
  const current = instruments
    .filter(settles)
    .map((it) => ({ symbolId: it.id, fundingTime, rate: decimal(series.rate(it, fundingTime)) }));
  const rows = current.map(({ symbolId, rate }, index) => [
    symbolId,
    [
      ['BinPerp', { fundingRate: '0.0001', nextFundingTime: fundingTime, fundingIntervalHours: 8 }],
      ['HlPerp', { fundingRate: rate, nextFundingTime: fundingTime, fundingIntervalHours: 1 }],
      [
        'BybitPerp',
        index % 7 === 6 ? null : { fundingRate: '0.0001', nextFundingTime: fundingTime, fundingIntervalHours: 8 },
      ],
    ],
  ]);
  return { status: 200, body: json(rows), current };
}

function fundingHistory(request: WireRequest, world: VenueWorld): WireAnswer {
  const found = historyQuery(request, world);
  if (found === null) return badRequest();
  const { it, times } = found;
  const history = times.map((fundingTime) => ({
    symbolId: it.id,
    fundingTime,
    rate: decimal(world.series.rate(it, fundingTime)),
  }));
  const rows = history.map(({ fundingTime, rate }) => ({
    coin: it.id,
    fundingRate: rate,
    premium: rate,
    time: stampOf(it, world, fundingTime),
  }));
  return { status: 200, body: json(rows), history };
}

function info(request: WireRequest, world: VenueWorld): WireAnswer {
  switch (typeOf(request)) {
    case 'metaAndAssetCtxs':
      // A named dex is one of the builder-deployed ones, of which there are none here.
      return jsonObject(request.body)?.['dex']
        ? { status: 200, body: '[{"universe":[]},[]]' }
        : metaAndAssetCtxs(request, world);
    case 'meta':
      return {
        status: 200,
        body: json({ universe: world.instruments.map((it) => ({ name: it.id, szDecimals: 2, maxLeverage: 20 })) }),
      };
    case 'predictedFundings':
      return predictedFundings(request, world);
    case 'fundingHistory':
      return fundingHistory(request, world);
    case 'spotMeta':
      return { status: 200, body: '{"tokens":[],"universe":[]}' };
    case 'spotMetaAndAssetCtxs':
      return { status: 200, body: '[{"tokens":[],"universe":[]},[]]' };
    case 'perpDexs':
      return { status: 200, body: '[null]' };
    case 'exchangeStatus':
      return { status: 200, body: json({ time: request.now, specialStatuses: null }) };
    default:
      return badRequest();
  }
}

const charge = (request: WireRequest): LimitCharge => ({
  rule: WEIGHT,
  key: 'weight',
  weight: LIGHT_TYPES.has(typeOf(request)) ? 2 : 20,
});

/** History also pays for every 20 items it returns. */
const surcharge = (answer: WireAnswer, request: WireRequest): number =>
  typeOf(request) === 'fundingHistory' ? Math.floor((answer.history?.length ?? 0) / HISTORY_ITEMS_PER_WEIGHT) : 0;

const html = (status: number, title: string): WireAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`,
});

/** Hyperliquid's info endpoint, after https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api. */
export const hyperliquid: Venue = {
  id: 'hyperliquid',
  list: (bases, series) => {
    const of = (base: string, input: Partial<Instrument>): Instrument =>
      instrument(series, {
        venue: 'hyperliquid',
        id: base,
        base,
        quote: 'USD',
        settle: 'USDC',
        rateScale: RATE_SCALE,
        calmRate: 0.0000125,
        intervalHours: 1,
        ...input,
      });
    return [...bases.map((base) => of(base, {})), of('HPOS', { closed: true })];
  },
  routes: [
    {
      method: 'POST',
      path: /^\/info$/,
      charge,
      surcharge,
      answer: info,
    },
  ],
  trouble: {
    notFound: () => html(404, 'Not Found'),
    rateLimited: () => ({ status: 429, body: 'null' }),
    banned: () => ({ status: 418, body: 'null' }),
    unavailable: () => html(503, 'Service Temporarily Unavailable'),
    maintenance: [() => html(502, 'Bad Gateway'), () => html(503, 'Service Temporarily Unavailable')],
  },
  limitHeaders: () => ({}),
  rateLexeme: (it, series, settlementTime) => decimal(series.rate(it, settlementTime)),
};
