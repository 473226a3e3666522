import { baseCoins } from '../series/bases.js';
import { FundingSeries } from '../series/funding-series.js';
import { VENUES } from './registry.js';
import { VENUE_IDS, type VenueId, type WireAnswer, type WireRequest } from './venue.js';

const S = 5_000;
const NOW = 1_795_230_383_045;
/** The latest settlement at NOW. */
const LAST = 1_795_230_380_000;
const series = new FundingSeries({ seed: 7, settlementMs: S });
const bases = baseCoins(10);

function ask(id: VenueId, target: string, body?: object): WireAnswer {
  const venue = VENUES[id];
  const url = new URL(target, 'http://venue.invalid');
  const request: WireRequest = {
    method: body === undefined ? 'GET' : 'POST',
    path: url.pathname,
    query: url.searchParams,
    body: body === undefined ? '' : JSON.stringify(body),
    now: NOW,
  };
  const route = venue.routes.find((each) => each.method === request.method && each.path.test(request.path));
  if (route === undefined) return venue.trouble.notFound(request);
  return route.answer(request, { instruments: venue.list(bases, series), series });
}

const times = (answer: WireAnswer): readonly number[] => (answer.history ?? []).map(({ fundingTime }) => fundingTime);
const content = (answer: WireAnswer): unknown => JSON.parse(answer.body);
const fiveBefore = (last: number): readonly number[] => [0, 1, 2, 3, 4].map((i) => last - i * S);

interface HistoryCase {
  readonly venue: VenueId;
  readonly symbolId: string;
  readonly order: 'newest first' | 'oldest first';
  /** The latest five. */
  readonly five: () => WireAnswer;
  /** Those between `from` and `to`, both included. */
  readonly between?: (from: number, to: number) => WireAnswer;
}

const CASES: readonly HistoryCase[] = [
  {
    venue: 'okx',
    symbolId: 'BTC-USDT-SWAP',
    order: 'newest first',
    five: () => ask('okx', '/api/v5/public/funding-rate-history?instId=BTC-USDT-SWAP&limit=5'),
    between: (from, to) =>
      ask('okx', `/api/v5/public/funding-rate-history?instId=BTC-USDT-SWAP&before=${from - 1}&after=${to + 1}`),
  },
  {
    venue: 'binanceusdm',
    symbolId: 'BTCUSDT',
    order: 'oldest first',
    five: () => ask('binanceusdm', '/fapi/v1/fundingRate?symbol=BTCUSDT&limit=5'),
    between: (from, to) => ask('binanceusdm', `/fapi/v1/fundingRate?symbol=BTCUSDT&startTime=${from}&endTime=${to}`),
  },
  {
    venue: 'bybit',
    symbolId: 'BTCUSDT',
    order: 'newest first',
    five: () => ask('bybit', '/v5/market/funding/history?category=linear&symbol=BTCUSDT&limit=5'),
    between: (from, to) =>
      ask('bybit', `/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=${from}&endTime=${to}`),
  },
  {
    venue: 'gate',
    symbolId: 'BTC_USDT',
    order: 'newest first',
    five: () => ask('gate', '/api/v4/futures/usdt/funding_rate?contract=BTC_USDT&limit=5'),
    between: (from, to) =>
      ask('gate', `/api/v4/futures/usdt/funding_rate?contract=BTC_USDT&from=${from / 1_000}&to=${to / 1_000}`),
  },
  {
    venue: 'bitget',
    symbolId: 'BTCUSDT',
    order: 'newest first',
    five: () =>
      ask('bitget', '/api/v2/mix/market/history-fund-rate?symbol=BTCUSDT&productType=usdt-futures&pageSize=5'),
  },
  {
    venue: 'hyperliquid',
    symbolId: 'BTC',
    order: 'oldest first',
    five: () => ask('hyperliquid', '/info', { type: 'fundingHistory', coin: 'BTC', startTime: LAST - 4 * S }),
    between: (from, to) =>
      ask('hyperliquid', '/info', { type: 'fundingHistory', coin: 'BTC', startTime: from, endTime: to }),
  },
  {
    venue: 'kucoinfutures',
    symbolId: 'XBTUSDTM',
    order: 'newest first',
    five: () => ask('kucoinfutures', `/api/v1/contract/funding-rates?symbol=XBTUSDTM&from=${LAST - 4 * S}&to=${NOW}`),
    between: (from, to) =>
      ask('kucoinfutures', `/api/ua/v2/market/funding-rate-history?symbol=XBTUSDTM&startAt=${from}&endAt=${to}`),
  },
];

