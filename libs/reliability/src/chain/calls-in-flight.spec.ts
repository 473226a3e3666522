import { Call } from '../core/call.js';
import type { Next } from '../core/policy.js';
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
  const execute = (work: () => unknown) => chain.execute(new Call('call', work, undefined, [])) as Promise<unknown>;
  return { chain, execute, clock: capabilities.clock };
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
});
