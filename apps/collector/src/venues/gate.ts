import { gate } from 'ccxt';
import { codeIn } from './failure.js';
import type { ListQuery, Venue, VenueRequest, VenueRow } from './venue.js';
import { WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { hours, objects, seconds, text } from './wire.js';

const SECONDS_PER_HOUR = 3_600;

function list(body: unknown): readonly WireObject[] {
  const items = objects(body);
  if (items === undefined) throw new WireError('the body is not a list of objects');
  return items;
}

function row(item: WireObject, symbolId: string | null): VenueRow {
  return {
    symbolId: symbolId ?? '',
    fundingRate: text(item['funding_rate']),
    fundingTime: seconds(item['funding_next_apply']),
    nextFundingRate: text(item['funding_rate_indicative']),
    nextFundingTime: null,
    intervalHours: hours(item['funding_interval'], SECONDS_PER_HOUR),
    markPrice: text(item['mark_price']),
    indexPrice: text(item['index_price']),
    exchangeTime: null,
  };
}

/** Contracts have everything; tickers have neither settlement time nor interval. */
function perpetuals(settle: string): readonly VenueRequest<gate, ListQuery, readonly VenueRow[]>[] {
  return [
    {
      name: `futures/${settle}/contracts`,
      cost: 1,
      call: (exchange) => exchange.publicFuturesGetSettleContracts({ settle }),
      read: (body) => list(body).map((item) => row(item, text(item['name']))),
    },
    {
      name: `futures/${settle}/tickers`,
      cost: 1,
      call: (exchange) => exchange.publicFuturesGetSettleTickers({ settle }),
      read: (body) => list(body).map((item) => row(item, text(item['contract']))),
    },
  ];
}

export const gateVenue: Venue<gate> = {
  id: 'gate',
  hosts: ['https://api.gateio.ws'],
  limit: { limit: 200, windowMs: 10_000 },
  create: (config) => new gate({ ...config, options: { fetchMarkets: { types: ['swap'] } } }),
  lists: { usdt: perpetuals('usdt'), btc: perpetuals('btc') },
  history: {
    name: 'futures/funding_rate',
    scope: 'symbol',
    cost: 1,
    call: (exchange, { list: settle, symbolId, since, until }) =>
      exchange.publicFuturesGetSettleFundingRate({
        settle,
        contract: symbolId,
        from: Math.floor(since / 1_000) + 1,
        to: Math.ceil(until / 1_000),
        limit: 1_000,
      }),
    read: (body, { symbolId }) =>
      list(body).map((item) => ({ symbolId, fundingRate: text(item['r']), fundingTime: seconds(item['t']) })),
  },
  marketsCost: 1,
  listOfMarkets: (path) => /\/futures\/(\w+)\/contracts$/.exec(path)?.[1],
  failures: {
    code: codeIn('label'),
    classes: {
      TOO_MANY_REQUESTS: 'rateLimit',
      TOO_FAST: 'rateLimit',
      TOO_BUSY: 'server',
      SERVER_ERROR: 'server',
      INTERNAL: 'server',
      INVALID_PARAM_VALUE: 'client',
      CONTRACT_NOT_FOUND: 'client',
      FORBIDDEN: 'auth',
    },
    retryAfterMs: (head, _body, wallNow) => {
      const reset = head.headers['x-gate-ratelimit-reset-timestamp'];
      if (head.status !== 429 || reset === undefined || !/^\d{10}$/.test(reset)) return undefined;
      return Math.max(0, Number(reset) * 1_000 - wallNow);
    },
  },
};
