import { buildChain, isBulkheadFull, isCallTimeout, isDeadlineExceeded, type Work } from '@marketprism/reliability';
import { pendingWork, settlePromises, testCapabilities } from '@marketprism/reliability/testing';

/** Work that takes its time and does not listen to its signal, with the number of those under way and their most. */
function deafWork(setup: ReturnType<typeof testCapabilities>, tookMs: number) {
  const counts = { running: 0, most: 0, calls: 0 };
  const work: Work<Promise<string>> = () => {
    counts.calls += 1;
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    return new Promise((resolve) => {
      setup.clock.schedule(tookMs, () => {
        counts.running -= 1;
        resolve('done');
      });
    });
  };
  return { work, counts };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: { code?: string }) => error.code,
  );

describe('work that a time limit has left behind', () => {
  // Two peers measured with two slots, a limit of 20 ms and work of 500 ms: twenty executions side by side.
  it('keeps its slot: capacity 2, a limit of 20 ms and work of 500 ms never have more than 2 at work', async () => {
    const setup = testCapabilities();
    const { work, counts } = deafWork(setup, 500);
    const chain = buildChain({ bulkhead: { maxConcurrent: 2, maxQueued: 0 }, timeLimit: { limitMs: 20 } }, setup);
    const codes: Promise<unknown>[] = [];
    for (let step = 0; step < 100; step += 1) {
      codes.push(codeOf(chain.execute(work)));
      await setup.clock.run(10);
    }
    await setup.clock.run(1_000);
    const seen = await Promise.all(codes);
    expect(counts).toEqual({ running: 0, most: 2, calls: 4 });
    expect(seen.filter((code) => code === 'CALL_TIMEOUT')).toHaveLength(4);
    expect(seen.filter((code) => code === 'BULKHEAD_FULL')).toHaveLength(96);
    expect(chain.policy('bulkhead')!.inspect(0)).toMatchObject({ inFlight: 0, abandoned: 0, admitted: 4 });
  });

  it('is counted: as timed out by the limit, as abandoned by the bulkhead, as late when it ends', async () => {
    const setup = testCapabilities();
    const { work } = deafWork(setup, 500);
    const chain = buildChain({ bulkhead: {}, timeLimit: { limitMs: 20 } }, setup);
    const result = chain.execute(work);
    result.catch(() => undefined);
    await setup.clock.run(20);
    expect(isCallTimeout(await result.catch((error: unknown) => error))).toBe(true);
    expect(chain.policy('bulkhead')!.inspect(20)).toMatchObject({ inFlight: 1, abandoned: 1 });
    expect(chain.policy('time-limit')!.inspect(20)).toMatchObject({ exceeded: 1, running: 1, lateResults: 0 });
    await setup.clock.run(480);
    expect(chain.policy('bulkhead')!.inspect(500)).toMatchObject({ inFlight: 0, abandoned: 0 });
    expect(chain.policy('time-limit')!.inspect(500)).toMatchObject({ exceeded: 1, running: 0, lateResults: 1 });
  });

  it('keeps its slot when the deadline of the whole call has passed too', async () => {
    const setup = testCapabilities();
    const { work } = deafWork(setup, 500);
    const chain = buildChain(
      { deadline: { limitMs: 100 }, retry: { attempts: 2 }, bulkhead: { maxConcurrent: 1, maxQueued: 0 } },
      setup,
    );
    const result = chain.execute(work).catch((error: unknown) => error);
    await setup.clock.run(100);
    expect(isDeadlineExceeded(await result)).toBe(true);
    expect(chain.policy('bulkhead')!.inspect(100)).toMatchObject({ inFlight: 1, abandoned: 1 });
    expect(isBulkheadFull(await chain.execute(work).catch((error: unknown) => error))).toBe(true);
    await setup.clock.run(400);
    expect(chain.policy('bulkhead')!.inspect(500)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });

  it('of a hedge that lost keeps its slot until it ends', async () => {
    const setup = testCapabilities();
    const attempts = [pendingWork<string>(), pendingWork<string>()];
    let sent = 0;
    const chain = buildChain({ hedge: { delayMs: 50 }, bulkhead: { maxConcurrent: 2 } }, setup);
    const result = chain.execute(() => attempts[sent++]!.promise);
    await setup.clock.run(50);
    expect(chain.policy('bulkhead')!.inspect(50)).toMatchObject({ inFlight: 2 });
    attempts[1]!.resolve('second');
    expect(await result).toBe('second');
    expect(chain.policy('bulkhead')!.inspect(50)).toMatchObject({ inFlight: 1, abandoned: 1 });
    attempts[0]!.resolve('first');
    await settlePromises();
    expect(chain.policy('bulkhead')!.inspect(50)).toMatchObject({ inFlight: 0, abandoned: 0 });
  });
});

describe('a hedge', () => {
  it('goes to another endpoint than the attempt that it overtakes', async () => {
    const setup = testCapabilities();
    const asked: string[] = [];
    const chain = buildChain(
      {
        hedge: { delayMs: 50 },
        balancer: {
          endpoints: [
            { id: 'a', url: 'http://a.test' },
            { id: 'b', url: 'http://b.test' },
          ],
        },
      },
      setup,
    );
    const result = chain.execute(({ endpoint }) => {
      asked.push(endpoint!.id);
      return asked.length === 1 ? pendingWork<string>().promise : Promise.resolve(endpoint!.id);
    });
    await setup.clock.run(50);
    expect(await result).toBe(asked[1]);
    expect([...asked].sort()).toEqual(['a', 'b']);
  });

  it('outlives the time limit of the attempt that it was sent for', async () => {
    const setup = testCapabilities();
    const signals: AbortSignal[] = [];
    const attempts = [pendingWork<string>(), pendingWork<string>()];
    const chain = buildChain({ hedge: { delayMs: 50 }, timeLimit: { limitMs: 80 } }, setup);
    const result = chain.execute(({ signal }) => attempts[signals.push(signal) - 1]!.promise);
    await setup.clock.run(100);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    attempts[1]!.resolve('second');
    expect(await result).toBe('second');
  });

  it('leaves no trace of the loser on the breaker', async () => {
    const setup = testCapabilities();
    const attempts = [pendingWork<string>(), pendingWork<string>()];
    let sent = 0;
    const chain = buildChain({ hedge: { delayMs: 50 }, circuitBreaker: { consecutiveFailures: 1 } }, setup);
    const result = chain.execute(() => attempts[sent++]!.promise);
    await setup.clock.run(50);
    attempts[1]!.resolve('second');
    await result;
    attempts[0]!.reject(new Error('aborted'));
    await settlePromises();
    expect(await chain.execute(() => 'still closed')).toBe('still closed');
  });

  it('that is refused by a full bulkhead leaves the first attempt alone', async () => {
    const setup = testCapabilities();
    const first = pendingWork<string>();
    const chain = buildChain({ hedge: { delayMs: 50 }, bulkhead: { maxConcurrent: 1, maxQueued: 0 } }, setup);
    const result = chain.execute(() => first.promise);
    await setup.clock.run(50);
    expect(chain.policy('bulkhead')!.inspect(50)).toMatchObject({ refused: { full: 1 } });
    first.resolve('first');
    expect(await result).toBe('first');
  });
});

describe('a deadline', () => {
  it('ends a wait in the queue of a bulkhead, and starts nothing afterwards', async () => {
    const setup = testCapabilities();
    const first = pendingWork<string>();
    const chain = buildChain({ deadline: { limitMs: 100 }, bulkhead: { maxConcurrent: 1, maxWaitMs: 10_000 } }, setup);
    const codes = [codeOf(chain.execute(() => first.promise))];
    const never = jest.fn();
    codes.push(codeOf(chain.execute(never)));
    // In one go, as timers of one tick run.
    await settlePromises();
    setup.clock.advance(100);
    expect(await Promise.all(codes)).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    first.resolve('late');
    await settlePromises();
    expect(never).not.toHaveBeenCalled();
    expect(chain.policy('bulkhead')!.inspect(100)).toMatchObject({ inFlight: 0, queued: 0 });
  });

  it('bounds the attempts of a retry and the waits between them', async () => {
    const setup = testCapabilities();
    let calls = 0;
    const chain = buildChain(
      { deadline: { limitMs: 250 }, retry: { backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } } },
      setup,
    );
    const code = codeOf(
      chain.execute(() => {
        calls += 1;
        return Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      }),
    );
    await setup.clock.run(1_000);
    expect(await code).toBeDefined();
    expect(calls).toBe(3);
  });
});
