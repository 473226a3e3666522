import { parseOptions } from '../core/options.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';

function balancing(options: LoadBalancerOptions) {
  const capabilities = testCapabilities();
  const parse = (given: LoadBalancerOptions) => parseOptions(loadBalancerOptions, given, 'balancer');
  const balancer = new LoadBalancer('hosts', parse(options), {
    ...capabilities,
    create: () => {
      throw new Error('not wanted');
    },
    shared: (_kind, _name, make) => make(),
  });
  const { clock, events } = capabilities;
  const view = () => balancer.inspect(clock.now()).endpoints;
  const begin = () => {
    const call = testCall();
    const permit = balancer.admit(call, clock.now(), PLAIN_USE) as object;
    return { id: call.endpoint!.id, end: () => balancer.end(permit, clock.now()) };
  };
  const call = () => {
    const { id, end } = begin();
    end();
    return id;
  };
  return {
    ...capabilities,
    balancer,
    parse,
    view,
    begin,
    ids: () => view().map(({ id }) => id),
    calls: (count: number) => Array.from({ length: count }, call).join(''),
    changes: () =>
      events.of('load-balancer.endpoint').map(({ endpoint, change, cause }) => `${endpoint} ${change} ${cause}`),
  };
}

const named = (...ids: string[]) => ids.map((id) => ({ id }));

test('endpoints come and go by code', () => {
  const { balancer, ids, calls, changes } = balancing({ endpoints: named('a') });
  balancer.add({ id: 'b' });
  expect(calls(4)).toBe('abab');
  expect(balancer.remove('a')).toBe(true);
  expect(balancer.remove('a')).toBe(false);
  expect(calls(2)).toBe('bb');
  expect(ids()).toEqual(['b']);
  expect(changes()).toEqual(['a added configuration', 'b added code', 'a removed code']);
});

test('adding a known endpoint changes what differs and nothing else', () => {
  const { balancer, view, begin, changes } = balancing({ endpoints: [{ id: 'a', url: 'http://a' }] });
  const { end } = begin();
  balancer.add({ id: 'a', url: 'http://a' });
  balancer.add({ id: 'a', url: 'http://a', weight: 4 });
  expect(view()).toMatchObject([{ id: 'a', weight: 4, picks: 1, inFlight: 1 }]);
  balancer.add({ id: 'a', url: 'http://a', weight: 4, zone: 'z' });
  balancer.add({ id: 'a', url: 'http://a', weight: 4, zone: 'z', priority: 2 });
  expect(view()).toMatchObject([
    { id: 'a', service: 'draining', inFlight: 1 },
    { id: 'a', service: 'in-service', zone: 'z', priority: 2, picks: 0 },
  ]);
  end();
  expect(view()).toMatchObject([{ service: 'in-service', zone: 'z', priority: 2 }]);
  expect(changes()).toEqual([
    'a added configuration',
    'a weight code',
    'a draining code',
    'a added code',
    'a draining code',
    'a removed drained',
    'a added code',
    'a removed drained',
  ]);
});

test('a target that is another object is another endpoint', () => {
  const [one, other] = [{}, {}];
  const { balancer, view } = balancing({ endpoints: [{ id: 'a', target: one }] });
  balancer.add({ id: 'a', target: one });
  expect(view()).toHaveLength(1);
  const call = testCall();
  balancer.add({ id: 'a', target: other });
  balancer.admit(call, 0, PLAIN_USE);
  expect(call.endpoint!.target).toBe(other);
});

test('draining resolves when the last call is over, for everybody who asked', async () => {
  const { balancer, begin, ids, calls, clock } = balancing({ endpoints: named('a', 'b') });
  const under = [begin(), begin(), begin()];
  let drained = 0;
  const done = [balancer.drain('a'), balancer.drain('a')].map((promise) => promise.then(() => (drained += 1)));
  expect(calls(2)).toBe('bb');
  for (const { id, end } of under) if (id === 'b') end();
  await clock.run(0);
  expect([drained, ids()]).toEqual([0, ['a', 'b']]);
  for (const { id, end } of under) if (id === 'a') end();
  await Promise.all(done);
  expect([drained, ids()]).toEqual([2, ['b']]);
});

test('draining an idle or an unknown endpoint is done at once', async () => {
  const { balancer, ids } = balancing({ endpoints: named('a') });
  await balancer.drain('nobody');
  await balancer.drain('a');
  expect(ids()).toEqual([]);
});

test('an endpoint that drains may join again under its id', () => {
  const { balancer, begin, view } = balancing({ endpoints: named('a') });
  const { end } = begin();
  void balancer.drain('a');
  balancer.add({ id: 'a' });
  expect(view().map(({ service }) => service)).toEqual(['draining', 'in-service']);
  end();
  expect(view().map(({ service }) => service)).toEqual(['in-service']);
});

test('weights change at run time', () => {
  const { balancer, calls, changes } = balancing({ endpoints: named('a', 'b') });
  balancer.setWeight('a', 3);
  balancer.setWeight('a', 3);
  expect(calls(4)).toBe('aaba');
  expect(changes().slice(2)).toEqual(['a weight code']);
});

