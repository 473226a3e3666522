import {
  type Exchange,
  okx,
  binanceusdm,
  bybit,
  bitget,
  gate,
  kucoinfutures,
  htx,
  krakenfutures,
  hyperliquid,
  mexc,
  deribit,
  bingx,
} from 'ccxt';
import type { ErrorClass } from '@marketprism/reliability';
import { brokenAnyTime, type Expected, failure } from '../failure.js';
import type { World } from '../world.js';

const VENUES = {
  okx,
  binanceusdm,
  bybit,
  bitget,
  gate,
  kucoinfutures,
  htx,
  krakenfutures,
  hyperliquid,
  mexc,
  deribit,
  bingx,
};

type VenueId = keyof typeof VENUES;

/** A ccxt exchange whose every request goes to `url` instead. */
export function exchangeAt(url: string, venue: VenueId, timeout = 2_000): Exchange {
  const exchange = new VENUES[venue]({ enableRateLimit: false, timeout });
  Object.assign(exchange, {
    fetchImplementation: (_asked: string, init: RequestInit) => fetch(url, init),
  });
  return exchange;
}

/** The cheapest public request of a venue. */
export function ask(exchange: Exchange, venue: VenueId): Promise<unknown> {
  return venue === 'bitget' ||
    venue === 'gate' ||
    venue === 'hyperliquid' ||
    venue === 'krakenfutures' ||
    venue === 'htx'
    ? exchange.fetchMarkets()
    : exchange.fetchTime();
}

export const venue = (
  id: VenueId,
  status: number,
  body: unknown,
  expected: ErrorClass | Expected,
  headers: Record<string, string> = {},
) =>
  failure(expected, `ccxt ${id}, ${status} ${JSON.stringify(body)}`, async (world: World) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const url = await world.answering(status, text, { 'content-type': 'application/json', ...headers });
    await ask(exchangeAt(url, id), id);
  });

export const venues = [
  venue('okx', 200, { code: '50011', msg: 'Too Many Requests', data: [] }, 'rateLimit'),
  venue('okx', 429, { code: '50011', msg: 'Too Many Requests', data: [] }, 'rateLimit'),
  venue('okx', 429, 'Too Many Requests', 'rateLimit'),
  venue('okx', 503, { code: '50001', msg: 'Service temporarily unavailable', data: [] }, 'server'),
  venue('okx', 200, { code: '50026', msg: 'System error', data: [] }, 'server'),
  venue('okx', 401, { code: '50111', msg: 'Invalid OK-ACCESS-KEY', data: [] }, 'auth'),
  venue('binanceusdm', 429, { code: -1003, msg: 'Too many requests.' }, 'rateLimit'),
  venue('binanceusdm', 503, { code: -1008, msg: 'Server is currently overloaded.' }, 'server'),
  venue('binanceusdm', 400, { code: -1121, msg: 'Invalid symbol.' }, 'client'),
  venue('binanceusdm', 403, '<html>Forbidden</html>', 'auth'),
  venue('binanceusdm', 451, { code: 0, msg: 'Service unavailable from a restricted location' }, 'auth'),
  venue('binanceusdm', 418, { code: -1003, msg: 'Way too much request weight used; IP banned.' }, 'rateLimit'),
  venue('bybit', 200, { retCode: 10006, retMsg: 'Too many visits!' }, 'rateLimit'),
  venue('bybit', 200, { retCode: 10016, retMsg: 'Server error' }, 'server'),
  venue('bybit', 403, 'access too frequent', 'rateLimit'),
  venue('bitget', 429, { code: '429', msg: 'Too Many Requests' }, 'rateLimit'),
  venue('gate', 429, { label: 'TOO_MANY_REQUESTS', message: 'Request Rate limit Exceeded' }, 'rateLimit'),
  venue('gate', 503, '<html>Service Unavailable</html>', 'server'),
  venue('kucoinfutures', 429, { code: '429000', msg: 'Too Many Requests' }, 'rateLimit'),
  venue('krakenfutures', 200, { result: 'error', error: 'apiLimitExceeded' }, 'rateLimit'),
  venue('hyperliquid', 429, 'null', 'rateLimit'),
  failure(brokenAnyTime, 'ccxt, connection refused', async (world) =>
    ask(exchangeAt(`http://127.0.0.1:${await world.closedPort()}/`, 'okx'), 'okx'),
  ),
  failure(brokenAnyTime, 'ccxt, reset before the answer', async (world) => {
    const port = await world.tcp((socket) => socket.resetAndDestroy());
    await ask(exchangeAt(`http://127.0.0.1:${port}/`, 'okx'), 'okx');
  }),
  failure('timeout', 'ccxt, no answer in time', async (world) =>
    ask(exchangeAt(await world.silent(), 'okx', 50), 'okx'),
  ),
  failure('client', 'ccxt, an argument is missing', () => new okx().fetchOrders()),
];
