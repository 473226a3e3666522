import { setTimeout as pause } from 'node:timers/promises';
import { isRateLimited, type Permit, systemCapabilities } from '@marketprism/reliability';
import {
  redisConnection,
  type SharedRateLimiter,
  type SharedRateLimiterOptions,
  SharedStore,
  type SharedStoreOptions,
} from '@marketprism/reliability/redis';
import { RecordedEvents, testCall } from '@marketprism/reliability/testing';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { redisServer } from '../engines/redis.js';
import { eventually } from '../engines/eventually.js';
import { CLIENTS, type ClientKind, connect, sharedLimiter, type TestClient } from './clients.js';

const COMMAND_MS = 100;

interface Instance {
  readonly limiter: SharedRateLimiter;
  readonly store: SharedStore;
  readonly events: RecordedEvents;
  readonly client: TestClient;
}

describeWithEngines(['redis-server'], 'a limit shared through Redis', () => {
  let server: Engine;
  let name = 0;
  const opened: Instance[] = [];

  beforeEach(async () => {
    server = await (await redisServer()).start();
    name += 1;
  });
  afterEach(async () => {
    for (const { limiter, client } of opened.splice(0)) {
      limiter.close();
      client.close();
    }
    await server.kill();
  });

  async function instance(
    options: SharedRateLimiterOptions,
    { kind = 'node-redis', ...storeOptions }: SharedStoreOptions & { kind?: ClientKind } = {},
  ): Promise<Instance> {
    const client = await connect(kind, server.port);
    const capabilities = systemCapabilities();
    const events = new RecordedEvents(capabilities.emit);
    const store = new SharedStore(redisConnection(client.client), capabilities, {
      commandMs: COMMAND_MS,
      firstProbeMs: 20,
      longestProbeMs: 100,
      ...storeOptions,
    });
    const made = { limiter: sharedLimiter(`l${name}`, options, store, capabilities), store, events, client };
    opened.push(made);
    return made;
  }

  /** Takes as much as there is, from several callers at once, and gives when each permit came. */
  async function hammer({ limiter }: Instance, forMs: number, callers = 10): Promise<number[]> {
    const admitted: number[] = [];
    const until = performance.now() + forMs;
    const caller = async () => {
      while (performance.now() < until) {
        try {
          await limiter.acquire();
          admitted.push(performance.now());
        } catch (error) {
          if (!isRateLimited(error)) throw error;
          await pause(1);
        }
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return admitted;
  }

  function mostInAnyWindow(times: readonly number[], windowMs: number): number {
    const sorted = times.toSorted((a, b) => a - b);
    let most = 0;
    for (let first = 0, last = 0; last < sorted.length; last += 1) {
      while (sorted[last]! - sorted[first]! >= windowMs) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  describe.each(CLIENTS)('with %s', (kind) => {
    it('strict: instances together admit the limit and not one more', async () => {
      const options: SharedRateLimiterOptions = {
        decide: 'strict',
        mode: 'reject',
        algorithm: 'sliding-window',
        limit: 50,
        windowMs: 60_000,
      };
      const instances = await Promise.all([1, 2, 3].map(() => instance(options, { kind })));
      const admitted = (await Promise.all(instances.map((each) => hammer(each, 200)))).flat();
      expect(admitted.length).toBeLessThanOrEqual(50);
      // One that was taken for a caller and came back unused may find nobody who has not been told to wait.
      expect(admitted.length).toBeGreaterThanOrEqual(45);
    });

    it('leased: instances together exceed the limit by no more than their leases', async () => {
      const options: SharedRateLimiterOptions = {
        mode: 'reject',
        algorithm: 'sliding-window',
        limit: 100,
        windowMs: 500,
        leaseMs: 100,
      };
      const instances = await Promise.all([1, 2, 3].map(() => instance(options, { kind })));
      const admitted = (await Promise.all(instances.map((each) => hammer(each, 1_600)))).flat();
      // A(W) + instances · share of the limit each may hold: 100 + 3 · 10.
      expect(mostInAnyWindow(admitted, 500)).toBeLessThanOrEqual(130);
      expect(admitted.length).toBeGreaterThan(150);
    });

    it('keeps keys apart', async () => {
      const { limiter } = await instance({ decide: 'strict', mode: 'reject', limit: 2, windowMs: 60_000 }, { kind });
      await Promise.all([
        limiter.acquire({ key: 'a', cost: 2 }),
        limiter.acquire({ key: 'b', cost: 2 }),
        limiter.acquire({ cost: 2 }),
      ]);
      await expect(limiter.acquire({ key: 'a' })).rejects.toMatchObject({ reason: 'limit', key: 'a' });
    });

    it.each(['SIGKILL', 'SIGSTOP'] as const)(
      'carries on with its share when the server is lost by %s, and returns to it',
      async (signal) => {
        const shared: SharedRateLimiterOptions = {
          mode: 'reject',
          limit: 1_000,
          windowMs: 1_000,
          leaseMs: 50,
          instances: 4,
        };
        const one = await instance(shared, { kind });
        expect((await hammer(one, 200)).length).toBeGreaterThan(0);
        if (signal === 'SIGKILL') await server.kill();
        else server.hang();
        let duringOutage = 0;
        const lost = performance.now();
        // The server stays away: a call that waited for it would end the test by its time-out.
        while (performance.now() < lost + 1_000) {
          try {
            await one.limiter.acquire();
            duringOutage += 1;
          } catch (error) {
            if (!isRateLimited(error)) throw error;
          }
          await pause(0);
        }
        const outageMs = performance.now() - lost;
        // A quarter of the limit per second, and what was leased before.
        expect(duringOutage).toBeGreaterThan(10);
        expect(duringOutage).toBeLessThanOrEqual(0.25 * outageMs + 100 + 10);
        expect(one.store.available).toBe(false);
        expect(one.events.of('rate-limiter.store')).toMatchObject([{ available: false, fallback: 'local' }]);
        if (signal === 'SIGKILL') await server.start();
        else server.resume();
        const back = performance.now() + 10_000;
        while (!one.store.available && performance.now() < back) {
          await one.limiter.acquire().catch(() => undefined);
          await pause(10);
        }
        expect(one.events.of('rate-limiter.store').map(({ available }) => available)).toEqual([false, true]);
        // On a busy machine an answer may come late once more; in the end the store decides alone.
        const decidedByStore = async () => {
          const before = one.limiter.inspect(0)['admittedInOutage'];
          const admitted = await hammer(one, 200);
          return admitted.length > 0 && one.limiter.inspect(0)['admittedInOutage'] === before;
        };
        await eventually(decidedByStore);
      },
      30_000,
    );
  });

  it('loads its script again when the server has lost it', async () => {
    const { limiter, client } = await instance({ decide: 'strict', limit: 10 });
    await limiter.acquire();
    await client.send('SCRIPT', 'FLUSH');
    await expect(limiter.acquire()).resolves.toBeUndefined();
  });

  it('uses its fallback when the server is full', async () => {
    const { limiter, client, events } = await instance({
      decide: 'strict',
      mode: 'reject',
      limit: 10,
      fallback: 'closed',
    });
    await limiter.acquire();
    await client.send('CONFIG', 'SET', 'maxmemory', '1');
    await expect(limiter.acquire({ key: 'new' })).rejects.toMatchObject({ reason: 'store-unavailable' });
    expect(events.of('rate-limiter.store')).toMatchObject([{ available: false, fallback: 'closed' }]);
    await client.send('CONFIG', 'SET', 'maxmemory', '0');
    await pause(60);
    await limiter.acquire().catch(() => undefined);
    await pause(60);
    await expect(limiter.acquire()).resolves.toBeUndefined();
  });

  it('admits everything meanwhile when told to', async () => {
    const { limiter } = await instance({ mode: 'reject', limit: 1, fallback: 'open' });
    await server.kill();
    for (let index = 0; index < 20; index += 1) await limiter.acquire();
    expect(limiter.inspect(0)).toMatchObject({ admittedInOutage: 20, storeAvailable: false });
  });

  it('lets callers wait for their turn, the more urgent first', async () => {
    const { limiter } = await instance({ decide: 'strict', algorithm: 'gcra', limit: 20, windowMs: 1_000 });
    const order: string[] = [];
    const go = async (name: string, priority: 'high' | 'low') => {
      await limiter.acquire({ priority });
      order.push(name);
    };
    const started = performance.now();
    await go('first', 'low');
    await Promise.all([go('low 1', 'low'), go('low 2', 'low'), go('high', 'high')]);
    expect(order).toEqual(['first', 'high', 'low 1', 'low 2']);
    expect(performance.now() - started).toBeGreaterThan(140);
  });

  it.each(['strict', 'leased'] as const)(
    '%s: refuses who could not be served in time as soon as the server says so, with the time when it could',
    async (decide) => {
      const options = { decide, algorithm: 'sliding-window', limit: 1, windowMs: 60_000, maxWaitMs: 20_000 } as const;
      const [one, other] = [await instance(options), await instance(options)];
      await one.limiter.acquire();
      const error: unknown = await other.limiter.acquire().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ reason: 'wait-too-long' });
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(20_000);
    },
  );

  it.each(['strict', 'leased'] as const)('%s: decides at once though others wait for permits', async (decide) => {
    const { limiter } = await instance({
      decide,
      algorithm: 'sliding-window',
      limit: 2,
      windowMs: 60_000,
      // Beyond the window: at its length the answer's way decides whether the wait is too long.
      maxWaitMs: 120_000,
    });
    await limiter.acquire();
    const waits = limiter.acquire({ cost: 2 });
    await eventually(() => expect(limiter.inspect(0)['waiting']).toMatchObject({ normal: 1 }));
    const costly = await limiter.decide(undefined, 2);
    expect([costly.admitted, costly.reason]).toEqual([false, 'limit']);
    expect(costly.retryAfterMs).toBeGreaterThan(10_000);
    // Nor does it overtake them.
    expect(await limiter.decide()).toMatchObject({ admitted: false, reason: 'limit' });
    limiter.close();
    await expect(waits).rejects.toMatchObject({ reason: 'closed' });
  });

  it('gives leases that are not used back, so that others can use them', async () => {
    const options: SharedRateLimiterOptions = {
      mode: 'reject',
      algorithm: 'sliding-window',
      limit: 10,
      windowMs: 60_000,
      leaseMs: 80,
      maxLeaseShare: 1,
    };
    const [one, other] = [await instance(options), await instance(options)];
    await one.limiter.acquire();
    await expect(other.limiter.acquire()).rejects.toMatchObject({ reason: 'limit' });
    await pause(200);
    // The other has heard that there is nothing for a minute; a third has not.
    const third = await instance(options);
    const admitted = await hammer(third, 100);
    expect(admitted).toHaveLength(9);
    expect(one.limiter.inspect(0)).toMatchObject({ returned: 9 });
  });

  it('gives the permit of a call that was refused further in back to the lease', async () => {
    const { limiter } = await instance({
      decide: 'strict',
      mode: 'reject',
      limit: 1,
      windowMs: 60_000,
      algorithm: 'sliding-window',
    });
    const call = testCall();
    const permit: Permit = await limiter.admit(call, performance.now(), { site: 'test' });
    limiter.settle(permit, { kind: 'ignored', error: new Error('circuit open') }, call, performance.now());
    await pause(50);
    expect(limiter.inspect(0)).toMatchObject({ returned: 1 });
    const other = await instance({
      decide: 'strict',
      mode: 'reject',
      limit: 1,
      windowMs: 60_000,
      algorithm: 'sliding-window',
    });
    await expect(other.limiter.acquire()).resolves.toBeUndefined();
  });

  it('learns of one window among several by its length, from what is left or used of it', async () => {
    const windows = [
      { limit: 10, windowMs: 100 },
      { limit: 100, windowMs: 60_000 },
    ];
    const { limiter } = await instance({ algorithm: 'sliding-window', decide: 'strict', mode: 'reject', windows });
    await limiter.learn({ remaining: 0 });
    await eventually(async () => (await limiter.decide()).admitted);
    await limiter.learn({ used: 98, windowMs: 60_000 });
    await limiter.learn({ used: 50, windowMs: 7 });
    await pause(100);
    const decisions = [await limiter.decide(), await limiter.decide(), await limiter.decide()];
    expect(decisions.map(({ admitted }) => admitted)).toEqual([true, true, false]);
  });

  it('applies what a server said to all instances', async () => {
    const options: SharedRateLimiterOptions = { decide: 'strict', mode: 'reject', limit: 10, windowMs: 60_000 };
    const [one, other] = [await instance(options), await instance(options)];
    await one.limiter.learn({ remaining: 2 });
    expect(await hammer(other, 100)).toHaveLength(2);
  });

  it('sends nothing while its client is not connected', async () => {
    const { limiter, store, client } = await instance({ mode: 'reject', limit: 10, fallback: 'closed' });
    client.close();
    const asked = performance.now();
    await expect(limiter.acquire()).rejects.toMatchObject({ reason: 'store-unavailable' });
    expect(performance.now() - asked).toBeLessThan(50);
    expect(store.counters.answered + store.counters.failed).toBe(0);
  });
});
