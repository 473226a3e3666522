import { localShare } from './local-share.js';
import { sharedRateLimiterOptions, type SharedRateLimiterOptions } from './shared-rate-limiter.options.js';

const shareOf = (options: SharedRateLimiterOptions) => localShare(sharedRateLimiterOptions.parse(options));

describe('the share of one instance', () => {
  it('is its part of limit and burst, in whole permits, with nothing at hand', () => {
    expect(shareOf({ limit: 50, burst: 20, windowMs: 2_000, instances: 7 }).windows).toEqual([
      {
        algorithm: 'token-bucket',
        limit: 7,
        burst: 2,
        windowMs: 2_000,
        slack: 0,
        warmUpMs: 10_000,
        coldFactor: 3,
        jitterMs: 0,
        initialPermits: 0,
      },
    ]);
  });

  it('is one permit at least', () => {
    expect(shareOf({ limit: 3, burst: 2, instances: 9 }).windows).toMatchObject([{ limit: 1, burst: 1 }]);
  });

  it('leaves a burst that is not said to the algorithm', () => {
    expect(shareOf({ limit: 10 }).windows).toMatchObject([{ limit: 5, burst: undefined }]);
  });

  it('is taken of every window and of the limits of every key', () => {
    const { windows, overrides, keys } = shareOf({
      algorithm: 'fixed-window',
      windows: [
        { limit: 10, windowMs: 1_000 },
        { limit: 100, windowMs: 60_000 },
      ],
      overrides: { a: { limit: 6 } },
      keys: { max: 10 },
      instances: 2,
      initialPermits: 4,
    });
    expect(windows).toMatchObject([
      { limit: 5, initialPermits: 0 },
      { limit: 50, initialPermits: 0 },
    ]);
    expect(overrides).toMatchObject({ a: { algorithm: 'fixed-window', limit: 3, initialPermits: 0 } });
    expect(keys).toEqual({ max: 10, atCapacity: 'forget-oldest' });
  });
});
