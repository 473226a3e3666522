import {
  buildChain,
  EventBus,
  type LoadBalancerHandle,
  type LoadBalancerOptions,
  systemCapabilities,
} from '@marketprism/reliability';
import { type NameServer, startNameServer } from './name-server.js';

let names: NameServer;

beforeEach(async () => {
  names = await startNameServer();
});

afterEach(() => names.close());

const a = (name: string, data: string, ttl: number) => ({ type: 'A' as const, name, data, ttl });

function discovering(discovery: LoadBalancerOptions['discovery']) {
  const capabilities = { ...systemCapabilities(), emit: new EventBus() };
  const failures: unknown[] = [];
  capabilities.emit.on('load-balancer.discovery-failed', ({ error }) => failures.push(error));
  const chain = buildChain({ balancer: { discovery } }, capabilities);
  const balancer = chain.policy('load-balancer') as LoadBalancerHandle;
  const view = () => balancer.inspect(performance.now());
  return { chain, balancer, view, failures, ids: () => view().endpoints.map(({ id }) => id) };
}

test('addresses of a name become endpoints, and follow its changes when their time to live is over', async () => {
  names.records.set('A prices.test', [a('prices.test', '127.0.0.1', 1), a('prices.test', '127.0.0.2', 30)]);
  const { chain, view, ids } = discovering({
    dns: { name: 'prices.test', port: 8080, servers: [names.address] },
    refreshMs: 60_000,
    minRefreshMs: 100,
    jitter: 0,
  });
  await until(() => ids().length === 2);
  expect(view().endpoints.map(({ url }) => url)).toEqual(['http://127.0.0.1:8080', 'http://127.0.0.2:8080']);
  names.records.set('A prices.test', [a('prices.test', '127.0.0.2', 1), a('prices.test', '127.0.0.3', 1)]);
  await until(() => ids().includes('127.0.0.3:8080'));
  expect(ids()).toEqual(['127.0.0.2:8080', '127.0.0.3:8080']);
  chain.close();
});

test('SRV records bring ports, weights and priorities', async () => {
  const srv = (target: string, port: number, priority: number, weight: number) => ({
    type: 'SRV' as const,
    name: '_prices._tcp.test',
    ttl: 1,
    data: { target, port, priority, weight },
  });
  names.records.set('SRV _prices._tcp.test', [srv('one.test', 4001, 10, 3), srv('two.test', 4002, 20, 0)]);
  names.records.set('A one.test', [a('one.test', '127.0.0.1', 1)]);
  names.records.set('A two.test', [a('two.test', '127.0.0.2', 1)]);
  const { chain, view } = discovering({ dns: { name: '_prices._tcp.test', type: 'SRV', servers: [names.address] } });
  await until(() => view().endpoints.length === 2);
  expect(view().endpoints.map(({ url, priority, weight }) => ({ url, priority, weight }))).toEqual([
    { url: 'http://127.0.0.1:4001', priority: 0, weight: 3 },
    { url: 'http://127.0.0.2:4002', priority: 1, weight: 1 },
  ]);
  chain.close();
});

test('a name that is gone, or a name server that is silent, leaves the endpoints as they are', async () => {
  names.records.set('A prices.test', [a('prices.test', '127.0.0.1', 1)]);
  const { chain, balancer, ids, view, failures } = discovering({
    dns: { name: 'prices.test', servers: [names.address] },
    timeoutMs: 300,
  });
  await until(() => ids().length === 1);
  names.records.clear();
  await balancer.refresh();
  expect(failures).toMatchObject([{ code: 'ENOTFOUND' }]);
  names.up = false;
  await balancer.refresh();
  expect(failures[1]).toMatchObject({ message: 'Discovery took longer than 300 ms' });
  expect(ids()).toEqual(['127.0.0.1']);
  expect(view().discovery).toMatchObject({ failures: 2, overflow: 0 });
  chain.close();
});

async function until(holds: () => boolean): Promise<void> {
  for (const from = performance.now(); !holds() && performance.now() - from < 10_000;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
