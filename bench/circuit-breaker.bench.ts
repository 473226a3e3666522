import {
  buildChain,
  Call,
  circuitBreakerPolicy,
  type CircuitBreakerOptions,
  type PolicyContext,
  type Success,
  systemCapabilities,
} from '@marketprism/reliability';
import { type Operation, runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;
const failure = new Error('down');
const fail = async () => {
  throw failure;
};

let calls = 0;
/** Fails 49 times of 50, so that no failure rate below 1 is exceeded and no breaker here opens. */
const failMostly = async () => {
  calls += 1;
  if (calls % 50 === 0) return value;
  throw failure;
};

const CONSECUTIVE_ONLY: CircuitBreakerOptions = { failureRate: false, slowCallRate: false };

const NEVER_OPENS: CircuitBreakerOptions = { consecutiveFailures: false, failureRate: 1, minimumCalls: 100 };

/** Awaits what rejects, as a caller does who handles failures. */
const caught =
  (run: () => Promise<unknown>): (() => Promise<unknown>) =>
  async () => {
    try {
      return await run();
    } catch (error) {
      return error;
    }
  };

const bare =
  (run: () => unknown): Subject =>
  () => ({ run });

function ours(circuitBreaker: CircuitBreakerOptions, work: () => Promise<unknown> = fetchRate): Subject {
  return () => {
    const chain = buildChain({ circuitBreaker });
    return { run: work === failMostly ? caught(() => chain.execute(work)) : () => chain.execute(work) };
  };
}

async function cockatiel(
  kind: 'consecutive' | 'sampling',
): Promise<() => { execute(fn: () => unknown): Promise<unknown> }> {
  const { circuitBreaker, ConsecutiveBreaker, handleAll, SamplingBreaker } = await import('cockatiel');
  const breaker =
    kind === 'consecutive'
      ? new ConsecutiveBreaker(5)
      : new SamplingBreaker({ threshold: 0.5, duration: 60_000, minimumRps: 1 });
  return () => circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker });
}

const withCockatiel =
  (kind: 'consecutive' | 'sampling'): Subject =>
  async () => {
    const policy = (await cockatiel(kind))();
    return { run: () => policy.execute(fetchRate) };
  };

async function openedOpossum(work: () => Promise<unknown>, timeout: false | number) {
  const { default: CircuitBreaker } = await import('opossum');
  return new CircuitBreaker(work, { timeout, errorThresholdPercentage: 50, resetTimeout: 3_600_000 });
}

async function openChain(): Promise<ReturnType<typeof buildChain>> {
  const chain = buildChain({ circuitBreaker: { openForMs: 3_600_000, openForCapMs: 3_600_000 } });
  for (let failures = 0; failures < 5; failures += 1) await caught(() => chain.execute(fail))();
  return chain;
}

async function openOperation(run: (chain: ReturnType<typeof buildChain>) => Operation): Promise<Operation> {
  return run(await openChain());
}

const nothing = () => {
  throw new Error('a breaker needs no other policy');
};
const capabilities = systemCapabilities();
const context: PolicyContext = { ...capabilities, create: nothing, shared: nothing };
const success: Success = { kind: 'success', value, durationMs: 1 };

/** A breaker by itself. */
function breaker(options: CircuitBreakerOptions, name: string) {
  return circuitBreakerPolicy.create(name, circuitBreakerPolicy.options.parse(options), context);
}

/** One call for each of many keys. */
function keyed(options: CircuitBreakerOptions) {
  return (count: number) => {
    const policy = breaker({ ...options, maxKeys: count }, 'keyed');
    let key = 0;
    const call = new Call('bench', () => undefined, undefined, []);
    const use = { site: 'bench', key: () => `key-${key}` };
    const now = capabilities.clock.now();
    for (key = 0; key < count; key += 1) policy.settle(policy.admit(call, now, use), success, call, now);
    return policy;
  };
}

await runBenches(import.meta.url, [
  {
    title: 'Breaker, admitted call',
    floor: 'bare await',
    subjects: {
      'bare await': bare(fetchRate),
      'ours, consecutive failures only': ours(CONSECUTIVE_ONLY),
      'ours, preset (time window, slow calls)': ours({}),
      'ours, count window': ours({ windowCalls: 100 }),
      'cockatiel 3, consecutive': withCockatiel('consecutive'),
      'cockatiel 3, sampling': withCockatiel('sampling'),
      'opossum 9': async () => {
        const breaker = await openedOpossum(fetchRate, false);
        return { run: () => breaker.fire() };
      },
    },
  },
  {
    title: 'Breaker, failed call (not opening)',
    floor: 'bare rejection',
    subjects: {
      'bare rejection': bare(caught(failMostly)),
      'ours, window of 100 calls': ours({ ...NEVER_OPENS, windowCalls: 100 }, failMostly),
      'ours, window of 100,000 calls': ours({ ...NEVER_OPENS, windowCalls: 100_000 }, failMostly),
      'ours, window of 60 s': ours({ ...NEVER_OPENS, windowMs: 60_000 }, failMostly),
      'ours, window of 1 h': ours({ ...NEVER_OPENS, windowMs: 3_600_000 }, failMostly),
    },
  },
  {
    title: 'Breaker, refusal',
    floor: 'ready-made error',
    subjects: {
      'ready-made error': bare(caught(fail)),
      'ours, execute': () => openOperation((chain) => ({ run: caught(() => chain.execute(fetchRate)) })),
      'ours, tryExecute': () =>
        openOperation((chain) => ({ run: () => chain.tryExecute(fetchRate), synchronous: true })),
      'cockatiel 3': async () => {
        const policy = (await cockatiel('consecutive'))();
        for (let failures = 0; failures < 5; failures += 1) await caught(() => policy.execute(fail))();
        return { run: caught(() => policy.execute(fetchRate)) };
      },
      'opossum 9': async () => {
        const breaker = await openedOpossum(fail, false);
        await caught(() => breaker.fire())();
        if (!breaker.opened) throw new Error('opossum did not open');
        return { run: caught(() => breaker.fire()) };
      },
    },
  },
  {
    title: 'Breaker, heap of one that was never called',
    count: 10_000,
    heap: {
      'ours, preset': (count) => Array.from({ length: count }, (_, index) => breaker({}, `breaker-${index}`)),
      'ours, consecutive failures only': (count) =>
        Array.from({ length: count }, (_, index) => breaker(CONSECUTIVE_ONLY, `breaker-${index}`)),
    },
  },
  {
    title: 'Breaker, heap of one key that was called once, the key itself included',
    count: 1_000_000,
    heap: { 'ours, preset': keyed({}), 'ours, consecutive failures only': keyed(CONSECUTIVE_ONLY) },
  },
  {
    title: 'Breaker, heap of one key that was called once, the table of keys just grown',
    count: 600_000,
    heap: { 'ours, preset': keyed({}) },
  },
]);
