import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { ReliabilityManager, ReliabilityModule, systemCapabilities } from '@marketprism/reliability';
import { type AlertNotification, Alerts, type AlertsOptions, verifyWebhook } from '@marketprism/reliability/alerting';
import { alertmanager } from '../engines/alertmanager.js';
import { describeWithEngines } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { answering, Receiver, silent } from './receiver.js';

const SECRET = 'a secret of enough characters';
const PATIENCE_MS = 60_000;

describe('sinks over HTTP', () => {
  let receiver: Receiver;
  let alerts: Alerts | undefined;
  let depth: number;

  beforeEach(async () => {
    receiver = await new Receiver().start();
    depth = 50;
  });
  afterEach(async () => {
    alerts?.close();
    await receiver.stop();
  });

  const start = (sinks: AlertsOptions['sinks'], options: AlertsOptions = {}) => {
    alerts = new Alerts(
      {
        builtin: false,
        evaluateEveryMs: 100,
        grouping: { waitMs: 0, intervalMs: 0 },
        rules: [
          {
            name: 'QueueDeep',
            kind: 'threshold',
            above: 10,
            source: () => ({ value: depth, labels: { policy: 'okx' } }),
            summary: 'Too much waits',
          },
        ],
        sinks,
        // No receiver here is slow by itself, only the machine.
        delivery: { timeLimitMs: 60_000 },
        ...options,
      },
      { capabilities: systemCapabilities(), inspect: () => [] },
    );
    alerts.start();
    return alerts;
  };
  const webhook = () => ({ kind: 'webhook' as const, url: receiver.url, secret: SECRET });
  const told = () => receiver.received.map(({ body }) => JSON.parse(body) as AlertNotification);

  it('signs what it posts, so that the receiver can tell', async () => {
    start([webhook()]);
    await eventually(() => expect(receiver.received).toHaveLength(1), PATIENCE_MS);
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(told()[0]).toMatchObject({
      version: 1,
      status: 'firing',
      group: { alertname: 'QueueDeep' },
      alerts: [{ name: 'QueueDeep', policy: 'okx', summary: 'Too much waits: 50 > 10', value: 50 }],
    });
    const sentAt = Number(headers['webhook-timestamp']) * 1_000;
    expect(verifyWebhook(SECRET, headers, body, sentAt)).toBe(true);
    expect(verifyWebhook(SECRET, headers, body, sentAt + 299_000)).toBe(true);
    expect(verifyWebhook(SECRET, headers, body, sentAt + 301_000)).toBe(false);
    expect(verifyWebhook(SECRET, headers, body.replace('okx', 'bybit'), sentAt)).toBe(false);
    expect(verifyWebhook('another secret, as long', headers, body, sentAt)).toBe(false);
    expect(verifyWebhook(SECRET, { ...headers, 'webhook-signature': 'v1,' }, body, sentAt)).toBe(false);
    expect(headers['webhook-id']).toBe(told()[0]!.id);
  }, 120_000);

  it('tries again under the same id when the receiver fails', async () => {
    receiver.answer = (response) => answering(receiver.received.length < 3 ? 503 : 204)(response);
    const running = start([webhook()]);
    await eventually(() => expect(running.inspect().sinks[0]!.delivered).toBe(1), PATIENCE_MS);
    expect(new Set(told().map(({ id }) => id)).size).toBe(1);
    expect(receiver.received).toHaveLength(3);
  }, 120_000);

  it.each([
    ['a refusal', answering(400)],
    ['a redirect, which is not followed', answering(302, { location: 'http://127.0.0.1:1/' })],
  ])(
    'does not repeat at once after %s',
    async (_, answer) => {
      receiver.answer = answer;
      const running = start([webhook()]);
      const sink = () => running.inspect().sinks[0]!;
      await eventually(() => expect(sink().failed).toBeGreaterThan(0), PATIENCE_MS);
      expect(receiver.received).toHaveLength(sink().failed + sink().underWay);
      expect(sink().lastError).toMatch(/the receiver answered (400|302)/);
    },
    120_000,
  );

  it('shows what went wrong, without the secret', async () => {
    receiver.answer = answering(500);
    const running = start([webhook()], { delivery: { attempts: 1 } });
    await eventually(() => expect(running.inspect().sinks[0]!.failed).toBeGreaterThan(0), PATIENCE_MS);
    expect(JSON.stringify(running.inspect())).toContain('the receiver answered 500');
    expect(JSON.stringify(running.inspect())).not.toContain(SECRET);
  }, 120_000);

  it('gives a receiver up that never answers, and harms no call meanwhile', async () => {
    receiver.answer = silent;
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({
          policies: { okx: { circuitBreaker: {}, retry: { attempts: 2 } } },
          alerts: {
            builtin: false,
            evaluateEveryMs: 100,
            rules: [{ name: 'Always', kind: 'threshold', above: 0, source: () => ({ value: 1 }) }],
            sinks: [{ ...webhook(), grouping: { waitMs: 0 } }],
            delivery: { timeLimitMs: 300, attempts: 2 },
          },
        }),
      ],
    }).compile();
    await module.init();
    const manager = module.get(ReliabilityManager);
    await eventually(() => expect(receiver.received.length).toBeGreaterThan(0), PATIENCE_MS);
    const calls = Array.from({ length: 1_000 }, (_, index) => manager.executeWithProtection('okx', async () => index));
    expect(await Promise.all(calls)).toHaveLength(1_000);
    await eventually(() => expect(module.get(Alerts).inspect().sinks[0]!.failed).toBeGreaterThan(0), PATIENCE_MS);
    expect(manager.inspect().map(({ name }) => name)).toEqual(['okx', 'okx']);
    receiver.answer = answering(200);
    await eventually(() => expect(module.get(Alerts).inspect().sinks[0]!.delivered).toBe(1), PATIENCE_MS);
    await module.close();
  }, 180_000);

  describeWithEngines(['prometheus-alertmanager'], 'Alertmanager', () => {
    it('takes alerts, hands them on, and is told when they are over', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'alertmanager-'));
      const engine = await (await alertmanager(directory, receiver.url)).start();
      try {
        start([{ kind: 'alertmanager', url: `${engine.url}/`, labels: { service: 'rates' } }]);
        type Known = { labels: object; annotations: object; status: { state: string } }[];
        const known = async () => (await (await fetch(`${engine.url}/api/v2/alerts`)).json()) as Known;
        const labels = { alertname: 'QueueDeep', policy: 'okx', service: 'rates', severity: 'warning' };
        await eventually(
          async () =>
            expect(await known()).toMatchObject([
              { labels, annotations: { summary: 'Too much waits: 50 > 10' }, status: { state: 'active' } },
            ]),
          PATIENCE_MS,
        );
        depth = 0;
        type Handed = { status: string; alerts: { labels: object }[] };
        const handedOn = () => receiver.received.map(({ body }) => JSON.parse(body) as Handed);
        await eventually(
          () => expect(handedOn().map(({ status }) => status)).toEqual(expect.arrayContaining(['firing', 'resolved'])),
          PATIENCE_MS,
        );
        expect(handedOn()[0]!.alerts[0]!.labels).toEqual(labels);
      } finally {
        await engine.kill();
        rmSync(directory, { recursive: true, force: true });
      }
    }, 180_000);

    it('is told again what fires once it is back', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'alertmanager-'));
      const engine = await (await alertmanager(directory, receiver.url)).start();
      try {
        const running = start([{ kind: 'alertmanager', url: engine.url, repeatMs: 200 }], {
          delivery: { attempts: 1, timeLimitMs: 1_000 },
        });
        const sink = () => running.inspect().sinks[0]!;
        await eventually(() => expect(sink().delivered).toBeGreaterThan(1), PATIENCE_MS);
        await engine.kill();
        await eventually(() => expect(sink().lastError).not.toBeNull(), PATIENCE_MS);
        const before = sink().delivered;
        await engine.start();
        await eventually(() => {
          expect(sink().delivered).toBeGreaterThan(before);
          expect(sink().lastError).toBeNull();
        }, PATIENCE_MS);
      } finally {
        await engine.kill();
        rmSync(directory, { recursive: true, force: true });
      }
    }, 240_000);
  });
});
