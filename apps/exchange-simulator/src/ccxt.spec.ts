import ccxt, { type Exchange } from 'ccxt';
import { startSimulator, type Simulator } from './simulator.js';
import { VENUE_IDS, type VenueId } from './venues/venue.js';

const HOUR_MS = 3_600_000;
/** An answer is booked when its connection has outlived it by this. */
const GRACE_MS = 10;

/** Options that keep ccxt to perpetual markets, as a collector would. */
const SWAPS_ONLY: Partial<Record<VenueId, object>> = {
  okx: { fetchMarkets: { types: ['swap'] } },
  bybit: { fetchMarkets: { types: ['linear'] } },
  gate: { fetchMarkets: { types: ['swap'] } },
  hyperliquid: { fetchMarkets: { types: ['swap'] } },
  kucoinfutures: { fetchMarkets: { types: ['swap'] } },
};

/** Replaces the origin of every address and keeps its path. */
function pointAt(node: Record<string, unknown>, origin: string): void {
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === 'string') {
      const { pathname } = new URL(value.replace('{hostname}', 'venue.invalid'));
      node[key] = origin + (pathname === '/' ? '' : pathname);
    } else if (typeof value === 'object' && value !== null) {
      pointAt(value as Record<string, unknown>, origin);
    }
  }
}

describe('ccxt against the simulator, without faults', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    // An hour between settlements: none falls within a test, but at the full hour.
    simulator = await startSimulator({ seed: 3, hostsPerVenue: 1, settlementMs: HOUR_MS, deliveryGraceMs: GRACE_MS });
  });
  afterAll(() => simulator.close());

  function exchange(venue: VenueId): Exchange {
    const instance = new ccxt[venue]({
      enableRateLimit: false,
      number: String,
      options: SWAPS_ONLY[venue] ?? {},
    }) as Exchange;
    const origin = simulator.hosts().find((host) => host.venue === venue)?.url ?? '';
    pointAt(instance.urls['api'], origin);
    instance.fetchImplementation = fetch;
    return instance;
  }

  /** Rates of the perpetual markets by native id, with the settlement they were asked before. */
  async function swapRates(venue: VenueId): Promise<{ rates: Map<string, unknown>; settlement: number }> {
    const instance = exchange(venue);
    await instance.loadMarkets();
    for (;;) {
      const hour = Math.floor(Date.now() / HOUR_MS);
      const answer = await instance.fetchFundingRates();
      if (Math.floor(Date.now() / HOUR_MS) !== hour) continue;
      const rates = Object.values(answer).flatMap((rate): [string, unknown][] => {
        const market = instance.markets?.[rate.symbol ?? ''];
        return market?.swap && market.active !== false ? [[String(market.id), rate]] : [];
      });
      return { rates: new Map(rates), settlement: (hour + 1) * HOUR_MS };
    }
  }

  it.each(VENUE_IDS.filter((venue) => venue !== 'krakenfutures' && venue !== 'hyperliquid'))(
    '%s: at least 100 swaps, each with exactly the published rate',
    async (venue) => {
      const { rates, settlement } = await swapRates(venue);
      const settling = simulator.instruments(venue).filter((it) => it.settles && rates.has(it.symbolId));
      expect(settling.length).toBeGreaterThanOrEqual(100);
      for (const { symbolId } of settling) {
        expect(rates.get(symbolId)).toMatchObject({ fundingRate: simulator.rateAt(venue, symbolId, settlement) });
      }
      if (venue !== 'bitget') {
        expect(settling.map(({ symbolId }) => rates.get(symbolId))).toEqual(
          settling.map(() => expect.objectContaining({ fundingTimestamp: settlement }) as object),
        );
      }
    },
  );

  it('hyperliquid: at least 100 swaps by name, each with exactly the published rate', async () => {
    const { rates, settlement } = await swapRates('hyperliquid');
    const byName = new Map([...rates.values()].map((rate) => [(rate as { info: { name: string } }).info.name, rate]));
    const settling = simulator.instruments('hyperliquid').filter(({ settles }) => settles);
    expect(settling.length).toBeGreaterThanOrEqual(100);
    for (const { symbolId } of settling) {
      expect(byName.get(symbolId)).toMatchObject({
        fundingRate: simulator.rateAt('hyperliquid', symbolId, settlement),
      });
    }
  });

  it('krakenfutures: at least 100 swaps, absolute rates over the mark price near the published relative rate', async () => {
    const { rates, settlement } = await swapRates('krakenfutures');
    const linear = simulator.instruments('krakenfutures').filter((it) => it.symbolId.startsWith('PF_') && it.settles);
    expect(linear.length).toBeGreaterThanOrEqual(100);
    for (const { symbolId } of linear) {
      const { fundingRate } = rates.get(symbolId) as { fundingRate: string };
      const published = Number(simulator.rateAt('krakenfutures', symbolId, settlement - HOUR_MS));
      expect(Math.abs(Number(fundingRate) - published)).toBeLessThanOrEqual(Math.abs(published) * 0.06 + 1e-12);
    }
  });

  it('krakenfutures: histories have exactly the published relative rates', async () => {
    const history = await exchange('krakenfutures').fetchFundingRateHistory('BTC/USD:USD');
    expect(history.length).toBeGreaterThan(100);
    for (const { timestamp, fundingRate } of history) {
      const published = simulator.rateAt('krakenfutures', 'PF_XBTUSD', timestamp ?? 0);
      expect(Number(fundingRate)).toBe(Number(published));
    }
  });

  it.each(['binanceusdm', 'bitget'] as const)('%s: intervals from its second endpoint', async (venue) => {
    const intervals = Object.values(await exchange(venue).fetchFundingIntervals());
    expect(intervals.length).toBeGreaterThanOrEqual(100);
    expect(new Set(intervals.map(({ interval }) => interval))).toEqual(new Set(['1h', '4h', '8h']));
  });

  it('asks for nothing that is not served', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2 * GRACE_MS));
    for (const venue of VENUE_IDS) {
      for (const { byStatus } of Object.values(simulator.stats().venues[venue]?.hosts ?? {})) {
        expect(Object.keys(byStatus)).toEqual(['200']);
      }
    }
  });
});
