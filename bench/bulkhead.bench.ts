import {
  buildChain,
  bulkheadPolicy,
  type BulkheadOptions,
  Call,
  type PolicyContext,
  systemCapabilities,
} from '@marketprism/reliability';
import { runBenches, type Subject } from './harness.js';

const value = { rate: '0.0001' };
const fetchRate = async () => value;
const ready = new Error('full');
const fail = async () => {
  throw ready;
};
const forever = () => new Promise<never>(() => undefined);

const bare =
  (run: () => unknown): Subject =>
  () => ({ run });

/** Awaits what rejects, as a caller does who handles refusals. */
const caught =
  (run: () => Promise<unknown>): (() => Promise<unknown>) =>
  async () => {
    try {
      return await run();
    } catch (error) {
      return error;
    }
  };

function ours(bulkhead: BulkheadOptions): Subject {
  return () => {
    const chain = buildChain({ bulkhead });
    return { run: () => chain.execute(fetchRate) };
  };
}

/** One slot, taken for good, and nobody may wait. */
function full() {
  const chain = buildChain({ bulkhead: { maxConcurrent: 1, maxQueued: 0 } });
  void chain.execute(forever);
  return chain;
}

function keyed(count: number) {
  const shared = <T>(_kind: string, _name: string, make: () => T) => make();
  const create = () => {
    throw new Error('a bulkhead needs no other policy');
  };
  const context: PolicyContext = { ...systemCapabilities(), create, shared };
  const policy = bulkheadPolicy.create('keyed', bulkheadPolicy.options.parse({ maxKeys: count }), context);
  const call = new Call('bench', () => undefined, undefined, []);
  let key = 0;
  const use = { site: 'bench', key: () => `key-${key}` };
  for (key = 0; key < count; key += 1) {
    const permit = policy.admit(call, 0, use);
    policy.settle(permit, { kind: 'success', value, durationMs: 1 }, call, 0);
    policy.end(permit);
  }
  return policy;
}

await runBenches(import.meta.url, [
  {
    title: 'Bulkhead, admitted call',
    floor: 'bare await',
    subjects: {
      'bare await': bare(fetchRate),
      ours: ours({ maxConcurrent: 10 }),
      'ours, adaptive (Gradient2)': ours({ adaptive: { algorithm: 'gradient2' } }),
      'ours, shedding by event loop and heap': ours({ shed: { eventLoopDelayMs: 60_000, heapShare: 0.99 } }),
      'cockatiel 3': async () => {
        const { bulkhead } = await import('cockatiel');
        const policy = bulkhead(10, 100);
        return { run: () => policy.execute(fetchRate) };
      },
      'async-sema 3': async () => {
        const { Sema } = await import('async-sema');
        const sema = new Sema(10);
        return {
          run: async () => {
            await sema.acquire();
            try {
              return await fetchRate();
            } finally {
              sema.release();
            }
          },
        };
      },
      'p-limit 7': async () => {
        const { default: pLimit } = await import('p-limit');
        const limit = pLimit(10);
        return { run: () => limit(fetchRate) };
      },
      'p-queue 9': async () => {
        const { default: PQueue } = await import('p-queue');
        const queue = new PQueue({ concurrency: 10 });
        return { run: () => queue.add(fetchRate) };
      },
    },
  },
  {
    title: 'Bulkhead, refusal',
    floor: 'ready-made error',
    subjects: {
      'ready-made error': bare(caught(fail)),
      'ours, execute': () => {
        const chain = full();
        return { run: caught(() => chain.execute(fetchRate)) };
      },
      'ours, tryExecute': () => {
        const chain = full();
        return { run: () => chain.tryExecute(fetchRate), synchronous: true };
      },
      'cockatiel 3': async () => {
        const { bulkhead } = await import('cockatiel');
        const policy = bulkhead(1, 0);
        void policy.execute(forever);
        return { run: caught(() => policy.execute(fetchRate)) };
      },
    },
  },
  {
    title: 'Bulkhead, heap of one idle key, the key itself included',
    count: 1_000_000,
    heap: { ours: keyed },
  },
]);
