import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register, Registry } from 'prom-client';
import request from 'supertest';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { ReliabilityModule } from '../nest/reliability.module.js';
import { bindMetrics } from './bind-metrics.js';
import { RELIABILITY_FAMILIES } from './families.js';
import { ReliabilityPrometheusModule } from './reliability-prometheus.module.js';

/** A loaded machine takes its time to start applications. */
jest.setTimeout(60_000);

const everyPolicy = {
  coalesce: {},
  fallback: { value: 'degraded', lastGood: {} },
  deadline: {},
  retry: { attempts: 1, classes: {} },
  circuitBreaker: { consecutiveFailures: 1 },
  rateLimit: {},
  bulkhead: {},
  timeLimit: {},
  hedge: {},
  balancer: { endpoints: [{ id: 'a', url: 'http://a' }] },
};

const applicationWith = async (policies: object, imports: object[] = []) => {
  const module = await Test.createTestingModule({
    imports: [ReliabilityModule.forRoot({ policies: policies as never }), ...(imports as never[])],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.init();
  return app;
};

describe('metrics', () => {
  it('shows in the endpoint of PrometheusModule what the policies counted, and goes with its application', async () => {
    const app = await applicationWith({ okx: everyPolicy }, [
      PrometheusModule.register({ defaultMetrics: { enabled: false } }),
      ReliabilityPrometheusModule,
    ]);
    const manager = app.get(ReliabilityManager);
    await manager.executeWithProtection('okx', () => 'good');
    await manager.executeWithProtection('okx', () => Promise.reject(Object.assign(new Error('down'), { status: 503 })));

    const { text } = await request(app.getHttpServer()).get('/metrics').expect(200);
    expect(text).toContain('# TYPE reliability_circuit_breaker_calls_total counter');
    expect(text).toContain('reliability_circuit_breaker_calls_total{policy="okx",outcome="success"} 1');
    expect(text).toContain('reliability_circuit_breaker_state{policy="okx",state="open"} 1');
    expect(text).not.toContain('state="closed"');
    expect(text).toContain('reliability_load_balancer_endpoint_picks_total{policy="okx",endpoint="a"} 2');
    expect(text).toContain('reliability_rate_limiter_admitted_total{policy="okx"} 2');
    expect(text).toContain('# TYPE reliability_call_duration_seconds histogram');
    expect(text).toContain('reliability_call_duration_seconds_bucket{policy="okx",type="circuit-breaker",le="+Inf"} 2');
    expect(text).toContain('reliability_call_duration_seconds_count{policy="okx",type="time-limit"} 2');
    expect(text).toContain('reliability_unreachable{policy="okx"} 1');

    await app.close();
    expect(await register.metrics()).not.toContain('reliability_');
  });

  it('adds up no two applications: each keeps its policies, and the last to go takes the metrics along', async () => {
    const registry = new Registry();
    const [first, second] = await Promise.all([
      applicationWith({ okx: { bulkhead: {} } }),
      applicationWith({ bybit: { bulkhead: {} } }),
    ]);
    const unbind = [first, second].map((app) => bindMetrics(registry, app.get(ReliabilityManager)));
    await first.get(ReliabilityManager).executeWithProtection('okx', () => 1);
    await second.get(ReliabilityManager).executeWithProtection('bybit', () => 1);

    const both = await registry.metrics();
    expect(both).toContain('reliability_bulkhead_admitted_total{policy="okx"} 1');
    expect(both).toContain('reliability_bulkhead_admitted_total{policy="bybit"} 1');
    unbind[0]!();
    await new Promise(setImmediate);
    expect(await registry.metrics()).not.toContain('okx');
    unbind[1]!();
    expect(registry.getMetricsAsArray()).toEqual([]);
    await Promise.all([first.close(), second.close()]);
  });

  it('keeps no durations where nobody asked for metrics', async () => {
    const app = await applicationWith({ okx: { circuitBreaker: {}, timeLimit: {} } });
    const manager = app.get(ReliabilityManager);
    await manager.executeWithProtection('okx', () => 1);
    expect(manager.inspect().map(({ durations }) => durations)).toEqual([undefined, undefined]);
    bindMetrics(new Registry(), manager);
    await manager.executeWithProtection('okx', () => 1);
    expect(manager.inspect().map(({ durations }) => (durations as { counts: number[] }).counts.at(-1))).toEqual([0, 0]);
    await app.close();
  });

  it('names each family once, with its prefix and a help text', () => {
    const names = RELIABILITY_FAMILIES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, help } of RELIABILITY_FAMILIES) {
      expect(name).toMatch(/^reliability_[a-z_]+$/);
      expect(help).not.toBe('');
    }
  });
});
