import { FaultBoard } from './faults/fault-board.js';
import { faultSchema, type FaultInput } from './faults/fault.schema.js';
import { RateLimitEnforcer } from './limits/rate-limit-enforcer.js';
import { baseCoins } from './series/bases.js';
import { FundingSeries } from './series/funding-series.js';
import { VenueRuntime } from './venue-runtime.js';
import { VENUES } from './venues/registry.js';
import type { VenueId, WireAnswer } from './venues/venue.js';

const NOW = 1_795_230_383_045;
const CLIENT = '127.0.0.1';

interface Ask {
  readonly target: string;
  readonly body?: object;
  readonly now?: number;
  readonly host?: string;
}

class Bench {
  readonly board: FaultBoard;
  readonly enforcer: RateLimitEnforcer;
  readonly runtime: VenueRuntime;

  constructor(
    readonly id: VenueId,
    scale = 1,
  ) {
    this.board = new FaultBoard((venue) => (venue === id ? [`${id}-1`, `${id}-2`] : []));
    this.enforcer = new RateLimitEnforcer(() => scale);
    this.runtime = new VenueRuntime({
      venue: VENUES[id],
      bases: baseCoins(5),
      series: new FundingSeries({ seed: 1, settlementMs: 5_000 }),
      seed: 1,
      servedCapacity: 1_000,
      enforcer: this.enforcer,
      board: this.board,
    });
  }

  fault(input: FaultInput): void {
    this.board.add(faultSchema.parse(input), NOW, NOW);
  }

  ask({ target, body, now = NOW, host = `${this.id}-1` }: Ask): WireAnswer {
    const url = new URL(target, 'http://venue.invalid');
    const request = {
      method: body === undefined ? 'GET' : 'POST',
      path: url.pathname,
      query: url.searchParams,
      body: body === undefined ? '' : JSON.stringify(body),
      now,
    };
    const delivery = this.runtime.answer(host, request, CLIENT);
    this.runtime.settled(host, delivery, 'received', now);
    return delivery.answer;
  }
}

