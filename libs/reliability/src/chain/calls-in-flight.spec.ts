import { Call } from '../core/call.js';
import type { AroundPolicy, Next } from '../core/policy.js';
import { PLAIN_USE } from '../core/use.js';
import { settlePromises } from '../testing/manual-clock.js';
import { pendingWork } from '../testing/pending-work.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { BUILTIN_POLICIES } from './builtin-policies.js';
import { Chain } from './chain.js';
import { PolicyFactory } from './policy-factory.js';
import { parsePolicySet, type PolicySet } from './policy-set.js';

function chainOf(set: PolicySet) {
  const capabilities = testCapabilities();
  const factory = new PolicyFactory(BUILTIN_POLICIES, capabilities);
  const links = parsePolicySet(factory, set, '').map(({ definition, options }) => ({
    policy: factory.createParsed(definition, 'p', options),
    slot: definition.slot,
    use: PLAIN_USE,
  }));
  const chain = new Chain(links, (call) => (call.target as Next)(call), capabilities);
  const execute = (work: () => unknown, signal?: AbortSignal) => {
    const call = new Call('call', work, undefined, []);
    if (signal !== undefined) call.follow(signal);
    return chain.execute(call) as Promise<unknown>;
  };
  return { chain, execute, links, capabilities, clock: capabilities.clock };
}

const SETS: readonly PolicySet[] = [
  { circuitBreaker: {} },
  { bulkhead: {} },
  { timeLimit: {} },
  { deadline: { limitMs: 1_000 } },
  { retry: {} },
  { hedge: { delayMs: 100 } },
  { fallback: { value: 'kept' } },
  { fallback: { value: 'kept' }, timeLimit: {} },
  { retry: {}, circuitBreaker: {}, rateLimit: { limit: 10, windowMs: 1_000 }, bulkhead: {}, timeLimit: {} },
];

describe('calls in flight', () => {
  it.each(SETS.map((set) => [Object.keys(set).join(', '), set] as const))(
    'are counted until their callers have an answer: %s',
    async (_, set) => {
      const { chain, execute } = chainOf(set);
      const work = pendingWork<string>();
      const failing = pendingWork<string>();
      const good = execute(() => work.promise);
      const bad = execute(() => failing.promise);
      bad.catch(() => undefined);
      expect(chain.inFlight).toBeGreaterThanOrEqual(2);
      work.resolve('done');
      await good;
      await settlePromises();
      expect(chain.inFlight).toBeGreaterThanOrEqual(1);
      failing.reject(new RangeError('not repeated'));
      await bad.catch(() => undefined);
      await settlePromises();
      expect(chain.inFlight).toBe(0);
    },
  );

  it('are counted while a retry sleeps', async () => {
    const { chain, execute, clock } = chainOf({ retry: { attempts: 2, backoff: { kind: 'fixed', delayMs: 100 } } });
    let attempts = 0;
    const answer = execute(() => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' })) : 'done';
    });
    await settlePromises();
    expect(chain.inFlight).toBe(1);
    await clock.run(200);
    expect([await answer, chain.inFlight]).toEqual(['done', 0]);
  });

  it.each([
    ['failed later', () => Promise.reject(new Error('down'))],
    [
      'failed at once',
      () => {
        throw new Error('down');
      },
    ],
  ])('are counted while a fallback answers for work that %s', async (_, work) => {
    const kept = pendingWork<string>();
    const { chain, execute } = chainOf({ fallback: { handler: () => kept.promise }, circuitBreaker: {} });
    const answer = execute(work);
    await settlePromises();
    expect(chain.inFlight).toBe(1);
    kept.resolve('kept');
    expect(await answer).toBe('kept');
    await settlePromises();
    expect(chain.inFlight).toBe(0);
  });

  it('are no longer counted once a time limit has answered, though the work goes on', async () => {
    const { chain, execute, clock } = chainOf({ timeLimit: { limitMs: 50 } });
    const answer = execute(() => new Promise(() => undefined));
    answer.catch(() => undefined);
    expect(chain.inFlight).toBe(1);
    await clock.run(50);
    await expect(answer).rejects.toMatchObject({ code: 'CALL_TIMEOUT' });
    expect(chain.inFlight).toBe(0);
  });

  it.each([
    [{ circuitBreaker: {}, timeLimit: { limitMs: 10_000 } }],
    [{ circuitBreaker: {}, timeLimit: { limitMs: 10_000, strategy: 'cooperative' } }],
    [{ deadline: { limitMs: 10_000 }, bulkhead: {}, timeLimit: { strategy: 'cooperative' } }],
    [{ timeLimit: { limitMs: 10_000 } }],
  ] as const satisfies readonly (readonly [PolicySet])[])(
    'are no longer counted once their caller gave up, though the work hangs: %j',
    async (set) => {
      const { chain, execute } = chainOf(set);
      const caller = new AbortController();
      const answer = execute(() => new Promise(() => undefined), caller.signal);
      answer.catch(() => undefined);
      expect(chain.inFlight).toBe(1);
      caller.abort(new Error('gave up'));
      await expect(answer).rejects.toThrow('gave up');
      await settlePromises();
      expect(chain.inFlight).toBe(0);
    },
  );

  it('are those of one chain, whoever else uses its policies', async () => {
    const { chain, links, capabilities } = chainOf({ circuitBreaker: {}, timeLimit: {} });
    const other = new Chain(links, (call) => (call.target as Next)(call), capabilities);
    const work = pendingWork();
    const answer = other.execute(new Call('call', () => work.promise, undefined, []));
    expect([chain.inFlight, other.inFlight]).toEqual([0, 1]);
    work.resolve('done');
    await answer;
  });

  it('are counted while a policy of ones own is at work around those that count', async () => {
    const { links, capabilities } = chainOf({ timeLimit: {} });
    const before = pendingWork();
    const after = pendingWork();
    const around: AroundPolicy = {
      kind: 'around',
      type: 'slow',
      name: 'p',
      intercept: async (call, next) => {
        await before.promise;
        const result = await next(call);
        await after.promise;
        return result;
      },
      inspect: () => ({ type: 'slow', name: 'p' }),
      reconfigure: () => undefined,
    };
    const chain = new Chain(
      [{ policy: around, slot: 'fallback', use: PLAIN_USE }, ...links],
      (call) => (call.target as Next)(call),
      capabilities,
    );
    const answer = chain.execute(new Call('call', () => Promise.resolve('done'), undefined, []));
    expect(chain.inFlight).toBe(1);
    before.resolve(undefined);
    await settlePromises();
    expect(chain.inFlight).toBe(1);
    after.resolve(undefined);
    expect(await answer).toBe('done');
    await settlePromises();
    expect(chain.inFlight).toBe(0);
  });
});