describe('funding histories', () => {
  it.each(CASES)('$venue gives settled rates, $order, and nothing to come', ({ venue, symbolId, order, five }) => {
    const answer = five();
    expect(answer.status).toBe(200);
    const expected = fiveBefore(LAST);
    expect(times(answer)).toEqual(order === 'newest first' ? expected : expected.toReversed());
    const it = VENUES[venue].list(bases, series).find(({ id }) => id === symbolId);
    for (const row of answer.history ?? []) {
      expect(row.symbolId).toBe(symbolId);
      expect(row.rate).toBe(VENUES[venue].rateLexeme(it!, series, row.fundingTime));
      expect(answer.body).toContain(row.rate);
    }
  });

  it.each(CASES.filter(({ between }) => between !== undefined))(
    '$venue honours a span of time, ends included',
    ({ between }) => {
      const answer = between?.(LAST - 7 * S, LAST - 5 * S);
      expect([...times(answer!)].sort((a, b) => a - b)).toEqual([LAST - 7 * S, LAST - 6 * S, LAST - 5 * S]);
    },
  );

  it('kraken gives the periods up to the running one, oldest first, with absolute and relative rates', () => {
    const answer = ask('krakenfutures', '/derivatives/api/v3/historical-funding-rates?symbol=PF_XBTUSD');
    const { result, rates } = content(answer) as { result: string; rates: Record<string, unknown>[] };
    expect(result).toBe('success');
    expect(rates).toHaveLength(200);
    expect(rates.at(-1)?.['timestamp']).toBe(new Date(LAST).toISOString());
    expect(rates[0]?.['timestamp']).toBe(new Date(LAST - 199 * S).toISOString());
    expect(answer.body).toMatch(/"fundingRate":-?\d\.\d+,"relativeFundingRate":-?(0\.\d+|\d(\.\d+)?e-\d+)\}/);
    expect(times(answer).slice(-2)).toEqual([LAST - S, LAST]);
  });

  it('kraken writes an inverse contract with an exponent, and divides by the price', () => {
    const answer = ask('krakenfutures', '/derivatives/api/v4/historicalfundingrates?symbol=PI_XBTUSD');
    const { rates } = content(answer) as { rates: { fundingRate: number; relativeFundingRate: number }[] };
    expect(answer.body).toMatch(/"fundingRate":-?\d(\.\d+)?e-\d+/);
    const prices = rates
      .filter(({ fundingRate }) => fundingRate !== 0)
      .map((row) => row.relativeFundingRate / row.fundingRate);
    expect(Math.min(...prices)).toBeGreaterThan(50_000);
    expect(Math.max(...prices)).toBeLessThan(70_000);
  });

  it('bitget pages backwards', () => {
    const page = (number: number): readonly number[] =>
      times(
        ask(
          'bitget',
          `/api/v2/mix/market/history-fund-rate?symbol=BTCUSDT&productType=USDT-FUTURES&pageSize=5&pageNo=${number}`,
        ),
      );
    expect(page(2)).toEqual(fiveBefore(LAST - 5 * S));
  });

  it('hyperliquid stamps a settlement up to 100 ms late', () => {
    const rows = content(CASES[5]!.five()) as { time: number }[];
    const late = rows.map(({ time }, i) => time - (LAST - (4 - i) * S));
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(100);
    expect(Math.max(...late)).toBeGreaterThan(0);
  });

  it('bybit refuses a start without an end, in its own form and with status 200', () => {
    const answer = ask('bybit', `/v5/market/funding/history?category=linear&symbol=BTCUSDT&startTime=${LAST}`);
    expect(answer.status).toBe(200);
    expect(content(answer)).toMatchObject({ retCode: 10_001, result: {} });
  });
});

describe('unknown contracts and paths', () => {
  it.each<[VenueId, string, object | undefined, number, object | string]>([
    ['okx', '/api/v5/public/funding-rate?instId=NO-SUCH-SWAP', undefined, 200, { code: '51001', data: [] }],
    ['binanceusdm', '/fapi/v1/premiumIndex?symbol=NOSUCH', undefined, 400, { code: -1121, msg: 'Invalid symbol.' }],
    ['bybit', '/v5/market/funding/history?category=linear&symbol=NOSUCH', undefined, 200, { retCode: 10_001 }],
    ['gate', '/api/v4/futures/usdt/contracts/NO_SUCH', undefined, 400, { label: 'CONTRACT_NOT_FOUND' }],
    ['bitget', '/api/v2/mix/market/funding-time?symbol=NO&productType=USDT-FUTURES', undefined, 400, { code: '40034' }],
    ['hyperliquid', '/info', { type: 'fundingHistory', coin: 'NOSUCH', startTime: 0 }, 422, 'Failed to deserialize'],
    ['krakenfutures', '/derivatives/api/v3/historical-funding-rates?symbol=NO', undefined, 400, { result: 'error' }],
    ['kucoinfutures', '/api/v1/funding-rate/NOSUCHM/current', undefined, 400, { code: '400100' }],
  ])('%s answers %s in its own form', (venue, target, body, status, form) => {
    const answer = ask(venue, target, body);
    expect(answer.status).toBe(status);
    if (typeof form === 'string') expect(answer.body).toContain(form);
    else expect(content(answer)).toMatchObject(form);
  });

  it.each(VENUE_IDS)('%s has a 404 of its own', (venue) => {
    expect(ask(venue, '/no/such/path').status).toBe(404);
  });
});
