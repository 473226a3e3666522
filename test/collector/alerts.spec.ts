import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openControlStore } from '@marketprism/control-store';
import { type Simulator, startSimulator } from '@marketprism/exchange-simulator';
import { LiveConfiguration, ReliabilityManager } from '@marketprism/reliability';
import { type AlertNotification, Alerts, verifyWebhook } from '@marketprism/reliability/alerting';
import { register } from 'prom-client';
import { alertingConfig } from '../../apps/collector/src/alerts/alerting.config.js';
import { CollectorFigures } from '../../apps/collector/src/alerts/collector-figures.js';
import { type RunningCollector, startCollector } from '../../apps/collector/src/app.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import { eventually } from '../engines/eventually.js';

jest.setTimeout(240_000);

const SECRET = 'a secret of sixteen or more';
const WITHIN_MS = 60_000;

/** As the collector's own, in a hurry. */
const answersOld = {
  name: 'AnswersOld',
  kind: 'threshold',
  source: { policyType: 'collector-list', value: 'answerAgeMs' },
  above: 3_000,
  severity: 'critical',
};

describe('what the collector tells while it runs', () => {
  let directory: string;
  let simulator: Simulator;
  let running: RunningCollector | undefined;
  const before = process.env['ALERTS_WEBHOOK_SECRET'];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'collector-alerts-'));
    simulator = await startSimulator({ venues: ['okx'], symbolsPerVenue: 5, hostsPerVenue: 1 });
  });
  afterEach(async () => {
    await running?.app.close();
    running = undefined;
    await simulator.close();
    register.clear();
    rmSync(directory, { recursive: true, force: true });
    if (before === undefined) delete process.env['ALERTS_WEBHOOK_SECRET'];
    else process.env['ALERTS_WEBHOOK_SECRET'] = before;
  });

  const collect = async (more: object): Promise<RunningCollector> => {
    const hosts = simulator.hosts().map(({ url }) => url);
    const config = parseConfig(
      {
        data: join(directory, 'data'),
        http: { port: 0 },
        collect: { pollEveryMs: 200 },
        reliability: { retryBaseMs: 10, retryCapMs: 50, breakerOpenForMs: 200, breakerCapMs: 400 },
        venues: { okx: { hosts } },
        ...more,
      },
      'test',
    );
    return (running = await startCollector(config, false));
  };

  it('a venue that goes down is an alert in the history and at the webhook, until it is back', async () => {
    const told: AlertNotification[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (verifyWebhook(SECRET, request.headers, body, Date.now())) told.push(JSON.parse(body) as AlertNotification);
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    process.env['ALERTS_WEBHOOK_SECRET'] = SECRET;
    const alerts = { log: false, webhook: { url }, evaluateEveryMs: 100, rules: [answersOld] };
    const { collector } = await collect({ controlStore: {}, alerts });
    await eventually(() => expect(collector.pollers[0]?.status.lastGoodAt).toBeGreaterThan(0), WITHIN_MS);

    const store = await openControlStore({
      url: `file:${join(directory, 'data', 'control.db')}`,
      instance: 'collector',
    });
    const latest = async () => (await store.alerts.list({ name: 'AnswersOld', limit: 1 }))[0];
    try {
      simulator.addFaults([{ kind: 'venueDown', venue: 'okx', durationMs: 3_600_000 }]);
      await eventually(
        async () =>
          expect(await latest()).toMatchObject({
            state: 'firing',
            severity: 'critical',
            labels: { policy: 'okx/swap' },
          }),
        WITHIN_MS,
      );
      // Before it is over: a group that ends within the first 10 s is not told at all.
      await eventually(() => {
        const own = told.flatMap(({ alerts }) => alerts).filter(({ name }) => name === 'AnswersOld');
        expect(own).toContainEqual(expect.objectContaining({ severity: 'critical', state: 'firing' }));
      }, WITHIN_MS);
      for (const { id } of simulator.faults()) simulator.endFault(id);
      await eventually(async () => expect(await latest()).toMatchObject({ state: 'resolved' }), WITHIN_MS);
    } finally {
      await store.close();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    }
  });

  it('looks at the consumer, the lists and the tables, and at nothing when alerts are off', async () => {
    const { app } = await collect({ alerts: { log: false, evaluateEveryMs: 100 } });
    const series = () =>
      new Map(
        app
          .get(Alerts)
          .inspect()
          .rules.map((rule) => [rule.name, rule.series]),
      );
    await eventually(() => {
      for (const name of ['AnswersOld', 'RowsRejected', 'StoreFailing', 'MessageLatencyHigh', 'MessageQueueLong'])
        expect([name, series().get(name)]).toEqual([name, 1]);
    }, WITHIN_MS);
    expect([...series().keys()].filter((name) => name === 'CircuitOpen')).toHaveLength(1);
    expect([...series().keys()]).not.toContain('CircuitFlapping');
    await app.close();
    register.clear();
    const off = await collect({ alerts: null });
    expect(off.app.get(Alerts).inspect()).toMatchObject({ rules: [], sinks: [] });
  });

  it('follows a file with limits; a bad one changes nothing and says why', async () => {
    const file = join(directory, 'protection.yaml');
    const write = (limit: number) => writeFileSync(file, `policies: { okx: { rateLimit: { limit: ${limit} } } }\n`);
    write(8);
    const { app } = await collect({ alerts: null, reliability: { file } });
    const manager = app.get(ReliabilityManager);
    const limit = () => app.get(LiveConfiguration).view().config.policies?.['okx']?.['rateLimit'];
    const rejected: unknown[] = [];
    manager.on('configuration.rejected', ({ error }) => rejected.push(error));
    expect(limit()).toMatchObject({ limit: 8 });
    write(-1);
    await eventually(() => expect(String(rejected)).toContain('policies.okx.rateLimit.limit'), WITHIN_MS);
    expect(limit()).toMatchObject({ limit: 8 });
    write(7);
    await eventually(() => expect(limit()).toMatchObject({ limit: 7 }), WITHIN_MS);
  });

  it('does not start with a file that cannot be read', async () => {
    await expect(collect({ reliability: { file: join(directory, 'nowhere.yaml') } })).rejects.toThrow(
      /^reliability\.file: .*ENOENT.*nowhere\.yaml/,
    );
  });

  it('does not repeat a secret that is too short', () => {
    const config = parseConfig({ alerts: { webhook: { url: 'https://example.org/pager' } } }, 'test');
    const read = () => alertingConfig(config, [], new CollectorFigures(), { ALERTS_WEBHOOK_SECRET: 'hunter2' });
    expect(read).toThrow(/^environment: ALERTS_WEBHOOK_SECRET: must have at least 16 characters$/);
  });

  it.each([
    [{ webhook: { url: 'ftp://x' } }, 'alerts.webhook.url: must be an http:// or https:// address; got another value'],
    [{ webhook: { url: 'http://me:hunter2@x' } }, 'alerts.webhook.url: must not have a user or password in it; got'],
    [{ except: ['Nothing'] }, 'alerts.except.0: must be the name of a built-in rule; got "Nothing"'],
    [{ rules: [answersOld, answersOld] }, 'alerts.rules: must have names that differ'],
  ])('names a mistake: %j', (alerts, problem) => {
    expect(() => parseConfig({ alerts }, 'test')).toThrow(problem);
  });
});
