import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  EventBus,
  type LoadBalancerHandle,
  type RateLimiterHandle,
  ReliabilityManager,
  ReliabilityModule,
  seededRandom,
} from '@marketprism/reliability';
import { RELIABILITY_FAMILIES, ReliabilityPrometheusModule } from '@marketprism/reliability/prometheus';
import { ManualClock } from '@marketprism/reliability/testing';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import request from 'supertest';
import { describeWithEngines } from '../engines/engine.js';
import { deferred, failure, Keyed, policies } from './library-world.js';
import { checkMetrics } from './promtool.js';
import { Sightings } from './sightings.js';

/** A loaded machine takes its time. */
jest.setTimeout(60_000);

describeWithEngines(['promtool'], 'the metrics of the library, in an application where everything happens', () => {
  const clock = new ManualClock();
  const sightings = new Sightings();
  let app: INestApplication;
  let manager: ReliabilityManager;
  let keyed: Keyed;

  const scrape = async () => {
    const { text } = await request(app.getHttpServer()).get('/metrics').expect(200);
    sightings.add(text);
    return text;
  };
  const run = <T>(name: string, work: () => T, options = {}) => manager.executeWithProtection(name, work, options);
  const ok = (name: string) => run(name, async () => 'good');
  const fail = (name: string, status?: number) =>
    run(name, () => Promise.reject(failure(status))).catch(() => undefined);

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [
        ReliabilityModule.forRoot({ policies, capabilities: { clock, random: seededRandom(1), emit: new EventBus() } }),
        PrometheusModule.register({ defaultMetrics: { enabled: false } }),
        ReliabilityPrometheusModule,
      ],
      providers: [Keyed],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    manager = app.get(ReliabilityManager);
    keyed = app.get(Keyed);
  });
  afterAll(() => app.close());

  it('tells of circuits', async () => {
    await fail('opens');
    await ok('opens').catch(() => undefined);
    await fail('shadow');
    await ok('shadow');
    const slow = deferred();
    const answer = run('slow', () => slow.promise);
    await clock.run(6);
    slow.resolve('late');
    await answer;
    await fail('ramps');
    await clock.run(11);
    await ok('ramps');
    await clock.run(1_000);
    await keyed.watched('a', true).catch(() => undefined);
    await keyed.watched('b', false);

    const text = await scrape();
    expect(text).toContain('reliability_refused_total{policy="opens",type="circuit-breaker",reason="open"} 1');
    expect(text).toContain('reliability_circuit_breaker_state{policy="ramps",state="ramping"} 1');
    expect(text).toContain('reliability_circuit_breaker_slow_calls_total{policy="slow"} 1');
    expect(text).toContain(
      'reliability_call_duration_seconds_bucket{policy="slow",type="circuit-breaker",le="0.005"} 0\n' +
        'reliability_call_duration_seconds_bucket{policy="slow",type="circuit-breaker",le="0.02"} 1\n',
    );
    expect(text).toContain(
      'reliability_keys_dropped_total{policy="few-keys",type="circuit-breaker",cause="overflow"} 1',
    );
    expect(text).toContain('reliability_unreachable{policy="opens"} 1');
  });

  it('tells of limiters', async () => {
    await ok('rejects');
    await ok('rejects').catch(() => undefined);
    await ok('paused');
    (manager.policy('rate-limiter', 'paused') as RateLimiterHandle).penalize(5_000);
    const held = deferred();
    const first = run('refunds', () => held.promise);
    await ok('refunds').catch(() => undefined);
    await keyed.limited('a');
    await keyed.limited('b');

    const text = await scrape();
    expect(text).toContain('reliability_refused_total{policy="rejects",type="rate-limiter",reason="limit"} 1');
    expect(text).toContain('reliability_rate_limiter_paused_seconds{policy="paused"} 5');
    expect(text).toContain('reliability_rate_limiter_refunded_total{policy="refunds"} 1');
    expect(text).toContain('reliability_keys_dropped_total{policy="few-keys",type="rate-limiter",cause="evicted"} 1');
    held.resolve('done');
    await first;
  });

  it('tells of bulkheads', async () => {
    const held = deferred();
    const first = run('queues', () => held.promise);
    const second = run('queues', async () => 'second', { priority: 'high' });
    await ok('sheds').catch(() => undefined);
    const works = ['a', 'b'].map((key) => ({ key, work: deferred() }));
    const running = works.map(({ key, work }) => keyed.held(key, work.promise));
    const text = await scrape();
    expect(text).toContain('reliability_waiting{policy="queues",type="bulkhead",priority="high"} 1');
    expect(text).toContain('reliability_bulkhead_shedding{policy="sheds",priority="high"} 1');
    expect(text).toContain('reliability_calls_in_flight');

    await clock.run(50);
    held.resolve('first');
    await Promise.all([first, second]);
    for (const { work } of works) work.resolve('done');
    await Promise.all(running);
    expect(await scrape()).toContain(
      'reliability_wait_duration_seconds_bucket{policy="queues",type="bulkhead",le="0.01"} 0\n' +
        'reliability_wait_duration_seconds_bucket{policy="queues",type="bulkhead",le="0.1"} 1\n',
    );
  });

  it('tells of limits in time and of work left behind', async () => {
    const works = [deferred(), deferred(), deferred()];
    const calls = works.map(({ promise }) => run('limited', () => promise).catch(() => undefined));
    const whole = run('bounded', () => new Promise(() => undefined)).catch(() => undefined);
    await clock.run(11);
    await Promise.all([...calls, whole]);
    expect(await scrape()).toContain('reliability_bulkhead_abandoned{policy="limited"} 3');
    works[0]!.resolve('late');
    works[1]!.reject(failure());
    works[2]!.reject(Object.assign(new Error('aborted'), { name: 'AbortError' }));
    await clock.run(0);
    const text = await scrape();
    expect(text).toContain('reliability_time_limit_late_total{policy="limited",type="time-limit",result="value"} 1');
    expect(text).toContain('reliability_time_limit_exceeded_total{policy="bounded",type="deadline"} 1');
  });

  it('tells of retries, hedges, shared work and fallbacks', async () => {
    let failing = true;
    const retried = run('retries', () => (failing ? Promise.reject(failure()) : 'good'));
    await clock.run(1);
    expect(await scrape()).toContain('reliability_retry_sleeping{policy="retries"} 1');
    failing = false;
    await clock.run(100);
    await retried;
    await fail('retries', 400);

    const attempts: ReturnType<typeof deferred>[] = [];
    const hedged = run('hedges', () => {
      attempts.push(deferred());
      return attempts.at(-1)!.promise;
    });
    await clock.run(11);
    attempts[1]!.resolve('hedge');
    await hedged;
    attempts[0]!.resolve({ [Symbol.dispose]: () => undefined });
    await clock.run(0);
    const suppressed = run('hedges', () => new Promise((resolve) => clock.schedule(20, () => resolve('slow'))));
    await clock.run(25);
    await suppressed;

    const work = deferred();
    keyed.work = work.promise;
    const equal = [keyed.equal('a'), keyed.equal('a'), keyed.equal(new Map())];
    await scrape();
    work.resolve('same');
    await Promise.all(equal);

    await fail('falls');
    await fail('falls', 400);
    await keyed.kept('a', false);
    await keyed.kept('b', false);
    await keyed.kept(new Map(), false);
    await fail('breaks');
    const text = await scrape();
    expect(text).toContain('reliability_hedge_won_total{policy="hedges"} 1');
    expect(text).toContain('reliability_fallback_unanswered_total{policy="falls"} 1');
  });

  it('tells of balancers and their endpoints', async () => {
    const held = deferred();
    const under = run('balanced', () => held.promise);
    await clock.run(5);
    await scrape();
    held.resolve('good');
    await under;
    await ok('balanced');
    await fail('balanced');
    await scrape();
    await ok('deserted').catch(() => undefined);
    await Promise.all([ok('discovers').catch(() => undefined), ok('scales')]);
    await (manager.policy('load-balancer', 'discovers') as LoadBalancerHandle).refresh();
    for (let step = 0; step < 4; step += 1) await clock.run(1_000);
    const busy = deferred();
    const calls = Array.from({ length: 30 }, () => run('scales', () => busy.promise));
    for (let step = 0; step < 4; step += 1) await clock.run(200);
    const text = await scrape();
    busy.resolve('done');
    await Promise.all(calls);
    expect(text).toContain('reliability_load_balancer_panic{policy="balanced"} 1');
    expect(text).toContain('reliability_load_balancer_desired_endpoints{policy="scales"} 3');
  });

  it('has shown every family with a value other than 0', async () => {
    manager.registry.bypass(true);
    await scrape();
    manager.registry.bypass(false);
    expect(sightings.missing(RELIABILITY_FAMILIES)).toEqual([]);
  });

  it('follows the rules of naming, as promtool sees them', async () => {
    expect(checkMetrics(await scrape())).toBe('');
  });
});
