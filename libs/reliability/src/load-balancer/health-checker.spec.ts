import { parseOptions } from '../core/options.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { HealthProbe } from './health-probe.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';

function checking(probe: HealthProbe, given: object = {}, ids = ['a', 'b']) {
  const capabilities = testCapabilities();
  const options = parseOptions(
    loadBalancerOptions,
    {
      endpoints: ids.map((id) => ({ id })),
      healthCheck: { probe, intervalMs: 1_000, timeoutMs: 300, jitter: 0, unhealthyThreshold: 2, ...given },
      slowStart: { windowMs: 10_000 },
    },
    'balancer',
  );
  const balancer = new LoadBalancer('hosts', options, {
    ...capabilities,
    create: () => {
      throw new Error('not wanted');
    },
    shared: (_kind, _name, make) => make(),
  });
  const view = () => balancer.inspect(capabilities.clock.now());
  return { ...capabilities, balancer, options, view, services: () => view().endpoints.map(({ service }) => service) };
}

test('an endpoint whose checks fail goes out of service, and back in when they succeed, bit by bit', async () => {
  let well = false;
  const { clock, services, events, view } = checking(({ id }) => id === 'b' || well);
  await clock.run(0);
  expect(services()).toEqual(['in-service', 'in-service']);
  await clock.run(1_000);
  expect(services()).toEqual(['unhealthy', 'in-service']);
  well = true;
  await clock.run(1_000);
  expect(services()).toEqual(['in-service', 'in-service']);
  expect(view().endpoints.map(({ currentWeight }) => currentWeight)).toEqual([0.1, 1]);
  expect(
    events
      .of('load-balancer.endpoint')
      .filter(({ change }) => change !== 'added')
      .map(({ at, endpoint, change, cause }) => [at, endpoint, change, cause]),
  ).toEqual([
    [0, 'b', 'healthy', 'health-check'],
    [1_000, 'a', 'unhealthy', 'health-check'],
    [2_000, 'a', 'healthy', 'health-check'],
  ]);
  expect(view()).toMatchObject({ healthChecks: { checks: 6, failed: 2 } });
});

test.each<[string, HealthProbe]>([
  ['says no', () => false],
  [
    'throws',
    () => {
      throw new Error('refused');
    },
  ],
  ['rejects', () => Promise.reject(new Error('refused'))],
])('a check that %s is a bad one', async (_what, probe) => {
  const { clock, services } = checking(probe, { unhealthyThreshold: 1 }, ['a']);
  await clock.run(0);
  expect(services()).toEqual(['unhealthy']);
});

test.each<[string, HealthProbe]>([
  ['says yes', () => true],
  ['says nothing', () => undefined],
  ['gives anything else', () => Promise.resolve({ ok: 1 })],
])('a check that %s is a good one', async (_what, probe) => {
  const { clock, view, events } = checking(probe, {}, ['a']);
  await clock.run(0);
  expect(view()).toMatchObject({ healthChecks: { checks: 1, failed: 0 } });
  expect(events.of('load-balancer.endpoint').at(-1)).toMatchObject({ change: 'healthy' });
});

test('a check out of time is a bad one and is aborted; until it ends no other begins', async () => {
  let running = 0;
  let most = 0;
  let aborted = 0;
  const { clock, services, view } = checking(
    async (_endpoint, signal) => {
      running += 1;
      most = Math.max(most, running);
      signal.addEventListener('abort', () => {
        aborted += 1;
      });
      await new Promise<void>((resolve) => {
        clock.schedule(2_500, resolve);
      });
      running -= 1;
    },
    { unhealthyThreshold: 3 },
    ['a'],
  );
  await clock.run(299);
  expect(view()).toMatchObject({ healthChecks: { checks: 1, failed: 0 } });
  await clock.run(1);
  expect(view()).toMatchObject({ healthChecks: { checks: 1, failed: 1 } });
  expect(aborted).toBe(1);
  await clock.run(700);
  expect(view()).toMatchObject({ healthChecks: { checks: 1, failed: 2 } });
  expect(services()).toEqual(['in-service']);
  await clock.run(1_000);
  expect(services()).toEqual(['unhealthy']);
  await clock.run(1_000);
  expect(view()).toMatchObject({ healthChecks: { checks: 2, failed: 3 } });
  expect(most).toBe(1);
});

test('closing ends checks at once, also those under way, and no result counts afterwards', async () => {
  let signal: AbortSignal | undefined;
  let finish: ((good: boolean) => void) | undefined;
  const { clock, balancer, view, services } = checking(
    (_endpoint, given) => {
      signal = given;
      return new Promise<boolean>((resolve) => {
        finish = resolve;
      });
    },
    { unhealthyThreshold: 1 },
    ['a'],
  );
  await clock.run(0);
  balancer.close();
  expect(signal!.aborted).toBe(true);
  finish!(false);
  await clock.run(10_000);
  expect(services()).toEqual(['in-service']);
  expect(view()).toMatchObject({ healthChecks: { checks: 1, failed: 0 } });
  expect(clock.pending).toBe(0);
});

test('who joins is checked, who leaves no more', async () => {
  const asked: string[] = [];
  const { clock, balancer } = checking(({ id }) => {
    asked.push(id);
  });
  await clock.run(0);
  balancer.add({ id: 'c' });
  balancer.remove('a');
  await clock.run(1_000);
  expect(asked).toEqual(['a', 'b', 'c', 'b', 'c']);
});

test('checks start spread over the jitter and stay apart by it', async () => {
  const at: number[] = [];
  const { clock } = checking(() => at.push(clock.now()), { jitter: 1 }, ['a', 'b', 'c', 'd']);
  await clock.run(1_000);
  expect(new Set(at.slice(0, 4)).size).toBe(4);
  await clock.run(20_000);
  expect(at.length).toBeGreaterThan(60);
  expect(at.length).toBeLessThan(110);
});

test('new options for checks take effect without forgetting who is unwell', async () => {
  const { clock, balancer, options, services } = checking(() => false);
  await clock.run(1_000);
  expect(services()).toEqual(['unhealthy', 'unhealthy']);
  balancer.reconfigure({ ...options, healthCheck: { ...options.healthCheck!, probe: () => true, intervalMs: 500 } });
  expect(services()).toEqual(['unhealthy', 'unhealthy']);
  await clock.run(500);
  expect(services()).toEqual(['in-service', 'in-service']);
});

test('checks that are configured away leave nobody unwell', async () => {
  const { clock, balancer, options, services } = checking(() => false);
  await clock.run(1_000);
  balancer.reconfigure({ ...options, healthCheck: undefined });
  expect(services()).toEqual(['in-service', 'in-service']);
  await clock.run(10_000);
  expect(services()).toEqual(['in-service', 'in-service']);
});
