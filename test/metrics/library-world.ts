import { Injectable } from '@nestjs/common';
import {
  Bulkhead,
  CircuitBreaker,
  Coalesce,
  Protect,
  RateLimit,
  type ReliabilityModuleOptions,
} from '@marketprism/reliability';

/** A promise to be settled from outside. */
export interface Deferred<T = unknown> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = unknown>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

export const failure = (status = 503) => Object.assign(new Error(`status ${status}`), { status });

const byKey = (key: string) => key;

/** Methods whose policies keep state per key, or look at arguments. */
@Injectable()
export class Keyed {
  work: Promise<unknown> = Promise.resolve();

  @CircuitBreaker('few-keys', { key: byKey })
  async watched(_key: string, fails: boolean): Promise<void> {
    if (fails) throw failure();
  }

  @RateLimit('few-keys', { key: byKey })
  async limited(_key: string): Promise<void> {}

  @Bulkhead('few-keys', { key: byKey })
  held(_key: string, work: Promise<unknown>): Promise<unknown> {
    return work;
  }

  @Coalesce('shared')
  equal(_argument: unknown): Promise<unknown> {
    return this.work;
  }

  @Protect('kept')
  async kept(_argument: unknown, fails: boolean): Promise<string> {
    if (fails) throw failure();
    return 'good';
  }
}

const endpoints = ['a', 'b'].map((id) => ({ id, url: `http://${id}` }));

/** A name for each condition that some metric tells of. */
export const policies: NonNullable<ReliabilityModuleOptions['policies']> = {
  opens: { circuitBreaker: { consecutiveFailures: 1, openForMs: 60_000 } },
  ramps: {
    circuitBreaker: { consecutiveFailures: 1, openForMs: 10, openForJitter: 0, halfOpenPermits: 1, rampMs: 60_000 },
  },
  slow: { circuitBreaker: { slowCallMs: 5 } },
  shadow: { circuitBreaker: { consecutiveFailures: 1, mode: 'metrics-only' } },
  'few-keys': {
    circuitBreaker: { consecutiveFailures: 1, maxKeys: 1 },
    rateLimit: { keys: { max: 1 } },
    bulkhead: { maxKeys: 1 },
  },
  rejects: { rateLimit: { limit: 1, windowMs: 3_600_000, mode: 'reject' } },
  paused: { rateLimit: { limit: 10 } },
  refunds: { rateLimit: { limit: 10 }, bulkhead: { maxConcurrent: 1, maxQueued: 0 } },
  queues: { bulkhead: { maxConcurrent: 1, maxQueued: 5, maxWaitMs: 60_000 } },
  sheds: { bulkhead: { shed: { heapShare: 0.0001 } } },
  limited: { timeLimit: { limitMs: 10 }, bulkhead: {} },
  bounded: { deadline: { limitMs: 10 } },
  retries: { retry: { attempts: 2, backoff: { kind: 'fixed', delayMs: 100, jitter: 'none' } } },
  balanced: {
    retry: { attempts: 2, backoff: { kind: 'fixed', delayMs: 0, jitter: 'none' } },
    balancer: {
      strategy: 'adaptive',
      endpoints,
      passiveHealth: { consecutiveFailures: 1 },
      healthCheck: { probe: async () => false, intervalMs: 1_000, timeoutMs: 500 },
      panicThreshold: 1,
      adaptiveWeights: {},
    },
  },
  discovers: {
    balancer: {
      maxEndpoints: 2,
      discovery: { find: async () => [...endpoints, { id: 'c', url: 'http://c' }], refreshMs: 1_000 },
    },
  },
  scales: {
    balancer: {
      endpoints,
      scaling: {
        min: 3,
        max: 4,
        intervalMs: 100,
        upCooldownMs: 0,
        provisioner: { start: () => Promise.reject(new Error('no room')), stop: async () => undefined },
      },
    },
  },
  deserted: { balancer: { endpoints: [] } },
  falls: {
    fallback: {
      steps: [
        { errors: ['server'], handler: () => Promise.reject(new Error('as well')) },
        { errors: ['server'], value: 1 },
      ],
    },
  },
  kept: { fallback: { lastGood: { maxKeys: 1 } } },
  hedges: { hedge: { delayMs: 10 } },
  shared: { coalesce: { maxKeys: 1 } },
  breaks: { chaos: { enabled: true, environments: ['test'], injections: [{ kind: 'fault', rate: 1 }] } },
};
