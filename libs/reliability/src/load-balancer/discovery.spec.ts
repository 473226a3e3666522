import { parseOptions } from '../core/options.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { Discovered } from './discover.js';
import { nextRefreshMs } from './discovery.js';
import type { EndpointOptions, LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';

const bounds = { refreshMs: 30_000, minRefreshMs: 1_000, maxRefreshMs: 300_000 };

test.each([
  [undefined, 0, 30_000],
  [5_000, 0, 5_000],
  [10, 0, 1_000],
  [900_000, 0, 300_000],
  [5_000, 1, 1_000],
  [undefined, 2, 2_000],
  [undefined, 3, 4_000],
  [undefined, 9, 30_000],
])('with a time to live of %p ms and %d failures in a row it asks again after %d ms', (ttlMs, failures, delayMs) => {
  expect(nextRefreshMs(bounds, ttlMs, failures)).toBe(delayMs);
});

function discovering(
  find: (signal: AbortSignal) => Discovered<EndpointOptions> | Promise<Discovered<EndpointOptions>>,
  others: LoadBalancerOptions = {},
  more: Omit<NonNullable<LoadBalancerOptions['discovery']>, 'find'> = {},
) {
  const capabilities = testCapabilities();
  const options = parseOptions(loadBalancerOptions, { ...others, discovery: { find, jitter: 0, ...more } }, 'balancer');
  const balancer = new LoadBalancer('hosts', options, {
    ...capabilities,
    create: () => {
      throw new Error('not wanted');
    },
    shared: (_kind, _name, make) => make(),
  });
  const ids = () => balancer.inspect(capabilities.clock.now()).endpoints.map(({ id }) => id);
  return { ...capabilities, balancer, ids };
}

const named = (...ids: string[]) => ids.map((id) => ({ id }));

test('endpoints found join, those no longer found drain, the configured ones stay', async () => {
  let found = named('x', 'y');
  const { clock, ids, events } = discovering(() => found, { endpoints: named('fixed') });
  await clock.run(0);
  expect(ids()).toEqual(['fixed', 'x', 'y']);
  found = named('y', 'z');
  await clock.run(30_000);
  expect(ids()).toEqual(['fixed', 'y', 'z']);
  expect(events.of('load-balancer.endpoint').map(({ endpoint, change, cause }) => [endpoint, change, cause])).toEqual([
    ['fixed', 'added', 'configuration'],
    ['x', 'added', 'discovery'],
    ['y', 'added', 'discovery'],
    ['x', 'draining', 'discovery'],
    ['x', 'removed', 'drained'],
    ['z', 'added', 'discovery'],
  ]);
});

test.each([
  ['throws', () => Promise.reject(new Error('registry down'))],
  ['finds nothing', () => []],
  ['finds nonsense', () => [{ id: '' }]],
  ['never answers', () => new Promise<never>(() => undefined)],
])('a refresh that %s leaves the endpoints as they are, and is told', async (_what, fail) => {
  let find: () => Discovered<EndpointOptions> | Promise<Discovered<EndpointOptions>> = () => named('x');
  const { clock, ids, events, balancer } = discovering(() => find());
  await clock.run(0);
  find = fail;
  await clock.run(30_000);
  await clock.run(5_000);
  expect(ids()).toEqual(['x']);
  expect(events.of('load-balancer.discovery-failed').length).toBeGreaterThan(0);
  find = () => named('x', 'y');
  await clock.run(35_000);
  expect(ids()).toEqual(['x', 'y']);
  expect(balancer.inspect(clock.now())).toMatchObject({ discovery: { overflow: 0 } });
});

test('an empty answer is believed where that is allowed', async () => {
  let found = named('x');
  const { clock, ids } = discovering(() => found, {}, { allowEmpty: true });
  await clock.run(0);
  found = [];
  await clock.run(30_000);
  expect(ids()).toEqual([]);
});

test('the time to live of an answer says when to ask again', async () => {
  let asked = 0;
  const { clock } = discovering(() => {
    asked += 1;
    return { endpoints: named('x'), ttlMs: 5_000 };
  });
  await clock.run(0);
  await clock.run(4_999);
  expect(asked).toBe(1);
  await clock.run(1);
  expect(asked).toBe(2);
});

test('more endpoints than there may be are left out and counted', async () => {
  const { clock, ids, balancer } = discovering(() => named('a', 'b', 'c', 'd'), {
    endpoints: named('fixed'),
    maxEndpoints: 3,
  });
  await clock.run(0);
  expect(ids()).toEqual(['fixed', 'a', 'b']);
  expect(balancer.inspect(0)).toMatchObject({ discovery: { refreshes: 1, failures: 0, overflow: 2 } });
});

test('a subset of what was found can be selected', async () => {
  const { clock, ids } = discovering(() => named('a', 'b', 'c'), {}, { select: (found) => found.slice(1) });
  await clock.run(0);
  expect(ids()).toEqual(['b', 'c']);
});

test('refreshes never overlap, and end on closing', async () => {
  let running = 0;
  let most = 0;
  let asked = 0;
  let aborted = false;
  const { clock, balancer, ids } = discovering(
    async (signal) => {
      asked += 1;
      running += 1;
      most = Math.max(most, running);
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      await new Promise<void>((resolve) => {
        clock.schedule(asked === 1 ? 0 : 4_000, resolve);
      });
      running -= 1;
      return named('x');
    },
    {},
    { refreshMs: 1_000 },
  );
  await clock.run(0);
  await clock.run(1_000);
  await Promise.all([balancer.refresh(), balancer.refresh()]);
  expect({ asked, most }).toEqual({ asked: 2, most: 1 });
  balancer.close();
  expect(aborted).toBe(true);
  await clock.run(100_000);
  expect(asked).toBe(2);
  expect(ids()).toEqual(['x']);
  await balancer.refresh();
  expect(asked).toBe(2);
});

test('an endpoint whose address changes is drained and joins anew', async () => {
  let url = 'http://one';
  const { clock, balancer } = discovering(() => [{ id: 'x', url }]);
  await clock.run(0);
  const call = testCall();
  const permit = balancer.admit(call, clock.now(), PLAIN_USE) as object;
  url = 'http://two';
  await clock.run(30_000);
  const both = balancer.inspect(clock.now()).endpoints;
  expect(both.map((endpoint) => [endpoint.url, endpoint.service])).toEqual([
    ['http://one', 'draining'],
    ['http://two', 'in-service'],
  ]);
  balancer.end(permit, clock.now());
  expect(balancer.inspect(clock.now()).endpoints.map((endpoint) => endpoint.url)).toEqual(['http://two']);
});
