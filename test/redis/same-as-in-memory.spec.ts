import fc from 'fast-check';
import {
  createRateLimiter,
  type Permit,
  type RateLimiterOptions,
  Refusal,
  systemCapabilities,
} from '@marketprism/reliability';
import { redisConnection, sharedLimit, SharedStore } from '@marketprism/reliability/redis';
import { testCall } from '@marketprism/reliability/testing';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { redisServer } from '../engines/redis.js';
import { connect, type TestClient } from './clients.js';

const SUBJECTS: Record<string, RateLimiterOptions> = {
  'token bucket': { algorithm: 'token-bucket', limit: 7, windowMs: 1_000, burst: 4 },
  'token bucket, empty at first': { algorithm: 'token-bucket', limit: 7, windowMs: 1_000, initialPermits: 0 },
  'gcra, burst 1': { algorithm: 'gcra', limit: 3, windowMs: 100 },
  pacing: { algorithm: 'pacing', limit: 9, windowMs: 1_000, slack: 3 },
  'sliding window': { algorithm: 'sliding-window', limit: 6, windowMs: 777 },
  'sliding-window counter': { algorithm: 'sliding-window-counter', limit: 6, windowMs: 500 },
  'fixed window': { algorithm: 'fixed-window', limit: 5, windowMs: 300 },
  'warm-up': { algorithm: 'warm-up', limit: 10, windowMs: 1_000, warmUpMs: 3_000 },
  'several windows': {
    windows: [
      { algorithm: 'sliding-window', limit: 4, windowMs: 100 },
      { algorithm: 'token-bucket', limit: 20, windowMs: 1_000 },
      { algorithm: 'fixed-window', limit: 60, windowMs: 5_000 },
    ],
  },
};

/** Nothing here waits. */
const systemClockStub = { wallNow: () => 0, schedule: () => ({ cancel: () => undefined }) };

const step = fc.record({
  ms: fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 60, noNaN: true }),
    fc.double({ min: 0, max: 2_000, noNaN: true }),
    // The server's clock is a wall clock: it steps back.
    fc.double({ min: -3_000, max: 0, noNaN: true }),
  ),
  operation: fc.constantFrom('take', 'take', 'take', 'take', 'lease', 'refund', 'drain', 'look'),
  amount: fc.integer({ min: 1, max: 4 }),
  which: fc.nat(5),
});

describeWithEngines(['redis-server'], 'limits in Redis', () => {
  let server: Engine;
  let client: TestClient;
  let store: SharedStore;
  let run = 0;

  beforeAll(async () => {
    server = await (await redisServer()).start();
    client = await connect('ioredis', server.port);
    store = new SharedStore(redisConnection(client.client), systemCapabilities(), { commandMs: 5_000 });
  });
  afterAll(async () => {
    client?.close();
    await server?.kill();
  });

  it.each(Object.entries(SUBJECTS))(
    'decide as in memory on the same schedule: %s',
    async (_, options) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30 }),
          fc.double({ min: 5_000, max: 1e10, noNaN: true }),
          async (steps, origin) => {
            let now = origin + steps[0]!.ms;
            const clock = { ...systemClockStub, now: () => now };
            const memory = createRateLimiter({ ...options, mode: 'reject' }, { clock });
            now = origin;
            const shared = sharedLimit(store, 'same', options, () => now);
            const key = `k${(run += 1)}`;
            const call = testCall();
            const taken: { cost: number; at: number; permit: Permit }[] = [];
            const take = (cost: number) => {
              const admission: unknown = memory.admit(call, now, { site: 'test', cost });
              if (admission instanceof Refusal) return { permits: 0, waitMs: admission.retryAfterMs! };
              taken.push({ cost, at: now, permit: admission as Permit });
              return { permits: cost, waitMs: 0 };
            };
            let refunded = 0;
            for (const { ms, operation, amount, which } of steps) {
              now += ms;
              const cost = Math.min(amount, shared.capacity);
              let expected = { permits: 0, waitMs: 0 };
              let answer;
              if (operation === 'take') {
                expected = take(cost);
                answer = await shared.take(key, cost);
              } else if (operation === 'lease') {
                const wait = memory.estimateWaitMs();
                const most = Math.max(1, Math.min(amount + 2, memory.remaining()));
                expected = wait > 0 ? { permits: 0, waitMs: wait } : take(most);
                answer = await shared.lease(key, amount + 2, 1);
              } else if (operation === 'refund' && taken[which] !== undefined) {
                const { cost: paid, at, permit } = taken.splice(which, 1)[0]!;
                memory.settle(permit, { kind: 'ignored', error: undefined }, call, now);
                const total = Number(memory.inspect(now)['refunded']);
                expected.permits = total - refunded;
                refunded = total;
                answer = await shared.refund(key, paid, at);
              } else if (operation === 'drain') {
                const windows = [undefined, ...(options.windows?.map((window) => window.windowMs) ?? [])];
                const windowMs = windows[which % windows.length];
                memory.learn({ remaining: amount - 1, windowMs });
                answer = await shared.drain(key, amount - 1, true, windowMs);
              } else {
                answer = await shared.look(key);
              }
              expect(answer).toEqual({
                permits: expect.closeTo(expected.permits, 9),
                waitMs: expected.waitMs,
                takenAt: now,
                remaining: memory.remaining(),
              });
            }
          },
        ),
        { numRuns: 60 },
      );
    },
    60_000,
  );

  it('use the server’s own time when none is given, and forget idle keys', async () => {
    const limit = sharedLimit(store, 'time', { limit: 2, windowMs: 200 });
    const first = await limit.take('a', 2);
    const second = await limit.take('a', 1);
    expect([first.permits, second.permits]).toEqual([2, 0]);
    expect(second.waitMs).toBeGreaterThan(0);
    expect(second.waitMs).toBeLessThanOrEqual(100);
    expect(Math.abs(first.takenAt + Date.UTC(2026, 0, 1) - Date.now())).toBeLessThan(5_000);
    const ttl = Number(await client.send('PTTL', 'time:{a}'));
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(1_201);
  });

  it('start over when the options change what is kept', async () => {
    const of = (options: RateLimiterOptions) => sharedLimit(store, 'changed', options);
    await of({ limit: 3 }).take('a', 3);
    expect((await of({ limit: 3 }).look('a')).remaining).toBe(0);
    expect((await of({ limit: 3, algorithm: 'fixed-window' }).look('a')).remaining).toBe(3);
  });
});
