import {
  Call,
  createRateLimiter,
  type RateLimiterHandle,
  type RateLimiterOptions,
  systemClock,
} from '@marketprism/reliability';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { runBenches, type Subject } from './harness.js';
import { printAccuracy, printLongestStep } from './rate-limiter-accuracy.js';

const UNREACHED = 1e9;
const KEYS = 1_000_000;
const fetchRate = async () => 1;

const bare: Subject = () => ({ run: fetchRate });

function limiter(options: RateLimiterOptions): RateLimiterHandle {
  return createRateLimiter({ mode: 'reject', limit: UNREACHED, ...options });
}

function tryAcquire(options: RateLimiterOptions, key?: string): Subject {
  return () => {
    const subject = limiter(options);
    return { run: () => subject.tryAcquire(key), synchronous: true };
  };
}

const refused: Subject = () => {
  const subject = limiter({ limit: 1, windowMs: 3_600_000 });
  subject.tryAcquire();
  return { run: () => subject.tryAcquire(), synchronous: true };
};

/** One key after the other out of many. */
function everyKey(use: (key: string) => unknown): () => unknown {
  const names = keyNames(KEYS);
  let next = 0;
  return () => {
    next = next + 1 === KEYS ? 0 : next + 1;
    return use(names[next]!);
  };
}

function keyNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `tenant-${index}`);
}

function flexible(points: number): RateLimiterMemory {
  return new RateLimiterMemory({ points, duration: 60 });
}

/** The storage behind the guard of @nestjs/throttler, as the guard calls it. */
async function throttler() {
  const { ThrottlerStorageService } = await import('@nestjs/throttler');
  const storage = new ThrottlerStorageService();
  return (key: string) => storage.increment(key, 60_000, UNREACHED, 0, 'default');
}

const names = keyNames(KEYS);

await runBenches(import.meta.url, [
  {
    title: 'Limiter, one key, admitted',
    floor: 'bare await',
    subjects: {
      'bare await': bare,
      'reading the clock alone': () => ({ run: () => systemClock.now() > 0, synchronous: true }),
      'ours, token bucket': tryAcquire({}),
      'ours, token bucket, by key': tryAcquire({}, 'tenant-1'),
      'ours, gcra': tryAcquire({ algorithm: 'gcra', limit: 1_000_000, burst: UNREACHED }),
      'ours, exact sliding window': tryAcquire({ algorithm: 'sliding-window', limit: 100_000, windowMs: 1 }),
      'ours, sliding-window counter': tryAcquire({ algorithm: 'sliding-window-counter' }),
      'ours, three windows': tryAcquire({
        windows: [
          { limit: UNREACHED, windowMs: 1_000 },
          { limit: UNREACHED, windowMs: 60_000 },
          { limit: UNREACHED, windowMs: 86_400_000 },
        ],
      }),
      'ours, admit (as in a chain)': () => {
        const subject = limiter({});
        const call = new Call('bench', fetchRate, undefined, []);
        const use = { site: 'bench' };
        let now = 0;
        return { run: () => subject.admit(call, (now += 1), use), synchronous: true };
      },
      'limiter 4 (synchronous)': async () => {
        const { RateLimiter: TokenBucket } = await import('limiter');
        const bucket = new TokenBucket({ tokensPerInterval: UNREACHED, interval: 'second' });
        return { run: () => bucket.tryRemoveTokens(1), synchronous: true };
      },
      'rate-limiter-flexible 11': async () => {
        const subject = flexible(UNREACHED);
        return { run: () => subject.consume('tenant-1') };
      },
      '@nestjs/throttler 6, storage': async () => {
        const increment = await throttler();
        return { run: () => increment('tenant-1') };
      },
      'bottleneck 2, schedule': async () => {
        const { default: Bottleneck } = await import('bottleneck');
        const subject = new Bottleneck({ reservoir: UNREACHED });
        return { run: () => subject.schedule(fetchRate) };
      },
    },
  },
  {
    title: 'Limiter, refusal',
    floor: 'bare await',
    subjects: {
      'bare await': bare,
      'ours, tryAcquire': refused,
      'rate-limiter-flexible 11': async () => {
        const subject = flexible(1);
        await subject.consume('tenant-1');
        return {
          run: async () => {
            try {
              await subject.consume('tenant-1');
            } catch {
              return false;
            }
            return true;
          },
        };
      },
    },
  },
  {
    title: 'Limiter, 1,000,000 keys in turn, all known',
    floor: 'ours',
    subjects: {
      ours: () => {
        const subject = limiter({ limit: 100, windowMs: 60_000, keys: { max: KEYS } });
        for (const name of names) subject.tryAcquire(name);
        return { run: everyKey((key) => subject.tryAcquire(key)), synchronous: true };
      },
      'rate-limiter-flexible 11': async () => {
        const subject = flexible(100);
        for (const name of names) await subject.consume(name);
        return { run: everyKey((key) => subject.consume(key)) };
      },
      '@nestjs/throttler 6, storage': async () => {
        const increment = await throttler();
        for (const name of names) await increment(name);
        return { run: everyKey(increment) };
      },
    },
  },
  {
    title: 'Limiter, heap of one key beside the key itself',
    count: KEYS,
    heap: {
      'ours, token bucket': (count) => {
        const subject = limiter({ limit: 100, windowMs: 60_000, keys: { max: count } });
        for (let index = 0; index < count; index += 1) subject.tryAcquire(names[index]);
        return subject;
      },
      'ours, sliding-window counter': (count) => {
        const subject = limiter({
          algorithm: 'sliding-window-counter',
          limit: 100,
          windowMs: 60_000,
          keys: { max: count },
        });
        for (let index = 0; index < count; index += 1) subject.tryAcquire(names[index]);
        return subject;
      },
      'rate-limiter-flexible 11': (count) => {
        const subject = new RateLimiterMemory({ points: 100, duration: 60 });
        for (let index = 0; index < count; index += 1) void subject.consume(names[index]!);
        return subject;
      },
    },
  },
]);

// Not in the processes of the subjects.
if (process.argv[2] === undefined) {
  printAccuracy();
  await printLongestStep(names);
}
