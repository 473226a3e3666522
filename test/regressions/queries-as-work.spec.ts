import { buildChain, type ChainOptions } from '@marketprism/reliability';
import { settlePromises } from '@marketprism/reliability/testing';

// Work that gave a query (knex, Prisma, mongoose) or another library's promise was taken to have succeeded with a plain
// value: its failures reached neither breaker nor retry, and its slot was free while it ran.
describe('work that gives a thenable', () => {
  // eslint-disable-next-line unicorn/no-thenable
  const query = (then: unknown) => ({ then });
  const failing = () => {
    const down = Promise.reject(Object.assign(new Error('down'), { status: 503 }));
    return query((...reactions: [() => unknown, () => unknown]) => down.then(...reactions));
  };
  const run = (options: ChainOptions, work: () => unknown) => buildChain(options).execute(work);

  it('counts for the breaker by how it ends', async () => {
    const chain = buildChain({ circuitBreaker: { consecutiveFailures: 2 } });
    await expect(chain.execute(failing)).rejects.toThrow('down');
    await expect(chain.execute(failing)).rejects.toThrow('down');
    await expect(chain.execute(failing)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  it('is repeated when it fails', async () => {
    const work = jest.fn(failing);
    await expect(
      run({ circuitBreaker: {}, retry: { attempts: 3, backoff: { kind: 'fixed', delayMs: 0 } } }, work),
    ).rejects.toThrow('down');
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('holds its slot until it ends, and is begun once', async () => {
    const chain = buildChain({ bulkhead: { maxConcurrent: 1, maxQueued: 0 } });
    let end!: (value: string) => void;
    const then = jest.fn((resolve: (value: string) => void) => {
      end = resolve;
    });
    const first = chain.execute(() => query(then));
    await settlePromises();
    await expect(chain.execute(() => 'second')).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    end('first');
    await expect(first).resolves.toBe('first');
    await expect(chain.execute(() => 'second')).resolves.toBe('second');
    expect(then).toHaveBeenCalledTimes(1);
  });

  it('that cannot be looked at fails, and gives its slot back', async () => {
    const chain = buildChain({ bulkhead: { maxConcurrent: 1, maxQueued: 0 } });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    await expect(chain.execute(() => proxy)).rejects.toThrow(TypeError);
    await expect(chain.execute(() => 'second')).resolves.toBe('second');
  });
});
