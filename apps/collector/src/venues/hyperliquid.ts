import { hyperliquid } from 'ccxt';
import type { SettlementNotice, Venue, VenueRow } from './venue.js';
import { noticeOf, WireError } from './venue.js';
import type { WireObject } from './wire.js';
import { at, isObject, millis, objects, text } from './wire.js';

/** Settlements are hourly; the list says neither that nor when the next one is. */
const INTERVAL_HOURS = 1;

function rows(body: unknown): readonly VenueRow[] {
  const [meta, contexts] = Array.isArray(body) ? (body as unknown[]) : [];
  const universe = objects(at(meta, 'universe'));
  const states = objects(contexts);
  if (universe === undefined || states === undefined || universe.length !== states.length) {
    throw new WireError('the body is not a universe and as many contexts');
  }
  return universe.map((market, i) => row(market, states[i] ?? {}));
}

function row(market: WireObject, state: WireObject): VenueRow {
  return {
    symbolId: text(market['name']) ?? '',
    fundingRate: text(state['funding']),
    fundingTime: null,
    nextFundingRate: null,
    nextFundingTime: null,
    intervalHours: INTERVAL_HOURS,
    markPrice: text(state['markPx']),
    indexPrice: text(state['oraclePx']),
    exchangeTime: null,
  };
}

/** `[coin, [[venue, {fundingRate, nextFundingTime}], …]]`, of which the venue's own entry is `HlPerp`. */
function settlementNotice(body: unknown): SettlementNotice {
  if (!Array.isArray(body)) throw new WireError('the body is not a list');
  const rows = (body as unknown[]).map((entry): VenueRow => {
    if (!Array.isArray(entry) || !Array.isArray(entry[1])) throw new WireError('an entry is not a coin and its venues');
    const own = (entry[1] as unknown[]).find(
      (venue): venue is unknown[] => Array.isArray(venue) && venue[0] === 'HlPerp',
    );
    const told = isObject(own?.[1]) ? own[1] : {};
    return {
      symbolId: text(entry[0]) ?? '',
      fundingRate: text(told['fundingRate']),
      fundingTime: millis(told['nextFundingTime']),
      nextFundingRate: null,
      nextFundingTime: null,
      intervalHours: null,
      markPrice: null,
      indexPrice: null,
      exchangeTime: null,
    };
  });
  return noticeOf(rows, null);
}

export const hyperliquidVenue: Venue<hyperliquid> = {
  id: 'hyperliquid',
  hosts: ['https://api.hyperliquid.xyz'],
  limit: { limit: 1_200, windowMs: 60_000 },
  create: (config) => new hyperliquid({ ...config, options: { fetchMarkets: { types: ['swap'] } } }),
  lists: {
    perpetuals: [
      {
        name: 'info metaAndAssetCtxs',
        cost: 20,
        call: (exchange) => exchange.publicPostInfo({ type: 'metaAndAssetCtxs' }),
        read: rows,
      },
    ],
  },
  settlementTimes: [
    {
      name: 'info predictedFundings',
      cost: 20,
      call: (exchange) => exchange.publicPostInfo({ type: 'predictedFundings' }),
      read: settlementNotice,
    },
  ],
  history: {
    name: 'info fundingHistory',
    scope: 'symbol',
    // 20, and 1 more for every 20 of at most 500 items.
    cost: ({ expected }) => 20 + Math.ceil(Math.min(500, expected) / 20),
    call: (exchange, { symbolId, since, until }) =>
      exchange.publicPostInfo({ type: 'fundingHistory', coin: symbolId, startTime: since + 1, endTime: until }),
    read: (body) => {
      const items = objects(body);
      if (items === undefined) throw new WireError('the body is not a list of objects');
      return items.map((item) => ({
        symbolId: text(item['coin']) ?? '',
        fundingRate: text(item['fundingRate']),
        fundingTime: millis(item['time']),
      }));
    },
  },
  marketsCost: 20,
  listOfMarkets: () => 'perpetuals',
  marketKey: (market) => text(at(market.info, 'name')) ?? market.baseName ?? market.id,
  failures: {
    // Errors are told by status alone; the body of one is null or a text.
    code: () => undefined,
    classes: {},
    statuses: { 422: 'client' },
  },
};
