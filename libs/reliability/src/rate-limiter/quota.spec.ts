import { parseOptions } from '../core/options.js';
import { Quota } from './quota.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';

const quotaOf = (options: RateLimiterOptions, startedAt = 0) =>
  new Quota(parseOptions(rateLimiterOptions, options, 'rateLimit'), startedAt, 1);

/** Whole permits left to a key, or to the limiter as a whole. */
function left(quota: Quota, now: number, key?: string) {
  quota.locate(key, now);
  return quota.remaining(now);
}

function used(options: RateLimiterOptions, permits: number, key?: string) {
  const quota = quotaOf(options);
  quota.locate(key, 0);
  if (permits > 0) quota.take(0, permits);
  return quota;
}

/** What is left at once after `options` have taken the place of those of `before`. */
function inherited(before: Quota, options: RateLimiterOptions, key?: string) {
  const quota = quotaOf(options);
  quota.inherit(before, 0);
  return left(quota, 0, key);
}

const bucket = { algorithm: 'token-bucket', limit: 10 } as const;
const fixed = { algorithm: 'fixed-window', limit: 10 } as const;

describe('a quota that takes over another of the same make', () => {
  it.each<[string, RateLimiterOptions, number, RateLimiterOptions, number]>([
    ['counts what was given out against a lower limit', fixed, 6, { ...fixed, limit: 8 }, 2],
    ['and against a higher one', fixed, 6, { ...fixed, limit: 30 }, 24],
    ['has nothing left where more was given out than it allows', fixed, 9, { ...fixed, limit: 8 }, 0],
    ['keeps the backlog of a bucket whose burst grows', bucket, 10, { ...bucket, burst: 25 }, 15],
  ])('%s', (_name, before, permits, after, expected) => {
    expect(inherited(used(before, permits), after)).toBe(expected);
  });

  it('keeps what each key was given', () => {
    expect(inherited(used(fixed, 7, 'a'), { ...fixed, limit: 9 }, 'a')).toBe(2);
  });

  it.each([{ max: 5 }, { atCapacity: 'refuse' } as const])(
    'forgets the keys when their table is another: %j',
    (keys) => {
      expect(inherited(used(fixed, 7, 'a'), { ...fixed, keys }, 'a')).toBe(10);
    },
  );

  it('keeps what a key with limits of its own was given', () => {
    const options = { ...fixed, overrides: { a: { limit: 4 }, b: { limit: 4 } } };
    const quota = quotaOf({ ...fixed, overrides: { a: { limit: 3 }, c: { limit: 4 } } });
    quota.inherit(used(options, 2, 'a'), 0);
    expect([left(quota, 0, 'a'), left(quota, 0, 'c')]).toEqual([1, 4]);
  });
});

describe('a quota that takes over another of a different make', () => {
  it.each<[string, RateLimiterOptions, number, RateLimiterOptions, number]>([
    ['has as large a share left', bucket, 8, { algorithm: 'sliding-window', limit: 20 }, 4],
    ['has no part of a permit left', bucket, 5, { ...fixed, limit: 9 }, 4],
    ['has its whole burst left after one that was not used', fixed, 0, { ...bucket, burst: 50 }, 50],
    ['has that share of its burst left, not of its limit', fixed, 5, { ...bucket, burst: 50 }, 25],
    ['counts the share left by the burst of the one before, not by its limit', { ...bucket, burst: 50 }, 25, fixed, 5],
    ['has nothing left after one that was used up', fixed, 10, { ...bucket, burst: 50 }, 0],
    ['has all left after one that gives one at a time and would give it', { algorithm: 'warm-up' }, 0, fixed, 10],
    ['has nothing left after one that gives one at a time and gave it', { algorithm: 'warm-up' }, 1, fixed, 0],
    ['gives one at a time after one with all left', fixed, 0, { algorithm: 'warm-up' }, 1],
    ['gives none at once after one with little left', fixed, 9, { algorithm: 'warm-up' }, 0],
    ['is of another make when its window has another length', fixed, 5, { ...fixed, limit: 40, windowMs: 2_000 }, 20],
    [
      'is of another make when it has more windows',
      fixed,
      5,
      { algorithm: 'fixed-window', windows: [fixed, { limit: 100, windowMs: 60_000 }].map(windowOf) },
      5,
    ],
  ])('%s', (_name, before, permits, after, expected) => {
    expect(inherited(used(before, permits), after)).toBe(expected);
  });

  it('takes over, for each window, the share left in the one of the nearest length', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 200, windowMs: 60_000 },
    ];
    const before = quotaOf({ algorithm: 'fixed-window', windows });
    before.locate(undefined, 0);
    for (let now = 0; now < 15_000; now += 1_000) before.take(now, 10);
    const quota = quotaOf({
      algorithm: 'token-bucket',
      windows: [
        { limit: 400, windowMs: 100_000 },
        { limit: 20, windowMs: 2_000 },
        { limit: 10_000, windowMs: 86_400_000 },
      ],
    });
    quota.inherit(before, 15_000);
    quota.locate(undefined, 15_000);
    expect(quota.missing(15_000)).toEqual([300, 0, 7_500]);
  });

  it('leaves no second burst to a key with limits of its own', () => {
    const overrides = { a: { limit: 4 } };
    expect(inherited(used({ ...fixed, overrides }, 3, 'a'), { ...bucket, overrides: { a: { limit: 8 } } }, 'a')).toBe(
      2,
    );
  });

  it('forgets what other keys were given', () => {
    expect(inherited(used(fixed, 7, 'a'), bucket, 'a')).toBe(10);
  });
});

function windowOf({ limit, windowMs = 1_000 }: { limit: number; windowMs?: number }) {
  return { limit, windowMs };
}
