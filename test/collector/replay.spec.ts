import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'prom-client';
import { createCollector } from '../../apps/collector/src/app.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import type { FundingRecord } from '../../apps/collector/src/records/funding-record.js';
import { VenueClient } from '../../apps/collector/src/venues/venue-client.js';
import type { VenueId } from '../../apps/collector/src/venues/venue.js';
import { VENUES } from '../../apps/collector/src/venues/venues.js';
import { type Fixture, type FixtureCase, fixturesExist, readFixtures } from './fixtures.js';
import { StandIn } from './stand-in.js';

/** The field of a record that a field of the expectation is about. */
const FIELDS: Readonly<Record<string, keyof FundingRecord>> = {
  symbolId: 'symbolId',
  fundingRate: 'fundingRate',
  fundingTimestamp: 'fundingTime',
  nextFundingRate: 'nextFundingRate',
  intervalHours: 'intervalHours',
  markPrice: 'markPrice',
  indexPrice: 'indexPrice',
  timestamp: 'exchangeTime',
};

const asExpected = (record: FundingRecord): Record<string, unknown> =>
  Object.fromEntries(Object.entries(FIELDS).map(([field, key]) => [field, record[key]]));

/** What a configuration says so that a recording of single symbols is asked for. */
const SYMBOLS: Readonly<Record<string, readonly string[]>> = {
  'premiumIndex, one symbol': ['BTCUSDT'],
  GetFundingRate: ['BTCUSDT'],
};

const fixtures = readFixtures();
const marketsOf = (exchange: string): readonly FixtureCase[] =>
  fixtures
    .filter((fixture) => fixture.exchange === exchange)
    .flatMap(({ cases }) => cases.filter(({ kind }) => kind === 'rest-markets'));
const rates = fixtures.flatMap(({ exchange, cases }: Fixture) =>
  cases
    .filter(({ kind, expected }) => kind === 'rest' && expected.some((row) => 'fundingRate' in row))
    .map((it) => [exchange as VenueId, `${it.name} ${it.request.path} ${it.request.query}`.trim(), it] as const),
);

const suite = fixturesExist ? describe : describe.skip;

suite('recorded payloads, through the collector into the store and back (skipped without ../shared/fixtures)', () => {
  const server = new StandIn();
  let origin: string;
  let data: string;

  beforeAll(async () => {
    origin = await server.open();
  });
  beforeEach(async () => {
    register.clear();
    data = await mkdtemp(join(tmpdir(), 'collector-replay-'));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));
  afterAll(() => server.close());

  it.each(rates)('%s: %s', async (exchange, _name, fixture) => {
    server.serve([fixture, ...marketsOf(exchange)]);
    const symbols = SYMBOLS[fixture.name];
    const config = parseConfig(
      {
        data,
        reliability: { retryBaseMs: 1, retryCapMs: 5 },
        venues: {
          [exchange]: { hosts: [origin], limit: { limit: 100_000, windowMs: 1_000 }, ...(symbols && { symbols }) },
        },
      },
      'replay',
    );
    const { app, collector } = await createCollector(config, false);
    try {
      const polls = await collector.pollOnce();
      const records = polls.flatMap(({ result }) => (result.ok ? result.records : []));
      expect(records.map(asExpected)).toEqual(fixture.expected);
      expect(await collector.stop()).toBe(true);
    } finally {
      await app.close();
    }
  });

  it('binanceusdm: intervals, as the venue’s second endpoint tells them', async () => {
    const recorded = fixtures
      .filter(({ exchange }) => exchange === 'binanceusdm')
      .flatMap(({ cases }) => cases)
      .find(({ name }) => name.startsWith('fundingInfo'));
    if (recorded === undefined) throw new Error('no such recording');
    server.serve([recorded]);
    const client = new VenueClient(VENUES.binanceusdm, () => Date.now());
    const request = VENUES.binanceusdm.intervals;
    if (request === undefined) throw new Error('no such request');
    const { value } = await client.ask(request, undefined, { origin });
    expect([...value].map(([symbolId, intervalHours]) => ({ symbolId, intervalHours }))).toEqual(recorded.expected);
    await client.close();
  });

  it('names contracts as the recorded market list does', async () => {
    server.serve(marketsOf('okx'));
    const client = new VenueClient(VENUES.okx, () => Date.now());
    const markets = await client.fetchMarkets((request) => client.send(request, { origin }, false));
    expect(markets).toHaveLength(166);
    expect(markets.find(({ symbolId }) => symbolId === 'BTC-USD-SWAP')?.symbol).toBe('BTC/USD:BTC');
    await client.close();
  });
});
