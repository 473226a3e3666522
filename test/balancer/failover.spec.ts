import { buildChain, type LoadBalancerHandle, type LoadBalancerOptions } from '@marketprism/reliability';
import { type ChildInstance, load, startInstances, stopInstances } from './child-instances.js';

const RETRY = { attempts: 4, backoff: { kind: 'exponential', baseMs: 20, capMs: 200 } } as const;
const get = async (url: string, signal?: AbortSignal) => (await fetch(url, { signal })).text();

let instances: ChildInstance[];

beforeEach(async () => {
  instances = await startInstances(5);
});

afterEach(() => stopInstances(instances));

function protectedBy(balancer: LoadBalancerOptions) {
  const endpoints = instances.map(({ id, url }) => ({ id, url }));
  const chain = buildChain({
    retry: { ...RETRY, budget: false },
    timeLimit: { limitMs: 2_000 },
    balancer: { ...balancer, endpoints },
  });
  return { chain, balancer: chain.policy('load-balancer') as LoadBalancerHandle };
}

describe.each(['weighted-round-robin', 'adaptive', 'least-connections'] as const)('with strategy %s', (strategy) => {
  test('two of five processes killed in mid-load: no call fails, and within 5 s none goes to them', async () => {
    const { chain, balancer } = protectedBy({ strategy });
    const dead = new Set<string>();
    let killedAt = Infinity;
    let lastAttemptAtDead = -Infinity;
    let attemptsAtDead = 0;
    const killing = new Promise<void>((resolve) => {
      setTimeout(() => {
        for (const { id, process: child } of instances.slice(0, 2)) {
          dead.add(id);
          child.kill('SIGKILL');
        }
        killedAt = performance.now();
        resolve();
      }, 500);
    });
    const call = () =>
      chain.execute(({ endpoint, signal }) => {
        if (dead.has(endpoint!.id)) {
          lastAttemptAtDead = performance.now();
          attemptsAtDead += 1;
        }
        return get(endpoint!.url!, signal);
      });
    const answers = await load(150, 2_500, call);
    await killing;
    expect(answers.length).toBeGreaterThan(0);
    expect(lastAttemptAtDead - killedAt).toBeLessThan(5_000);
    const attempts = attemptsAtDead;
    await load(150, 300, call);
    expect(attemptsAtDead).toBe(attempts);
    expect(balancer.inspect(performance.now()).failovers.retry).toBeGreaterThan(0);
    expect(dead.size).toBe(2);
    chain.close();
  });
});

test('when the whole first priority dies, calls go to the next level, and come back', async () => {
  const endpoints = instances.map(({ id, url }, index) => ({ id, url, priority: index < 2 ? 0 : 1 }));
  const chain = buildChain({
    retry: { ...RETRY, budget: false },
    balancer: {
      endpoints,
      passiveHealth: { consecutiveFailures: 3, maxEjectedShare: 1, baseEjectionMs: 60_000 },
    },
  });
  const levels = new Map(endpoints.map(({ id, priority }) => [id, priority]));
  const usedLevels = async (perSecond: number, forMs: number) =>
    new Set(
      await load(perSecond, forMs, () =>
        chain.execute(async ({ endpoint }) => {
          await get(endpoint!.url!);
          return levels.get(endpoint!.id);
        }),
      ),
    );
  expect(await usedLevels(100, 300)).toEqual(new Set([0]));
  for (const { process: child } of instances.slice(0, 2)) child.kill('SIGKILL');
  expect(await usedLevels(100, 1_000)).toEqual(new Set([1]));
  const balancer = chain.policy('load-balancer') as LoadBalancerHandle;
  expect(balancer.inspect(performance.now()).failovers.priority).toBeGreaterThan(50);
  chain.close();
});

test('active checks find a process that stopped being well, and one that is gone, without any call', async () => {
  const { chain, balancer } = protectedBy({
    healthCheck: { intervalMs: 50, timeoutMs: 500, path: '/health', unhealthyThreshold: 2 },
  });
  const services = () => balancer.inspect(performance.now()).endpoints.map(({ service }) => service);
  await fetch(`${instances[0]!.url}/sick`, { method: 'POST' });
  instances[1]!.process.kill('SIGKILL');
  await until(() => services().filter((service) => service === 'unhealthy').length === 2);
  expect(services()).toEqual(['unhealthy', 'unhealthy', 'in-service', 'in-service', 'in-service']);
  const used = new Set(await load(100, 200, () => chain.execute(({ endpoint }) => Promise.resolve(endpoint!.id))));
  expect(used).toEqual(new Set(['c', 'd', 'e']));
  chain.close();
  const { healthChecks } = balancer.inspect(performance.now());
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  expect(balancer.inspect(performance.now()).healthChecks).toEqual(healthChecks);
});

test('TCP checks tell a port that answers from one that does not', async () => {
  const { chain, balancer } = protectedBy({ healthCheck: { probe: 'tcp', intervalMs: 50, unhealthyThreshold: 1 } });
  instances[4]!.process.kill('SIGKILL');
  const services = () => balancer.inspect(performance.now()).endpoints.map(({ service }) => service);
  await until(() => services()[4] === 'unhealthy');
  expect(services()).toEqual(['in-service', 'in-service', 'in-service', 'in-service', 'unhealthy']);
  chain.close();
});

test('a drained process finishes its calls and gets no more', async () => {
  const { chain, balancer } = protectedBy({ strategy: 'round-robin' });
  const slow = Array.from({ length: 20 }, () => chain.execute(({ endpoint }) => get(endpoint!.url!)));
  const drained = balancer.drain('a');
  expect(balancer.inspect(performance.now()).endpoints[0]).toMatchObject({ id: 'a', service: 'draining', inFlight: 4 });
  const used = new Set(await load(200, 100, () => chain.execute(({ endpoint }) => Promise.resolve(endpoint!.id))));
  expect(used).toEqual(new Set(['b', 'c', 'd', 'e']));
  await Promise.all(slow);
  await drained;
  expect(balancer.inspect(performance.now()).endpoints.map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e']);
  chain.close();
});

async function until(holds: () => boolean): Promise<void> {
  for (const from = performance.now(); !holds() && performance.now() - from < 10_000;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
