import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '@marketprism/exchange-simulator';
import { register } from 'prom-client';
import { type RunningCollector, startCollector } from '../../apps/collector/src/app.js';
import { Unrest } from '../../apps/collector/src/collect/unrest.js';
import { VenueRequests } from '../../apps/collector/src/collect/venue-requests.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import { eventually } from '../engines/eventually.js';

const WITHIN_MS = 60_000;

describe('a venue that is away', () => {
  let directory: string;
  let simulator: Simulator;
  let running: RunningCollector;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'collector-outage-'));
    simulator = await startSimulator({ venues: ['bybit'], symbolsPerVenue: 40, hostsPerVenue: 2, settlementMs: 1_000 });
    const config = parseConfig(
      {
        data: join(directory, 'data'),
        http: { port: 0 },
        collect: { pollEveryMs: 600, historyEveryMs: 50, requestTimeoutMs: 10_000 },
        reliability: { retryBaseMs: 10, retryCapMs: 20, breakerOpenForMs: 10, breakerCapMs: 10 },
        venues: { bybit: { hosts: simulator.hosts().map(({ url }) => url), lists: ['linear'] } },
      },
      'test',
    );
    running = await startCollector(config, false);
  }, WITHIN_MS);
  afterEach(async () => {
    jest.restoreAllMocks();
    await running.app.close();
    await simulator.close();
    register.clear();
    rmSync(directory, { recursive: true, force: true });
  }, WITHIN_MS);

  it(
    'is asked for its current rates and not for its past, until it answers again',
    async () => {
      const { status } = running.collector.pollers[0]!;
      const history = jest.spyOn(running.app.get(VenueRequests), 'history');
      const failed = jest.spyOn(Unrest.prototype, 'failed');
      await eventually(() => expect(history.mock.calls.length).toBeGreaterThan(3), WITHIN_MS);
      simulator.addFaults([{ kind: 'unavailable', venue: 'bybit', durationMs: 3_600_000 }]);
      await eventually(() => status.last?.ok === false, WITHIN_MS);

      const [asked, polls] = [history.mock.calls.length, status.polls];
      await eventually(() => expect(status.polls).toBeGreaterThan(polls + 15), WITHIN_MS);
      expect(history.mock.calls.length).toBe(asked);
      expect(failed).toHaveBeenCalledWith('bybit', 'server', expect.any(Number));

      for (const { id } of simulator.faults()) simulator.endFault(id);
      await eventually(() => expect(history.mock.calls.length).toBeGreaterThan(asked), WITHIN_MS);
      expect(status.last?.ok).toBe(true);
    },
    3 * WITHIN_MS,
  );
});
