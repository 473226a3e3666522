import * as ccxt from 'ccxt';
import { classOfCcxt, classOfTransport, failureOf, retryAfter } from './failure.js';
import type { VenueId } from './venue.js';
import { VENUES } from './venues.js';

const NOW = 1_795_231_000_000;

function failure(venue: VenueId, status: number, body: unknown, headers: Record<string, string> = {}) {
  return failureOf(VENUES[venue].failures, { status, headers }, body, NOW);
}

describe('failureOf', () => {
  it.each<[string, VenueId, number, unknown, string]>([
    ['okx: too many requests under 200', 'okx', 200, { code: '50011', msg: 'Too Many Requests' }, 'rateLimit'],
    ['okx: too many requests under 429', 'okx', 429, { code: '50011' }, 'rateLimit'],
    ['okx: 429 without JSON', 'okx', 429, undefined, 'rateLimit'],
    ['okx: maintenance', 'okx', 503, { code: '50001' }, 'server'],
    ['okx: system error under 200', 'okx', 200, { code: '50026' }, 'server'],
    ['okx: unknown instrument', 'okx', 200, { code: '51001' }, 'client'],
    ['okx: an unknown code under 200', 'okx', 200, { code: '59999' }, 'data'],
    ['okx: {} under 200', 'okx', 200, {}, 'data'],
    ['binance: 429', 'binanceusdm', 429, { code: '-1003' }, 'rateLimit'],
    ['binance: banned', 'binanceusdm', 418, { code: '-1003' }, 'rateLimit'],
    ['binance: firewall', 'binanceusdm', 403, undefined, 'auth'],
    ['binance: region', 'binanceusdm', 451, { code: '0' }, 'auth'],
    ['binance: overloaded', 'binanceusdm', 503, { code: '-1008' }, 'server'],
    ['binance: internal error', 'binanceusdm', 400, { code: '-1001' }, 'server'],
    ['binance: bad symbol', 'binanceusdm', 400, { code: '-1121' }, 'client'],
    ['bybit: too many visits', 'bybit', 200, { retCode: '10006' }, 'rateLimit'],
    ['bybit: access too frequent', 'bybit', 403, undefined, 'rateLimit'],
    ['bybit: server error', 'bybit', 200, { retCode: '10016' }, 'server'],
    ['gate: 429 with a known label', 'gate', 429, { label: 'TOO_MANY_REQUESTS' }, 'rateLimit'],
    ['gate: 429 with an unknown label', 'gate', 429, { label: 'SLOW_DOWN' }, 'rateLimit'],
    ['gate: 503 with an unknown label', 'gate', 503, { label: 'AWAY' }, 'server'],
    ['gate: 400 without JSON', 'gate', 400, undefined, 'client'],
    ['gate: 403 without JSON', 'gate', 403, undefined, 'auth'],
    ['gate: 503 without JSON', 'gate', 503, undefined, 'server'],
    ['bitget: 429 under 200', 'bitget', 200, { code: '429' }, 'rateLimit'],
    ['bitget: maintenance', 'bitget', 200, { code: '40200' }, 'server'],
    ['bitget: no such parameter', 'bitget', 400, { code: '40034' }, 'client'],
    ['hyperliquid: 429 with null', 'hyperliquid', 429, null, 'rateLimit'],
    ['hyperliquid: 422', 'hyperliquid', 422, undefined, 'client'],
    ['kraken: limit under 200', 'krakenfutures', 200, { result: 'error', error: 'apiLimitExceeded' }, 'rateLimit'],
    ['kraken: 429', 'krakenfutures', 429, { result: 'error', error: 'apiLimitExceeded' }, 'rateLimit'],
    ['kraken: away under 200', 'krakenfutures', 200, { result: 'error', error: 'Unavailable' }, 'server'],
    ['kucoin: 429000', 'kucoinfutures', 429, { code: '429000' }, 'rateLimit'],
    ['kucoin: 200003 under 403', 'kucoinfutures', 403, { code: '200003' }, 'rateLimit'],
    ['a redirect', 'okx', 302, undefined, 'client'],
    ['not found', 'gate', 404, undefined, 'client'],
    ['unauthorized', 'gate', 401, undefined, 'auth'],
    ['request timeout', 'gate', 408, undefined, 'timeout'],
    ['gateway timeout', 'gate', 504, undefined, 'timeout'],
    ['a status of a proxy', 'gate', 520, undefined, 'server'],
    ['HTML under 200', 'gate', 200, undefined, 'data'],
  ])('%s', (_, venue, status, body, errorClass) => {
    expect(failure(venue, status, body)?.errorClass).toBe(errorClass);
  });

  it.each<[VenueId, unknown]>([
    ['okx', { code: '0', data: [] }],
    ['binanceusdm', []],
    ['binanceusdm', { serverTime: '1', code: 'x' }],
    ['bybit', { retCode: '0' }],
    ['gate', []],
    ['bitget', { code: '00000' }],
    ['hyperliquid', []],
    ['krakenfutures', { result: 'success' }],
    ['krakenfutures', { rates: [] }],
    ['kucoinfutures', { code: '200000' }],
  ])('%s: a good answer is none: %j', (venue, body) => {
    expect(failure(venue, 200, body)).toBeUndefined();
  });

  it.each<[string, VenueId, number, unknown, Record<string, string>, number]>([
    ['Retry-After in seconds', 'okx', 429, { code: '50011' }, { 'retry-after': '2' }, 2_250],
    ['Retry-After as a date', 'gate', 503, undefined, { 'retry-after': new Date(NOW + 3_000).toUTCString() }, 3_250],
    ['the ban in words', 'binanceusdm', 418, { msg: `IP banned until ${NOW + 90_000}.` }, {}, 90_250],
    ['ten minutes after a 403 of Bybit', 'bybit', 403, undefined, {}, 600_250],
    [
      'the reset time of Bybit',
      'bybit',
      200,
      { retCode: '10006' },
      { 'x-bapi-limit-reset-timestamp': String(NOW + 700) },
      950,
    ],
    [
      'the reset of Gate in seconds',
      'gate',
      429,
      undefined,
      { 'x-gate-ratelimit-reset-timestamp': String(NOW / 1_000 + 4) },
      4_250,
    ],
    [
      'the reset of KuCoin in milliseconds',
      'kucoinfutures',
      429,
      { code: '429000' },
      { 'gw-ratelimit-reset': '1500' },
      1_750,
    ],
  ])('waits as long as asked, and a little longer: %s', (_, venue, status, body, headers, expected) => {
    expect(failure(venue, status, body, headers)?.retryAfterMs).toBe(expected);
  });

  it('says nothing of waiting when nobody did', () => {
    expect(failure('okx', 429, undefined)).toEqual({ errorClass: 'rateLimit', reason: 'HTTP 429' });
  });
});

