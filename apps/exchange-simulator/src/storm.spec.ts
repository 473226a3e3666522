import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from './simulator.js';
import type { VenueId } from './venues/venue.js';

interface Row {
  readonly symbolId: string;
  readonly fundingTime: string;
  readonly rate: string;
}

type Raw = Record<string, string | number>;

/** How a client of three venues reads a settlement; what cannot be read has no rows. */
const READERS: readonly {
  readonly venue: VenueId;
  readonly path: string;
  readonly rows: (body: unknown) => readonly Row[];
}[] = [
  {
    venue: 'okx',
    path: '/api/v5/public/funding-rate?instId=ANY',
    rows: (body) =>
      ((body as { data?: Raw[] }).data ?? []).map((row) => ({
        symbolId: String(row['instId']),
        fundingTime: String(row['fundingTime']),
        rate: String(row['fundingRate']),
      })),
  },
  {
    venue: 'binanceusdm',
    path: '/fapi/v1/premiumIndex',
    rows: (body) =>
      (Array.isArray(body) ? (body as Raw[]) : [])
        .filter((row) => row['lastFundingRate'] !== '')
        .map((row) => ({
          symbolId: String(row['symbol']),
          fundingTime: String(row['nextFundingTime']),
          rate: String(row['lastFundingRate']),
        })),
  },
  {
    venue: 'bybit',
    path: '/v5/market/tickers?category=linear',
    rows: (body) =>
      ((body as { result?: { list?: Raw[] } }).result?.list ?? [])
        .filter((row) => row['fundingRate'] !== '')
        .map((row) => ({
          symbolId: String(row['symbol']),
          fundingTime: String(row['nextFundingTime']),
          rate: String(row['fundingRate']),
        })),
  },
];

describe('a storm', () => {
  it('books as served only what a client that reads every whole answer really has, with the published rates', async () => {
    const simulator = await startSimulator({
      seed: 21,
      venues: READERS.map(({ venue }) => venue),
      symbolsPerVenue: 5,
      settlementMs: 1_000,
      faults: 'storm',
      faultsDurationMs: 4_000,
      limitScale: 1_000,
      deliveryGraceMs: 100,
    });
    const received = new Map<string, string>();
    const stop = Date.now() + 4_000;
    const client = async (url: string, { venue, path, rows }: (typeof READERS)[number]): Promise<void> => {
      while (Date.now() < stop) {
        try {
          const answer = await fetch(url + path, { signal: AbortSignal.timeout(150) });
          for (const row of rows(JSON.parse(await answer.text()))) {
            received.set(`${venue} ${row.fundingTime} ${row.symbolId}`, row.rate);
          }
        } catch {
          // Resets, refusals, stalls and nonsense: that is the storm.
        }
        await delay(40);
      }
    };
    await Promise.all(
      simulator.hosts().flatMap(({ venue, url }) => {
        const reader = READERS.find((candidate) => candidate.venue === venue);
        return reader === undefined ? [] : [client(url, reader)];
      }),
    );
    await delay(120);

    const served = READERS.flatMap(({ venue }) =>
      Object.entries(simulator.served(venue)).flatMap(([time, symbols]) =>
        Object.entries(symbols).map(([symbolId, rate]) => [`${venue} ${time} ${symbolId}`, rate] as const),
      ),
    );
    expect(served.length).toBeGreaterThan(3 * 3 * 5);
    for (const [key, rate] of served) expect({ key, rate: received.get(key) }).toEqual({ key, rate });
    for (const [key, rate] of received) {
      const [venue = '', time = '', symbolId = ''] = key.split(' ');
      expect({ key, rate }).toEqual({ key, rate: simulator.rateAt(venue as VenueId, symbolId, Number(time)) });
    }

    const counts = Object.values(simulator.stats().venues).flatMap(({ hosts }) => Object.values(hosts));
    expect(counts.some(({ broken }) => broken > 0)).toBe(true);
    expect(simulator.violations()).toEqual([]);
    await simulator.close();
  }, 15_000);
});
