import { fixed, trimmed, type Scaled } from '../series/lexeme.js';
import { instrument } from './instrument.js';
import { pageSize, wholeNumber } from './query.js';
import {
  rateOf,
  settlementTimes,
  settles,
  type Instrument,
  type LimitRule,
  type Venue,
  type VenueWorld,
  type WireAnswer,
  type WireRequest,
} from './venue.js';
import { json } from './wire-json.js';

const HOUR_MS = 3_600_000;

const PER_INSTRUMENT: LimitRule = { name: '10 requests per 2 s, address and instrument', limit: 10, windowMs: 2_000 };
const PER_TYPE: LimitRule = { name: '20 requests per 2 s, address and instrument type', limit: 20, windowMs: 2_000 };

const ok = (data: unknown): string => json({ code: '0', data, msg: '' });
const failure = (status: number, code: string, msg: string): WireAnswer => ({
  status,
  body: json({ code, data: [], msg }),
});

const tick = (scale: number): string => trimmed({ units: 1n, scale });

function instrumentRow(it: Instrument): Record<string, string> {
  return {
    alias: '',
    baseCcy: '',
    category: '1',
    ctMult: '1',
    ctType: it.inverse ? 'inverse' : 'linear',
    ctVal: it.inverse ? '100' : '1',
    ctValCcy: it.inverse ? 'USD' : it.base,
    expTime: '',
    instFamily: `${it.base}-${it.quote}`,
    instId: it.id,
    instType: 'SWAP',
    lever: '50',
    listTime: String(it.listedAt),
    lotSz: '1',
    maxIcebergSz: '100000000',
    maxLmtSz: '100000000',
    maxMktSz: '4000',
    maxStopSz: '4000',
    maxTriggerSz: '100000000',
    maxTwapSz: '100000000',
    minSz: '1',
    optType: '',
    quoteCcy: '',
    ruleType: 'normal',
    settleCcy: it.settle,
    state: it.closed ? 'suspend' : 'live',
    stk: '',
    tickSz: tick(it.priceScale),
    uly: `${it.base}-${it.quote}`,
  };
}

const rateText = (rate: Scaled): string => fixed(rate);

function fundingRow(it: Instrument, { series }: VenueWorld, now: number): Record<string, string> {
  const fundingTime = series.nextSettlement(now);
  return {
    formulaType: 'withRate',
    fundingRate: rateText(series.rate(it, fundingTime)),
    fundingTime: String(fundingTime),
    impactValue: '20000.0000000000000000',
    instId: it.id,
    instType: 'SWAP',
    interestRate: '0.0001000000000000',
    maxFundingRate: '0.00375',
    method: 'current_period',
    minFundingRate: '-0.00375',
    nextFundingRate: '',
    // The venue states its interval only as the distance of these two times, so that is kept in whole hours.
    nextFundingTime: String(fundingTime + it.intervalHours * HOUR_MS),
    premium: rateText(series.prediction(it, fundingTime, now)),
    settFundingRate: rateText(series.rate(it, series.lastSettlement(now))),
    settState: 'settled',
    ts: String(now),
  };
}

function fundingRate(request: WireRequest, world: VenueWorld): WireAnswer {
  const instId = request.query.get('instId') ?? '';
  if (instId === '') return failure(400, '50014', 'Parameter instId cannot be empty');
  const wanted = world.instruments.filter((it) => settles(it) && (instId === 'ANY' || it.id === instId));
  if (wanted.length === 0) return failure(200, '51001', "Instrument ID doesn't exist");
  const rows = wanted.map((it) => fundingRow(it, world, request.now));
  return {
    status: 200,
    body: ok(rows),
    current: rows.map((row) => ({
      symbolId: row['instId'] ?? '',
      fundingTime: Number(row['fundingTime']),
      rate: row['fundingRate'] ?? '',
    })),
  };
}