describe('retryAfter', () => {
  it('reads nothing into what is neither a number nor a date', () => {
    expect(retryAfter('soon', NOW)).toBeUndefined();
    expect(retryAfter(undefined, NOW)).toBeUndefined();
  });

  it('takes a date that has passed for now', () => {
    expect(retryAfter(new Date(NOW - 5_000).toUTCString(), NOW)).toBe(0);
  });
});

describe('classOfTransport', () => {
  it.each([
    ['ECONNREFUSED', 'network'],
    ['ENOTFOUND', 'network'],
    ['ECONNRESET', 'network'],
    ['UND_ERR_SOCKET', 'network'],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'timeout'],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
    ['ETIMEDOUT', 'timeout'],
    ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'data'],
    ['Z_DATA_ERROR', 'data'],
    [undefined, 'network'],
  ])('%s is %s', (code, errorClass) => {
    expect(classOfTransport(code)).toBe(errorClass);
  });
});

describe('classOfCcxt', () => {
  it.each([
    [new ccxt.RateLimitExceeded(''), 'rateLimit'],
    [new ccxt.DDoSProtection(''), 'rateLimit'],
    [new ccxt.RequestTimeout(''), 'timeout'],
    [new ccxt.OnMaintenance(''), 'server'],
    [new ccxt.NetworkError(''), 'network'],
    [new ccxt.BadSymbol(''), 'data'],
    [new ccxt.BadResponse(''), 'data'],
    [new ccxt.AuthenticationError(''), 'auth'],
    [new ccxt.RestrictedLocation(''), 'auth'],
    [new ccxt.PermissionDenied(''), 'auth'],
    [new ccxt.NotSupported(''), 'client'],
    [new ccxt.ArgumentsRequired(''), 'client'],
    [new TypeError(''), 'client'],
    [new ccxt.ExchangeError(''), 'data'],
  ])('%p is %s', (error, errorClass) => {
    expect(classOfCcxt(error)).toBe(errorClass);
  });
});
