import { binanceusdm } from 'ccxt';
import type { AnswerHead } from './failure.js';
import { codeIn } from './failure.js';
import type { Venue, VenueRow } from './venue.js';
import { WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, hours, isObject, millis, objects, text } from './wire.js';

/** Weight of `premiumIndex` for all symbols and for one. */
const ALL_SYMBOLS = 10;
const ONE_SYMBOL = 1;
/** `fundingRate` and `fundingInfo` share 500 requests per 5 minutes: 24 of 2,400 a minute keeps below that. */
const SHARED_FUNDING_LIMIT = 24;

function row(item: WireObject): VenueRow {
  return {
    symbolId: text(item['symbol']) ?? '',
    fundingRate: text(item['lastFundingRate']),
    fundingTime: millis(item['nextFundingTime']),
    nextFundingRate: null,
    nextFundingTime: null,
    intervalHours: null,
    markPrice: text(item['markPrice']),
    indexPrice: text(item['indexPrice']),
    exchangeTime: millis(item['time']),
  };
}

function list(body: unknown): readonly WireObject[] {
  const items = objects(body);
  if (items === undefined) throw new WireError('the body is not a list of objects');
  return items;
}

/** Dated futures come with an empty rate and settlement time 0. */
function perpetuals(items: readonly WireObject[]): readonly VenueRow[] {
  return items.filter((item) => millis(item['nextFundingTime']) !== null).map(row);
}

/** "Way too many requests; IP banned until 1700000000000." */
function bannedFor(_head: AnswerHead, body: unknown, wallNow: number): number | undefined {
  const until = /banned until (\d{13})/.exec(text(at(body, 'msg')) ?? '')?.[1];
  return until === undefined ? undefined : Math.max(0, Number(until) - wallNow);
}

export const binanceusdmVenue: Venue<binanceusdm> = {
  id: 'binanceusdm',
  hosts: ['https://fapi.binance.com'],
  limit: { limit: 2_400, windowMs: 60_000 },
  create: (config) => new binanceusdm(config),
  lists: {
    linear: [
      {
        name: 'premiumIndex',
        cost: ALL_SYMBOLS,
        call: (exchange) => exchange.fapiPublicGetPremiumIndex(),
        read: (body) => perpetuals(list(body)),
      },
      {
        name: 'premiumIndex by symbol',
        cost: ONE_SYMBOL,
        bySymbol: true,
        call: async (exchange, { symbolIds }) => {
          const answers: unknown[] = [];
          for (const symbol of symbolIds) answers.push(await exchange.fapiPublicGetPremiumIndex({ symbol }));
          return answers;
        },
        read: (body) => perpetuals(list(body)),
      },
    ],
  },
  intervals: {
    name: 'fundingInfo',
    cost: SHARED_FUNDING_LIMIT,
    call: (exchange) => exchange.fapiPublicGetFundingInfo(),
    read: (body) => {
      const intervals = new Map<string, number>();
      for (const item of list(body)) {
        const symbolId = text(item['symbol']);
        const interval = hours(item['fundingIntervalHours']);
        if (symbolId !== null && interval !== null) intervals.set(symbolId, interval);
      }
      return intervals;
    },
  },
  history: {
    name: 'fundingRate',
    scope: 'venue',
    cost: SHARED_FUNDING_LIMIT,
    call: (exchange, { since, until }) =>
      exchange.fapiPublicGetFundingRate({ startTime: since + 1, endTime: until, limit: 1_000 }),
    read: (body) =>
      list(body).map((item) => ({
        symbolId: text(item['symbol']) ?? '',
        fundingRate: text(item['fundingRate']),
        fundingTime: millis(item['fundingTime']),
      })),
  },
  marketsCost: 1,
  failures: {
    code: (body) => (isObject(body) && !('serverTime' in body) ? codeIn('code')(body) : undefined),
    classes: {
      '-1000': 'server',
      '-1001': 'server',
      '-1003': 'rateLimit',
      '-1007': 'timeout',
      '-1008': 'server',
      '-1121': 'client',
      '-1100': 'client',
      '-1102': 'client',
      '-1130': 'client',
    },
    retryAfterMs: bannedFor,
  },
};
