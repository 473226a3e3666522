import { buildChain, Call, systemCapabilities, timeLimitPolicy, type TimeLimitOptions } from '@marketprism/reliability';
import { runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;

const bare =
  (run: () => unknown): Subject =>
  () => ({ run });

/** As functions are run: `buildChain(…).execute(work)`. */
function ours(timeLimit: TimeLimitOptions): Subject {
  return () => {
    const chain = buildChain({ timeLimit });
    return { run: () => chain.execute(fetchRate) };
  };
}

/** The policy by itself, as a decorated method has it. */
function policy(options: TimeLimitOptions): Subject {
  return () => {
    const context = { ...systemCapabilities(), create: nothing, shared: nothing };
    const timeLimit = timeLimitPolicy.create('bench', timeLimitPolicy.options.parse(options), context);
    return { run: () => timeLimit.intercept(new Call('bench', fetchRate, undefined, []), fetchRate) };
  };
}

const nothing = () => {
  throw new Error('a time limit needs no other policy');
};

await runBenches(import.meta.url, [
  {
    title: 'Time limit, call in time',
    floor: 'bare await',
    subjects: {
      'bare await': bare(fetchRate),
      'ours, the policy': policy({ limitMs: 1_000 }),
      'ours, cooperative': policy({ limitMs: 1_000, strategy: 'cooperative' }),
      'ours, derived from a percentile': policy({ limitMs: 1_000, adaptive: {} }),
      'ours, execute': ours({ limitMs: 1_000 }),
      'ours, execute, signal asked for': () => {
        const chain = buildChain({ timeLimit: { limitMs: 1_000 } });
        return { run: () => chain.execute(({ signal }) => (signal.aborted ? undefined : fetchRate())) };
      },
      'setTimeout and clearTimeout by hand': bare(
        () =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error('timed out')), 1_000);
            fetchRate().then(
              (result) => {
                clearTimeout(timer);
                resolve(result);
              },
              (error: unknown) => {
                clearTimeout(timer);
                reject(error);
              },
            );
          }),
      ),
      'opossum 9': async () => {
        const { default: CircuitBreaker } = await import('opossum');
        const breaker = new CircuitBreaker(fetchRate, { timeout: 1_000 });
        return { run: () => breaker.fire() };
      },
      'cockatiel 3, aggressive': async () => {
        const { timeout, TimeoutStrategy } = await import('cockatiel');
        const limit = timeout(1_000, TimeoutStrategy.Aggressive);
        return { run: () => limit.execute(fetchRate) };
      },
      'p-timeout 7': async () => {
        const { default: pTimeout } = await import('p-timeout');
        return { run: () => pTimeout(fetchRate(), { milliseconds: 1_000 }) };
      },
    },
  },
]);