/** `after` and `before` are exclusive: records older, and newer, than that settlement time. */
function fundingRateHistory(request: WireRequest, world: VenueWorld): WireAnswer {
  const instId = request.query.get('instId') ?? '';
  const it = world.instruments.find((candidate) => candidate.id === instId && settles(candidate));
  if (it === undefined) return failure(200, '51001', "Instrument ID doesn't exist");
  const to = Math.min(request.now, wholeNumber(request, 'after', request.now + 1) - 1);
  const from = Math.max(it.listedAt, wholeNumber(request, 'before', 0) + 1);
  const history = settlementTimes(world.series, from, to, pageSize(request, 'limit', 400, 400)).map((fundingTime) => ({
    symbolId: it.id,
    fundingTime,
    rate: rateText(rateOf(world, it, fundingTime)),
  }));
  const rows = history.map(({ symbolId, fundingTime, rate }) => ({
    formulaType: 'withRate',
    fundingRate: rate,
    fundingTime: String(fundingTime),
    instId: symbolId,
    instType: 'SWAP',
    method: 'current_period',
    realizedRate: rate,
  }));
  return { status: 200, body: ok(rows), history };
}

function instruments(request: WireRequest, world: VenueWorld): WireAnswer {
  const instType = request.query.get('instType');
  if (instType === null) return failure(400, '50014', 'Parameter instType cannot be empty');
  return { status: 200, body: ok(instType === 'SWAP' ? world.instruments.map(instrumentRow) : []) };
}

function markPrice(request: WireRequest, { instruments, series }: VenueWorld): WireAnswer {
  const instId = request.query.get('instId');
  const rows = instruments
    .filter((it) => settles(it) && (instId === null || it.id === instId))
    .map((it) => ({
      instId: it.id,
      instType: 'SWAP',
      markPx: trimmed(series.markPrice(it, request.now)),
      ts: String(request.now),
    }));
  return { status: 200, body: ok(rows) };
}

const byInstrument = (request: WireRequest) => ({
  rule: PER_INSTRUMENT,
  key: `${request.path} ${request.query.get('instId') ?? ''}`,
  weight: 1,
});

/** OKX v5, after https://www.okx.com/docs-v5/en (public data). */
export const okx: Venue = {
  id: 'okx',
  list: (bases, series) => [
    ...bases.map((base) => instrument(series, { venue: 'okx', id: `${base}-USDT-SWAP`, base, rateScale: 16 })),
    ...bases.slice(0, 2).map((base) =>
      instrument(series, {
        venue: 'okx',
        id: `${base}-USD-SWAP`,
        base,
        quote: 'USD',
        settle: base,
        inverse: true,
        rateScale: 16,
      }),
    ),
  ],
  routes: [
    { method: 'GET', path: /^\/api\/v5\/public\/funding-rate$/, charge: byInstrument, answer: fundingRate },
    {
      method: 'GET',
      path: /^\/api\/v5\/public\/funding-rate-history$/,
      charge: byInstrument,
      answer: fundingRateHistory,
    },
    {
      method: 'GET',
      path: /^\/api\/v5\/public\/instruments$/,
      charge: (request) => ({
        rule: PER_TYPE,
        key: `${request.path} ${request.query.get('instType') ?? ''}`,
        weight: 1,
      }),
      answer: instruments,
    },
    { method: 'GET', path: /^\/api\/v5\/public\/mark-price$/, charge: byInstrument, answer: markPrice },
    {
      method: 'GET',
      path: /^\/api\/v5\/system\/status$/,
      charge: (request) => ({
        rule: { name: '1 request per 5 s', limit: 1, windowMs: 5_000 },
        key: request.path,
        weight: 1,
      }),
      answer: () => ({ status: 200, body: ok([]) }),
    },
    {
      method: 'GET',
      path: /^\/api\/v5\/public\/time$/,
      charge: byInstrument,
      answer: ({ now }) => ({ status: 200, body: ok([{ ts: String(now) }]) }),
    },
  ],
  trouble: {
    notFound: () => ({
      status: 404,
      body: json({
        code: 404,
        data: {},
        detailMsg: '',
        error_code: '404',
        error_message: 'Not Found',
        msg: 'Not Found',
      }),
    }),
    rateLimited: () => failure(429, '50011', 'Too Many Requests'),
    banned: () => failure(418, '50011', 'Too Many Requests'),
    unavailable: () => failure(503, '50001', 'Service temporarily unavailable. Please try again later'),
    maintenance: [
      () => failure(503, '50001', 'Service temporarily unavailable. Please try again later'),
      () => failure(200, '50013', 'Systems are busy. Please try again later.'),
      () => failure(500, '50026', 'System error. Please try again later.'),
    ],
  },
  limitHeaders: () => ({}),
  rateLexeme: (it, series, settlementTime) => rateText(series.rate(it, settlementTime)),
};
