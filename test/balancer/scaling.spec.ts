import { buildChain, type LoadBalancerHandle } from '@marketprism/reliability';
import { childProcessProvisioner } from '@marketprism/reliability/balancers';
import { INSTANCE_MODULE, load } from './child-instances.js';

test('processes come with the load, ten and more, get calls, and go without a failed call when it falls', async () => {
  const chain = buildChain({
    balancer: {
      strategy: 'least-connections',
      scaling: {
        min: 1,
        max: 12,
        capacity: 2,
        targetUtilization: 0.7,
        intervalMs: 200,
        upCooldownMs: 300,
        downCooldownMs: 500,
        stabilizationMs: 500,
        provisioner: childProcessProvisioner({ module: INSTANCE_MODULE, env: { DELAY_MS: '100' }, execArgv: [] }),
      },
    },
  });
  const balancer = chain.policy('load-balancer') as LoadBalancerHandle;
  const size = () => balancer.inspect(performance.now()).endpoints.length;
  await until(() => size() >= 1);
  expect(size()).toBe(1);

  const used = new Set<string>();
  const call = () =>
    chain.execute(async ({ endpoint }) => {
      const answer = await (await fetch(endpoint!.url!)).text();
      used.add(answer);
      return answer;
    });
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, size());
  }, 20);
  // 200 calls a second of 100 ms each: 20 under way, which 14 endpoints would carry well; 12 are allowed.
  let answered = 0;
  for (const from = performance.now(); used.size < 12 && performance.now() - from < 20_000;) {
    answered += (await load(200, 1_000, call)).length;
  }
  expect(answered).toBeGreaterThanOrEqual(used.size);
  expect(most).toBe(12);
  expect(used.size).toBe(12);

  await load(10, 5_000, call);
  clearInterval(watching);
  await until(() => size() <= 3);
  expect(size()).toBeLessThanOrEqual(3);
  expect(balancer.inspect(performance.now()).scaling).toMatchObject({ startFailures: 0 });
  chain.close();
  await until(() => size() === 0);
  expect(size()).toBe(0);
}, 60_000);

test('a process that ends by itself is replaced', async () => {
  const chain = buildChain({
    balancer: {
      scaling: {
        min: 2,
        max: 3,
        intervalMs: 100,
        provisioner: childProcessProvisioner({ module: INSTANCE_MODULE, execArgv: [] }),
      },
    },
  });
  const balancer = chain.policy('load-balancer') as LoadBalancerHandle;
  const ids = () => balancer.inspect(performance.now()).endpoints.map(({ id }) => id);
  await until(() => ids().length === 2);
  const [first] = ids();
  process.kill(Number(first!.replace('child-', '')), 'SIGKILL');
  await until(() => !ids().includes(first!) && ids().length === 2);
  expect(ids()).not.toContain(first);
  expect(ids()).toHaveLength(2);
  chain.close();
  await until(() => ids().length === 0);
}, 60_000);

async function until(holds: () => boolean): Promise<void> {
  for (const from = performance.now(); !holds() && performance.now() - from < 15_000;) {
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
