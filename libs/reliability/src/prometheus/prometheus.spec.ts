import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { register, Registry } from 'prom-client';
import request from 'supertest';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { ReliabilityModule } from '../nest/reliability.module.js';
import { bindMetrics } from './bind-metrics.js';
import { POLICY_FAMILIES } from './policy-families.js';
import { ReliabilityPrometheusModule } from './reliability-prometheus.module.js';

const everyPolicy = {
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
    expect(text).toContain('reliability_circuit_breaker_state{policy="okx",state="closed"} 0');
    expect(text).toContain('reliability_load_balancer_endpoint_picks_total{policy="okx",endpoint="a"} 2');
    expect(text).toContain('reliability_rate_limiter_admitted_total{policy="okx"} 2');

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

  it('names each family once, in base units, counters with _total', () => {
    const names = POLICY_FAMILIES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, kind, help } of POLICY_FAMILIES) {
      expect(name).toMatch(/^reliability_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
      expect(name).not.toMatch(/_(ms|milliseconds|percent)\b/);
      expect(help).not.toBe('');
    }
  });

  it('keeps to 25 series for each policy that is no balancer', async () => {
    const registry = new Registry();
    const app = await applicationWith({ okx: everyPolicy });
    await app.get(ReliabilityManager).executeWithProtection('okx', () => 1);
    bindMetrics(registry, app.get(ReliabilityManager));
    for (const type of new Set(POLICY_FAMILIES.map(({ policyType }) => policyType))) {
      const names = new Set(POLICY_FAMILIES.filter(({ policyType }) => policyType === type).map(({ name }) => name));
      const series = (await registry.metrics()).split('\n').filter((line) => names.has(line.split(/[{ ]/)[0]!));
      expect([type, series.length <= 25 || series.length]).toEqual([type, true]);
    }
    await app.close();
  });

  it('reads every family that a policy without options for it can show', async () => {
    const registry = new Registry();
    const app = await applicationWith({ okx: everyPolicy });
    await app.get(ReliabilityManager).executeWithProtection('okx', () => 1);
    bindMetrics(registry, app.get(ReliabilityManager));
    const text = await registry.metrics();
    const missing = POLICY_FAMILIES.filter(({ name }) => !text.includes(`\n${name}{`)).map(({ name }) => name);
    expect(missing).toEqual([
      'reliability_circuit_breaker_keys',
      'reliability_circuit_breaker_keys_not_closed',
      'reliability_circuit_breaker_keys_overflowed_total',
      'reliability_rate_limiter_refused_total',
      'reliability_retry_stopped_total',
      'reliability_retry_failures_total',
      'reliability_bulkhead_refused_total',
      'reliability_bulkhead_shedding',
      'reliability_bulkhead_keys',
      'reliability_load_balancer_ejections_total',
      'reliability_load_balancer_health_checks_total',
      'reliability_load_balancer_health_checks_failed_total',
      'reliability_load_balancer_discovery_refreshes_total',
      'reliability_load_balancer_discovery_failures_total',
      'reliability_load_balancer_desired_endpoints',
      'reliability_load_balancer_utilization',
      'reliability_hedge_delay_seconds',
      'reliability_chaos_on',
      'reliability_chaos_injected_total',
    ]);
    await app.close();
  });
});