test('a weight that is none, and an endpoint nobody knows, are errors that say so', () => {
  const { balancer } = balancing({ endpoints: named('a', 'b') });
  expect(() => balancer.setWeight('a', 0)).toThrow('hosts.endpoints.a.weight: must be more than 0; got 0');
  expect(() => balancer.setWeight('x', 1)).toThrow("hosts.endpoints: must be one of a, b; got 'x'");
  expect(() => balancer.add({ id: '' })).toThrow('hosts.endpoints.id');
  expect(() => balancer.setEndpoints(named('a', 'a'))).toThrow(
    "hosts.endpoints.1.id: must be unique within the balancer; got 'a'",
  );
});

test('the number of endpoints is bounded, and a set that does not fit changes nothing', () => {
  const { balancer, ids } = balancing({ endpoints: named('a', 'b'), maxEndpoints: 2 });
  expect(() => balancer.add({ id: 'c' })).toThrow("hosts.endpoints: must be at most 2 (maxEndpoints); got 'c'");
  balancer.add({ id: 'b', weight: 2 });
  expect(() => balancer.setEndpoints(named('x', 'y', 'z'))).toThrow('must be at most 2');
  expect(ids()).toEqual(['a', 'b']);
  balancer.setEndpoints(named('b', 'z'));
  expect(ids()).toEqual(['b', 'z']);
});

test('a reload replaces what was configured and keeps what code added and what is known', () => {
  const { balancer, parse, view, calls } = balancing({ endpoints: named('a', 'b') });
  balancer.add({ id: 'mine' });
  calls(3);
  balancer.reconfigure(parse({ endpoints: [{ id: 'b', weight: 2 }, { id: 'c' }] }));
  expect(view().map(({ id, weight, picks }) => [id, weight, picks])).toEqual([
    ['b', 2, 1],
    ['mine', 1, 1],
    ['c', 1, 0],
  ]);
});

test('setting the endpoints replaces all, whoever added them', () => {
  const { balancer, ids } = balancing({ endpoints: named('a', 'b') });
  balancer.add({ id: 'mine' });
  balancer.setEndpoints(named('b'));
  expect(ids()).toEqual(['b']);
});

test('a reload with another strategy measures what it needs from then on', () => {
  const { balancer, parse, view, clock } = balancing({ endpoints: named('a') });
  const call = () => {
    const attempt = testCall();
    const permit = balancer.admit(attempt, clock.now(), PLAIN_USE) as object;
    balancer.settle(permit, { kind: 'success', value: 0, durationMs: 100 }, attempt, clock.now());
    balancer.end(permit, clock.now());
  };
  call();
  expect(view()).toMatchObject([{ latencyMs: 0, successes: 1 }]);
  balancer.reconfigure(parse({ endpoints: named('a'), strategy: 'ewma' }));
  call();
  expect(view()).toMatchObject([{ latencyMs: 50, successes: 2 }]);
  balancer.reconfigure(parse({ endpoints: named('a'), strategy: 'adaptive' }));
  expect(view()).toMatchObject([{ latencyMs: 50 }]);
  balancer.reconfigure(parse({ endpoints: named('a'), strategy: 'adaptive', latency: { decayMs: 1_000 } }));
  expect(view()).toMatchObject([{ latencyMs: 0 }]);
  balancer.reconfigure(parse({ endpoints: named('a'), strategy: 'peak-ewma', latency: { decayMs: 1_000 } }));
  call();
  expect(view()).toMatchObject([{ latencyMs: 100 }]);
});

test('the first endpoints have their full weight at once, later ones bit by bit', () => {
  const { balancer, view, clock } = balancing({ endpoints: named('a'), slowStart: { windowMs: 10_000 } });
  balancer.add({ id: 'b' });
  expect(view().map(({ currentWeight }) => currentWeight)).toEqual([1, 0.1]);
  clock.advance(5_000);
  expect(view().map(({ currentWeight }) => currentWeight)).toEqual([1, 0.5]);
  clock.advance(5_000);
  expect(view().map(({ currentWeight }) => currentWeight)).toEqual([1, 1]);
});

test('adaptive weights follow latency and errors, and can be turned off again', () => {
  const { balancer, parse, view, clock } = balancing({ endpoints: named('a', 'b'), adaptiveWeights: { smoothing: 1 } });
  for (let count = 0; count < 100; count += 1) {
    const attempt = testCall();
    const permit = balancer.admit(attempt, clock.now(), PLAIN_USE) as object;
    const durationMs = attempt.endpoint!.id === 'a' ? 10 : 30;
    balancer.settle(permit, { kind: 'success', value: 0, durationMs }, attempt, clock.now());
    balancer.end(permit, clock.now());
  }
  clock.advance(4_999);
  expect(view().map(({ currentWeight }) => currentWeight)).toEqual([1, 1]);
  clock.advance(1);
  expect(view().map(({ currentWeight }) => Number(currentWeight.toFixed(3)))).toEqual([2, 0.667]);
  balancer.reconfigure(parse({ endpoints: named('a', 'b') }));
  expect(view().map(({ currentWeight }) => currentWeight)).toEqual([1, 1]);
});
