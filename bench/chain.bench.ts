import 'reflect-metadata';
import {
  Bulkhead,
  buildChain,
  CircuitBreaker,
  PolicyRegistry,
  Protect,
  RateLimit,
  ReliabilityRuntime,
  Retry,
  TimeLimit,
} from '@marketprism/reliability';
import { type Operation, runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;

/** Large enough never to refuse: the presets of everything else. */
const RATE = { limit: 1e9, windowMs: 1_000 };

class Rates {
  async bare() {
    return value;
  }

  @Protect('nothing')
  async wrapped() {
    return value;
  }

  @Retry()
  @CircuitBreaker()
  @RateLimit(RATE)
  @Bulkhead()
  @TimeLimit()
  async fetch() {
    return value;
  }
}

async function attached(): Promise<Rates> {
  const { PolicyFactory, systemCapabilities, BUILTIN_POLICIES } = await import('@marketprism/reliability');
  const factory = new PolicyFactory(BUILTIN_POLICIES, systemCapabilities());
  return new ReliabilityRuntime(new PolicyRegistry(factory, { policies: { nothing: {} } })).attach(new Rates());
}

async function decorated(): Promise<Operation> {
  const rates = await attached();
  return { run: () => rates.fetch() };
}

/** What the wrapper alone costs: the name has no policies. */
async function wrapped(): Promise<Operation> {
  const rates = await attached();
  return { run: () => rates.wrapped() };
}

const chain =
  (options: Parameters<typeof buildChain>[0]): Subject =>
  () => {
    const built = buildChain(options);
    return { run: () => built.execute(fetchRate) };
  };

await runBenches(import.meta.url, [
  {
    title: 'Chain with the presets, admitted call',
    floor: 'bare await',
    subjects: {
      'bare await': () => {
        const rates = new Rates();
        return { run: () => rates.bare() };
      },
      'ours, the wrapper alone': wrapped,
      'ours, no policy': chain({}),
      'ours, retry + breaker + limiter + bulkhead + time limit, decorated': decorated,
      'ours, the same by execute': chain({
        retry: {},
        circuitBreaker: {},
        rateLimit: RATE,
        bulkhead: {},
        timeLimit: {},
      }),
      'ours, retry + breaker + limiter + bulkhead': chain({
        retry: {},
        circuitBreaker: {},
        rateLimit: RATE,
        bulkhead: {},
      }),
      'ours, breaker + limiter + bulkhead': chain({ circuitBreaker: {}, rateLimit: RATE, bulkhead: {} }),
      'cockatiel 3, retry + breaker + bulkhead + timeout': async () => {
        const { bulkhead, circuitBreaker, handleAll, retry, SamplingBreaker, timeout, TimeoutStrategy, wrap } =
          await import('cockatiel');
        const policy = wrap(
          retry(handleAll, { maxAttempts: 5 }),
          circuitBreaker(handleAll, {
            halfOpenAfter: 30_000,
            breaker: new SamplingBreaker({ threshold: 0.5, duration: 60_000, minimumRps: 1 }),
          }),
          bulkhead(1e6),
          timeout(30_000, TimeoutStrategy.Aggressive),
        );
        return { run: () => policy.execute(fetchRate) };
      },
      'opossum 9 + p-retry 7 + p-limit 7 (breaker, timeout, retry, bulkhead)': async () => {
        const [{ default: CircuitBreakerOfOpossum }, { default: pRetry }, { default: pLimit }] = await Promise.all([
          import('opossum'),
          import('p-retry'),
          import('p-limit'),
        ]);
        const breaker = new CircuitBreakerOfOpossum(fetchRate, { timeout: 30_000, errorThresholdPercentage: 50 });
        const limit = pLimit(1e6);
        return { run: () => pRetry(() => limit(() => breaker.fire()), { retries: 4 }) };
      },
    },
  },
]);
