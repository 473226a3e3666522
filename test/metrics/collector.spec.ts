import 'reflect-metadata';
import { type Simulator, startSimulator } from '@marketprism/exchange-simulator';
import type { Database } from '@marketprism/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { register } from 'prom-client';
import { createCollector } from '../../apps/collector/src/app.js';
import { VenueRequests } from '../../apps/collector/src/collect/venue-requests.js';
import { DATABASE } from '../../apps/collector/src/collector.tokens.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import { COLLECTOR_FAMILIES } from '../../apps/collector/src/metrics/collector-families.js';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { checkMetrics } from './promtool.js';
import { Sightings } from './sightings.js';

describeWithEngines(['promtool'], 'the metrics of the collector, where everything happens', () => {
  const sightings = new Sightings();
  let data: string;
  let simulator: Simulator;
  let running: Awaited<ReturnType<typeof createCollector>>;

  const scrape = async () => {
    const text = await register.metrics();
    sightings.add(text);
    return text;
  };

  beforeAll(async () => {
    register.clear();
    data = await mkdtemp(join(tmpdir(), 'collector-metrics-'));
    simulator = await startSimulator({ venues: ['bybit', 'bitget'], hostsPerVenue: 1, symbolsPerVenue: 10 });
    const hosts = (id: string) => simulator.hosts().flatMap(({ venue, url }) => (venue === id ? [url] : []));
    const config = parseConfig(
      {
        data,
        http: { port: 0 },
        collect: { pollEveryMs: 200, historyEveryMs: 1_000, deadlineMs: 4_000, requestTimeoutMs: 1_000 },
        plausibility: { maxAbsoluteRate: 0.000_1 },
        reliability: { retryBaseMs: 10, retryCapMs: 50, breakerOpenForMs: 300, breakerCapMs: 600 },
        venues: {
          bybit: { hosts: hosts('bybit') },
          bitget: { hosts: hosts('bitget'), lists: ['USDT-FUTURES'] },
        },
      },
      'test',
    );
    running = await createCollector(config, false);
  }, 60_000);
  afterAll(async () => {
    await running?.app.close();
    await simulator?.close();
    await rm(data, { recursive: true, force: true });
  }, 60_000);

  it('has shown every family with a value other than 0', async () => {
    const { app, collector } = running;
    const database = app.get<Database>(DATABASE);
    const insert = jest.spyOn(database, 'insert').mockRejectedValue(new Error('disk full'));
    const times = jest.spyOn(app.get(VenueRequests), 'settlementTimes').mockRejectedValue(new Error('no times'));
    collector.start();
    await eventually(async () => expect(await scrape()).toContain('collector_store_failing 1'), 60_000);
    await eventually(async () => expect(await scrape()).toContain('collector_degraded{'), 30_000);
    insert.mockRestore();
    times.mockRestore();
    await eventually(async () => {
      await scrape();
      expect(sightings.missing(COLLECTOR_FAMILIES)).toEqual([]);
    }, 60_000);
  }, 180_000);

  it('follows the rules of naming, as promtool sees them', async () => {
    expect(checkMetrics(await scrape())).toBe('');
  });
});
