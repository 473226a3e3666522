import { buildChain, type RetryOptions } from '@marketprism/reliability';
import { runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;

/** Every fifth attempt fails with an error made for it, as a client library does. */
function failingFifths(): () => Promise<unknown> {
  let attempts = 0;
  return async () => {
    attempts += 1;
    if (attempts % 5 === 0) throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
    return value;
  };
}

function fullChain(around: { deadline?: object }) {
  const chain = buildChain({
    ...around,
    retry: AT_ONCE,
    circuitBreaker: { consecutiveFailures: false },
    rateLimit: { limit: NEVER_IN_THE_WAY, windowMs: 1_000 },
    bulkhead: { maxConcurrent: 100 },
    timeLimit: {},
  });
  const work = failingFifths();
  return { run: () => chain.execute(work) };
}

const ours =
  (retry: RetryOptions): Subject =>
  () => {
    const chain = buildChain({ retry });
    return { run: () => chain.execute(fetchRate) };
  };

const swallowing =
  (work: () => Promise<unknown>): (() => Promise<unknown>) =>
  async () => {
    try {
      return await work();
    } catch {
      return undefined;
    }
  };

const AT_ONCE: RetryOptions = { backoff: { kind: 'fixed', delayMs: 0 }, budget: { form: 'tokens', ratio: 1 } };
const NEVER_IN_THE_WAY = 1e9;

await runBenches(import.meta.url, [
  {
    title: 'A call that succeeds at once',
    floor: 'bare call',
    subjects: {
      'bare call': () => ({ run: fetchRate }),
      'one more async function': () => ({ run: async () => await fetchRate() }),
      'chain without a policy': () => {
        const chain = buildChain({});
        return { run: () => chain.execute(fetchRate) };
      },
      'retry, history off': ours({ history: { size: 0 } }),
      'retry, history of retried operations (default)': ours({}),
      'retry, history of all operations': ours({ history: { of: 'all' } }),
      cockatiel: async () => {
        const { ConstantBackoff, handleAll, retry } = await import('cockatiel');
        const policy = retry(handleAll, { maxAttempts: 4, backoff: new ConstantBackoff(0) });
        return { run: () => policy.execute(fetchRate) };
      },
      'p-retry': async () => {
        const { default: pRetry } = await import('p-retry');
        return { run: () => pRetry(fetchRate, { retries: 4, minTimeout: 0 }) };
      },
    },
  },
  {
    title: 'One attempt in five fails, no delay before the next',
    floor: 'bare call',
    subjects: {
      'bare call': () => ({ run: swallowing(failingFifths()) }),
      'retry alone': () => {
        const [chain, work] = [buildChain({ retry: AT_ONCE }), failingFifths()];
        return { run: () => chain.execute(work) };
      },
      'full chain': () => fullChain({}),
      'full chain under a deadline': () => fullChain({ deadline: {} }),
      'p-retry': async () => {
        const { default: pRetry } = await import('p-retry');
        const work = failingFifths();
        return { run: () => pRetry(work, { retries: 4, minTimeout: 0 }) };
      },
    },
  },
]);
