import 'reflect-metadata';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { type Simulator, startSimulator } from '@marketprism/exchange-simulator';
import { ReliabilityManager } from '@marketprism/reliability';
import { ManualClock } from '@marketprism/reliability/testing';
import { register } from 'prom-client';
import { createCollector, startCollector } from '../../apps/collector/src/app.js';
import { parseConfig } from '../../apps/collector/src/config/load-config.js';
import { AnnouncedExporter } from '../../apps/collector/src/telemetry/announced-exporter.js';
import { readTelemetry } from '../../apps/collector/src/telemetry/telemetry-settings.js';
import { startTracing } from '../../apps/collector/src/telemetry/tracing-sdk.js';
import { freePort } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';

describe('telemetry of the collector', () => {
  let directory: string;
  let receiver: OtlpReceiver;
  let simulator: Simulator;
  let running: { close(): Promise<void> } | undefined;

  const create = async (...args: Parameters<typeof createCollector>) => {
    const created = await createCollector(...args);
    running = created.app;
    return created;
  };
  const start = async (...args: Parameters<typeof startCollector>) => {
    const started = await startCollector(...args);
    running = started.app;
    return started;
  };

  beforeAll(async () => {
    process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '2000';
    simulator = await startSimulator({ seed: 1, settlementMs: 5_000, faults: 'none' });
  }, 60_000);
  afterAll(async () => {
    delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
    await simulator.close();
  });
  beforeEach(async () => {
    register.clear();
    directory = await mkdtemp(join(tmpdir(), 'telemetry-'));
    receiver = await new OtlpReceiver().start();
  });
  afterEach(async () => {
    await running?.close();
    running = undefined;
    await receiver.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const config = (extra: object = {}) => {
    const hosts = simulator.hosts().filter(({ venue }) => venue === 'okx');
    return parseConfig(
      {
        data: join(directory, 'data'),
        http: { port: 0 },
        venues: { okx: { hosts: hosts.map(({ url }) => url), limit: { limit: 10_000, windowMs: 1_000 } } },
        ...extra,
      },
      'test',
    );
  };
  const byId = (id: string) => (span: ReceivedSpan) => span.spanId === id;

  it('sends a span for every protected call, as the published protocol has it, and the rest when it ends', async () => {
    const telemetry = readTelemetry({ JAEGER_ENDPOINT: receiver.url });
    const { app, collector } = await create(config(), false, telemetry);
    await trace.getTracer('test').startActiveSpan('poll everything', async (span) => {
      await collector.pollOnce();
      span.end();
    });
    await collector.stop();
    await app.close();

    expect(receiver.requests[0]).toMatchObject({ path: '/v1/traces', type: 'application/x-protobuf' });
    const fetched = receiver.spans.filter(({ name }) => name.startsWith('FundingRatesService.'));
    expect(fetched.length).toBeGreaterThan(0);
    for (const span of fetched) {
      expect(span).toMatchObject({
        kind: 'SPAN_KIND_INTERNAL',
        status: 'STATUS_CODE_UNSET',
        scope: '@marketprism/reliability',
        attributes: {
          'code.function.name': span.name,
          'reliability.outcome': 'success',
          'reliability.policies': expect.arrayContaining(['circuit-breaker:okx']),
          'reliability.endpoint': expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        },
        resource: { 'service.name': 'marketprism-collector' },
      });
      expect(span.events.map(({ name }) => name)).toContain('reliability.attempt');
    }
    const root = receiver.spans.find(({ name }) => name === 'poll everything')!;
    expect(fetched.some(({ parentSpanId }) => byId(parentSpanId)(root))).toBe(true);
    const stored = receiver.spans.filter(({ name }) => name === 'store');
    expect(stored.length).toBeGreaterThan(0);
    expect(trace.getTracer('test').startSpan('after').isRecording()).toBe(false);
  }, 60_000);

  it('loads no SDK and makes no span where nothing is set', async () => {
    const loaded = jest.fn();
    jest.doMock('@opentelemetry/sdk-trace-base', () => {
      loaded();
      return jest.requireActual<object>('@opentelemetry/sdk-trace-base');
    });
    const { app } = await create(config(), false, readTelemetry({}));
    await app.get(ReliabilityManager).executeWithProtection('okx', () => 'called');
    await app.close();
    expect(loaded).not.toHaveBeenCalled();
    expect(receiver.requests).toEqual([]);
    register.clear();
    const traced = await create(config(), false, readTelemetry({ JAEGER_ENDPOINT: receiver.url }));
    await traced.app.close();
    expect(loaded).toHaveBeenCalled();
    jest.dontMock('@opentelemetry/sdk-trace-base');
  }, 60_000);

  it.each(['absent', 'refusing'] as const)(
    'makes calls and ends with a receiver that is %s',
    async (state) => {
      const { url } = receiver;
      if (state === 'absent') await receiver.stop();
      receiver.behaviour = 503;
      const { app } = await create(config(), false, readTelemetry({ JAEGER_ENDPOINT: url }));
      const manager = app.get(ReliabilityManager);
      for (let call = 0; call < 600; call += 1) {
        await expect(manager.executeWithProtection('store', () => call)).resolves.toBe(call);
      }
      await app.close();
      expect(receiver.spans).toEqual([]);
      if (state === 'refusing') expect(receiver.requests.length).toBeGreaterThan(0);
    },
    60_000,
  );

  it('waits 3 s at most for a receiver that hangs when it ends', async () => {
    receiver.behaviour = 'hang';
    const clock = new ManualClock();
    const tracing = await startTracing(`${receiver.url}/v1/traces`, clock);
    trace.getTracer('test').startSpan('the last').end();
    const stopped = tracing.stop();
    await eventually(() => expect(receiver.requests).toHaveLength(1));
    clock.advance(3_000);
    await stopped;
    expect(receiver.spans).toEqual([]);
    receiver.release();
  }, 60_000);

  it('says once that spans are lost, and once that they are sent again', () => {
    const log = { log: jest.fn(), warn: jest.fn() };
    let result: ExportResult = { code: ExportResultCode.FAILED, error: new Error('connect ECONNREFUSED') };
    const inner = {
      export: (_spans: unknown, done: (result: ExportResult) => void) => done(result),
      shutdown: async () => undefined,
    };
    const exporter = new AnnouncedExporter(inner, 'http://me:hunter2@jaeger:4318/v1/traces', log);
    const done = jest.fn();
    for (let batch = 0; batch < 3; batch += 1) exporter.export([], done);
    result = { code: ExportResultCode.SUCCESS };
    for (let batch = 0; batch < 3; batch += 1) exporter.export([], done);
    exporter.mute();
    result = { code: ExportResultCode.FAILED };
    exporter.export([], done);
    expect(done).toHaveBeenCalledTimes(7);
    expect(log.warn.mock.calls).toEqual([
      ['Spans cannot be sent to http://jaeger:4318 and are lost: connect ECONNREFUSED'],
    ]);
    expect(log.log.mock.calls).toEqual([['Spans are sent to http://jaeger:4318 again']]);
  });

  it('serves metrics on a port of their own, on loopback, at the path that is asked for', async () => {
    const telemetry = readTelemetry({ PROMETHEUS_METRICS_PORT: '0', PROMETHEUS_METRICS_ENDPOINT: '/internal/metrics' });
    const { app, collector, url, metricsUrl } = await start(config(), false, telemetry);
    expect(metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/internal\/metrics$/);
    const answer = await fetch(metricsUrl);
    expect(answer.headers.get('content-type')).toBe(register.contentType);
    expect(await answer.text()).toContain('reliability_');
    const elsewhere = new URL('/other', metricsUrl);
    expect((await fetch(elsewhere)).status).toBe(404);
    expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405);
    expect((await fetch(metricsUrl, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${url}/internal/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    await collector.stop();
    await app.close();
    await expect(fetch(metricsUrl)).rejects.toThrow('fetch failed');
  }, 60_000);

  it('serves metrics beside everything else otherwise, at the path that is asked for', async () => {
    const telemetry = readTelemetry({ PROMETHEUS_METRICS_ENDPOINT: 'stats' });
    const { app, collector, url, metricsUrl } = await start(config(), false, telemetry);
    expect(metricsUrl).toBe(`${url}/stats`);
    expect(await (await fetch(metricsUrl)).text()).toContain('reliability_');
    await collector.stop();
    await app.close();
  }, 60_000);

  it('does not start, and leaves nothing open, when the port of the metrics is taken', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const httpPort = await freePort();
    const telemetry = readTelemetry({ PROMETHEUS_METRICS_PORT: String(port) });
    await expect(startCollector(config({ http: { port: httpPort } }), false, telemetry)).rejects.toThrow('EADDRINUSE');
    await expect(fetch(`http://127.0.0.1:${httpPort}/health/live`)).rejects.toThrow('fetch failed');
    taken.close();
  }, 60_000);
});
