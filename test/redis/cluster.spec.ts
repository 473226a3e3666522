import { setTimeout as pause } from 'node:timers/promises';
import { systemCapabilities } from '@marketprism/reliability';
import { redisConnection, SharedStore } from '@marketprism/reliability/redis';
import { describeWithEngines } from '../engines/engine.js';
import { redisCluster } from '../engines/redis.js';
import { CLIENTS, connectCluster, sharedLimiter } from './clients.js';

describeWithEngines(['redis-server'], 'a limit shared through a Redis cluster', () => {
  let cluster: Awaited<ReturnType<typeof redisCluster>>;

  beforeAll(async () => {
    cluster = await redisCluster();
  }, 60_000);
  afterAll(() => cluster?.stop());

  it.each(CLIENTS)(
    'keeps each key whole on its node, with %s',
    async (kind) => {
      const client = await connectCluster(
        kind,
        cluster.nodes.map(({ port }) => port),
      );
      const capabilities = systemCapabilities();
      const store = new SharedStore(redisConnection(client.client), capabilities, { commandMs: 1_000 });
      const limiter = sharedLimiter(
        `cluster-${kind}`,
        { decide: 'strict', mode: 'reject', algorithm: 'sliding-window', limit: 3, windowMs: 60_000 },
        store,
        capabilities,
      );
      try {
        const keys = Array.from({ length: 30 }, (_, key) => `tenant ${key}`);
        const admitted = new Map<string, number>();
        for (const key of keys) {
          const answers = await Promise.allSettled(Array.from({ length: 6 }, () => limiter.acquire({ key })));
          admitted.set(key, answers.filter(({ status }) => status === 'fulfilled').length);
        }
        expect([...new Set(admitted.values())]).toEqual([3]);
        expect(limiter.inspect(0)).toMatchObject({ admittedInOutage: 0, outages: 0 });
      } finally {
        limiter.close();
        await pause(20);
        client.close();
      }
    },
    60_000,
  );
});
