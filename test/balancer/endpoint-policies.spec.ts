import { buildChain, EventBus, isNoEndpoint, type LoadBalancerHandle } from '@marketprism/reliability';
import { ManualClock, seededRandom } from '@marketprism/reliability/testing';
import { ringHash } from '@marketprism/reliability/balancers';

const capabilities = () => ({ clock: new ManualClock(), random: seededRandom(1), emit: new EventBus() });
const fail = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));

test('the breaker of one endpoint opens for that endpoint alone, and it is asked again when its time is over', async () => {
  const given = capabilities();
  const chain = buildChain(
    {
      balancer: {
        endpoints: [{ id: 'a' }, { id: 'b' }],
        passiveHealth: false,
        circuitBreaker: { consecutiveFailures: 3, openForMs: 5_000, openForJitter: 0 },
      },
    },
    given,
  );
  const went: string[] = [];
  const call = () =>
    chain
      .execute(({ endpoint }) => {
        went.push(endpoint!.id);
        return endpoint!.id === 'a' ? fail() : Promise.resolve('ok');
      })
      .catch(() => 'failed');
  for (let count = 0; count < 10; count += 1) await call();
  expect(went.join('')).toBe('abababbbbb');
  given.clock.advance(5_001);
  await call();
  await call();
  expect(went.slice(10)).toContain('a');
  const balancer = chain.policy('load-balancer') as LoadBalancerHandle;
  expect(balancer.inspect(given.clock.now()).endpoints[0]!.policies).toMatchObject([{ type: 'circuit-breaker' }]);
});

test('the limit of one endpoint sends further calls to the next, and all are refused when all are used up', async () => {
  const given = capabilities();
  const chain = buildChain(
    {
      balancer: {
        strategy: 'round-robin',
        endpoints: [{ id: 'a' }, { id: 'b' }],
        rateLimit: { algorithm: 'fixed-window', limit: 2, windowMs: 1_000 },
      },
    },
    given,
  );
  const went: string[] = [];
  const call = () =>
    chain.execute(({ endpoint }) => {
      went.push(endpoint!.id);
    });
  for (let count = 0; count < 4; count += 1) await call();
  expect(went).toEqual(['a', 'b', 'a', 'b']);
  const refused = await call().catch((error: unknown) => error);
  expect(isNoEndpoint(refused)).toBe(true);
  expect(refused).toMatchObject({ reason: 'refused' });
  given.clock.advance(1_000);
  await call();
  expect(went).toHaveLength(5);
});

test('a consistent-hash strategy places calls by its key', async () => {
  const chain = buildChain({
    balancer: {
      strategy: ringHash({ key: ({ args }) => String(args[0]) }),
      endpoints: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    },
  });
  const place = (key: string) => chain.execute(({ endpoint }) => endpoint!.id, { args: [key] });
  const first = await Promise.all(['BTC', 'ETH', 'SOL', 'XRP', 'ADA'].map(place));
  const second = await Promise.all(['BTC', 'ETH', 'SOL', 'XRP', 'ADA'].map(place));
  expect(second).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(1);
});