interface LimitCase {
  readonly venue: VenueId;
  readonly ask: Ask;
  /** Requests that the documentation allows in one window. */
  readonly allowed: number;
  readonly windowMs: number;
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const LIMITS: readonly LimitCase[] = [
  {
    venue: 'okx',
    ask: { target: '/api/v5/public/funding-rate?instId=ANY' },
    allowed: 10,
    windowMs: 2_000,
    status: 429,
    body: '{"code":"50011","data":[],"msg":"Too Many Requests"}',
  },
  {
    venue: 'binanceusdm',
    ask: { target: '/fapi/v1/premiumIndex' },
    allowed: 240,
    windowMs: 60_000,
    status: 429,
    body: '"code":-1003',
    headers: { 'retry-after': '60', 'x-mbx-used-weight-1m': '2400' },
  },
  {
    venue: 'bybit',
    ask: { target: '/v5/market/tickers?category=linear' },
    allowed: 600,
    windowMs: 5_000,
    status: 403,
    body: 'access too frequent',
    headers: {
      'x-bapi-limit': '600',
      'x-bapi-limit-status': '0',
      'x-bapi-limit-reset-timestamp': String(NOW + 5_000),
    },
  },
  {
    venue: 'gate',
    ask: { target: '/api/v4/futures/usdt/contracts' },
    allowed: 200,
    windowMs: 10_000,
    status: 429,
    body: '"label":"TOO_MANY_REQUESTS"',
    headers: {
      'x-gate-ratelimit-limit': '200',
      'x-gate-ratelimit-requests-remain': '0',
      'x-gate-ratelimit-reset-timestamp': '1795230394',
    },
  },
  {
    venue: 'bitget',
    ask: { target: '/api/v2/mix/market/tickers?productType=USDT-FUTURES' },
    allowed: 20,
    windowMs: 1_000,
    status: 429,
    body: '"code":"429"',
  },
  {
    venue: 'hyperliquid',
    ask: { target: '/info', body: { type: 'metaAndAssetCtxs' } },
    allowed: 60,
    windowMs: 60_000,
    status: 429,
    body: 'null',
  },
  {
    venue: 'krakenfutures',
    ask: { target: '/derivatives/api/v3/tickers' },
    allowed: 100,
    windowMs: 10_000,
    status: 200,
    body: '"error":"apiLimitExceeded"',
  },
  {
    venue: 'kucoinfutures',
    ask: { target: '/api/ua/v2/market/funding-rate' },
    allowed: 1_000,
    windowMs: 30_000,
    status: 429,
    body: '"code":"429000"',
    headers: { 'gw-ratelimit-limit': '2000', 'gw-ratelimit-remaining': '0', 'gw-ratelimit-reset': '30000' },
  },
];

describe('documented rate limits', () => {
  it.each(LIMITS)(
    '$venue allows $allowed requests in $windowMs ms over all its hosts, and answers the next in its own form',
    ({ venue, ask, allowed, windowMs, status, body, headers = {} }) => {
      const bench = new Bench(venue);
      const refuses = (answer: WireAnswer): boolean => answer.status === status && answer.body.includes(body);
      for (let i = 0; i < allowed; i += 1) {
        expect(refuses(bench.ask({ ...ask, host: `${venue}-${(i % 2) + 1}` }))).toBe(false);
      }
      expect(bench.enforcer.violationCount(venue)).toBe(0);

      const refused = bench.ask(ask);
      expect(refused.status).toBe(status);
      expect(refused.body).toContain(body);
      expect(refused.headers ?? {}).toMatchObject(headers);
      expect(refuses(bench.ask({ ...ask, now: NOW + windowMs - 1 }))).toBe(true);
      expect(bench.enforcer.violationCount(venue)).toBe(2);

      expect(refuses(bench.ask({ ...ask, now: NOW + windowMs }))).toBe(false);
      expect(bench.enforcer.violationCount(venue)).toBe(2);
    },
  );

  it('keeps a record of each violation', () => {
    const bench = new Bench('okx', 0.1);
    const ask = { target: '/api/v5/public/funding-rate?instId=ANY' };
    bench.ask(ask);
    bench.ask({ ...ask, now: NOW + 1_999 });
    expect(bench.enforcer.violations()).toEqual([
      {
        venue: 'okx',
        rule: '10 requests per 2 s, address and instrument',
        key: '/api/v5/public/funding-rate ANY',
        at: NOW + 1_999,
        used: 1,
        weight: 1,
        limit: 1,
      },
    ]);
  });

  it('counts instruments, endpoints and client addresses apart where the venue does', () => {
    const bench = new Bench('okx', 0.1);
    bench.ask({ target: '/api/v5/public/funding-rate?instId=ANY' });
    bench.ask({ target: '/api/v5/public/funding-rate?instId=BTC-USDT-SWAP' });
    bench.ask({ target: '/api/v5/public/funding-rate-history?instId=BTC-USDT-SWAP' });
    expect(bench.enforcer.violationCount('okx')).toBe(0);
  });

  it('leaves room for the heaviest request, however small the scale', () => {
    const bench = new Bench('binanceusdm', 0.001);
    expect(bench.ask({ target: '/fapi/v1/exchangeInfo' }).status).toBe(200);
    expect(bench.ask({ target: '/fapi/v1/premiumIndex', now: NOW + 60_000 }).status).toBe(200);
  });

  it('charges hyperliquid histories for every 20 items they returned', () => {
    const bench = new Bench('hyperliquid');
    const ask = { target: '/info', body: { type: 'fundingHistory', coin: 'BTC', startTime: NOW - 500 * 5_000 } };
    // 500 items cost 20 + 25 = 45: 26 requests make 1,170, the 27th is admitted on top and fills the minute.
    for (let i = 0; i < 26; i += 1) expect(bench.ask(ask).status).toBe(200);
    expect(bench.ask(ask).status).toBe(200);
    expect(bench.ask(ask).status).toBe(429);
  });

  it('does not call a 429 of its own making a violation, and counts who ignores Retry-After', () => {
    const bench = new Bench('okx');
    bench.fault({ kind: 'rateLimited', venue: 'okx', durationMs: 1_000, retryAfterSeconds: 2 });
    const ask = { target: '/api/v5/public/funding-rate?instId=ANY' };
    expect(bench.ask(ask)).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    expect(bench.enforcer.violationCount('okx')).toBe(0);
    bench.ask({ ...ask, now: NOW + 400, host: 'okx-2' });
    expect(bench.runtime.patience.impatient).toBe(0);
    bench.ask({ ...ask, now: NOW + 600, host: 'okx-2' });
    bench.ask({ ...ask, now: NOW + 1_999 });
    expect(bench.runtime.patience.impatient).toBe(2);
    bench.ask({ ...ask, now: NOW + 2_600 });
    expect(bench.runtime.patience.impatient).toBe(2);
  });
});

describe('books of a venue', () => {
  const tickers = { target: '/api/v5/public/funding-rate?instId=ANY' };

  it('records the settlements of sound answers that arrived, once each', () => {
    const bench = new Bench('okx');
    bench.ask(tickers);
    bench.ask({ ...tickers, now: NOW + 100 });
    expect(bench.runtime.servedCount('current')).toBe(7);
    const table = bench.runtime.servedTable('current', 0, Number.MAX_SAFE_INTEGER);
    expect(Object.keys(table)).toEqual(['1795230385000']);
    expect(table['1795230385000']?.['BTC-USDT-SWAP']).toBe(bench.runtime.rateAt('BTC-USDT-SWAP', 1_795_230_385_000));
  });

  it('records histories apart, and list answers without times only as a number', () => {
    const bench = new Bench('bitget');
    bench.ask({ target: '/api/v2/mix/market/tickers?productType=USDT-FUTURES' });
    bench.ask({ target: '/api/v2/mix/market/history-fund-rate?symbol=BTCUSDT&productType=USDT-FUTURES' });
    expect(bench.runtime.servedCount('current')).toBe(0);
    expect(bench.runtime.undatedServed).toBe(5);
    expect(bench.runtime.servedCount('history')).toBe(20);
  });

  it.each([
    'truncatedJson',
    'html',
    'emptyObject',
    'emptyArray',
    'unavailable',
    'maintenance',
    'resetMidBody',
  ] as const)('records nothing under %s', (kind) => {
    const bench = new Bench('okx');
    bench.fault({ kind, venue: 'okx', host: 'okx-1', durationMs: 1_000 });
    bench.ask(tickers);
    expect(bench.runtime.servedCount('current')).toBe(0);
    expect(bench.runtime.traffic.get('okx-1')?.byFault).toEqual({ [kind]: 1 });
    expect(bench.board.all()[0]?.affected).toBe(1);
    bench.ask({ ...tickers, host: 'okx-2' });
    expect(bench.runtime.servedCount('current')).toBe(7);
  });

  it('records what came late but whole', () => {
    const bench = new Bench('okx');
    bench.fault({ kind: 'latency', distribution: 'fixed', delayMs: 100, venue: 'okx', durationMs: 1_000 });
    bench.ask(tickers);
    expect(bench.runtime.servedCount('current')).toBe(7);
  });

  it('forgets the oldest settlement times beyond its capacity, and says how many', () => {
    const bench = new Bench('binanceusdm');
    const ask = { target: '/fapi/v1/fundingRate?limit=1000' };
    for (let i = 0; i < 3; i += 1) bench.ask({ ...ask, now: NOW + i * 1_000_000 });
    expect(bench.runtime.servedCount('history')).toBe(1_000);
    expect(bench.runtime.forgotten()).toBe(2_000);
  });

  it('publishes every settlement of the main list in a span, and none of dated futures', () => {
    const { runtime } = new Bench('binanceusdm');
    const table = runtime.publishedTable(1_795_230_380_000, 1_795_230_390_000, runtime.mainGroup());
    expect(Object.keys(table)).toEqual(['1795230380000', '1795230385000', '1795230390000']);
    expect(Object.keys(table['1795230385000'] ?? {})).toEqual(['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT']);
  });
});
