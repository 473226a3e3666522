import { parseOptions } from '../core/options.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { quotasFromHeaders } from './quota-headers.js';
import { rateLimitHeaders } from './rate-limit-headers.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';
import { RateLimiter } from './rate-limiter.js';

const NOW = Date.UTC(2026, 10, 21);
const read = (headers: Record<string, string>) =>
  quotasFromHeaders(
    (name) => headers[name],
    () => NOW,
  );

describe('quotasFromHeaders', () => {
  it.each<[string, Record<string, string>, unknown[]]>([
    ['nothing', {}, []],
    ['Retry-After in seconds', { 'retry-after': '7' }, [{ retryAfterMs: 7_000 }]],
    ['Retry-After as a date', { 'retry-after': new Date(NOW + 9_000).toUTCString() }, [{ retryAfterMs: 9_000 }]],
    [
      'RateLimit with its policy',
      { ratelimit: '"minute";r=12;t=30, "day";r=400', 'ratelimit-policy': '"minute";q=100;w=60, "day";q=5000;w=86400' },
      [
        { remaining: 12, windowMs: 60_000, resetMs: 30_000 },
        { remaining: 400, windowMs: 86_400_000, resetMs: undefined },
      ],
    ],
    ['an older RateLimit', { ratelimit: 'limit=10, remaining=3, reset=5' }, [{ remaining: 3, resetMs: 5_000 }]],
    ['an older RateLimit that says too little', { ratelimit: 'limit=10, reset=5' }, []],
    ['RateLimit alone', { ratelimit: 'default;r=0;t=5' }, [{ remaining: 0, windowMs: undefined, resetMs: 5_000 }]],
    ['a RateLimit that says nothing', { ratelimit: '"x";t=5, , "y";r=-1' }, []],
    ['used weight', { 'x-mbx-used-weight-1m': '2300' }, [{ used: 2_300, windowMs: 60_000 }]],
    [
      'used weights of every window, the shortest first',
      {
        'x-mbx-used-weight-1d': '7',
        'x-mbx-used-weight-1h': '6',
        'x-mbx-used-weight-5m': '5',
        'x-mbx-used-weight-3m': '4',
        'x-mbx-used-weight-1m': '3',
        'x-mbx-used-weight-10s': '2',
        'x-mbx-used-weight-1s': '1',
      },
      [
        { used: 1, windowMs: 1_000 },
        { used: 2, windowMs: 10_000 },
        { used: 3, windowMs: 60_000 },
        { used: 4, windowMs: 180_000 },
        { used: 5, windowMs: 300_000 },
        { used: 6, windowMs: 3_600_000 },
        { used: 7, windowMs: 86_400_000 },
      ],
    ],
    [
      'RateLimit with blanks, its policy with and without quotes',
      { ratelimit: ' minute ; r = 12 ; t = 30 ', 'ratelimit-policy': '"minute" ; w = 60' },
      [{ remaining: 12, windowMs: 60_000, resetMs: 30_000 }],
    ],
    [
      'a quote within a name as part of it',
      { ratelimit: 'a"b;r=1', 'ratelimit-policy': 'ab;w=60' },
      [{ remaining: 1, windowMs: undefined, resetMs: undefined }],
    ],
    ['a RateLimit without a name', { ratelimit: ';r=5' }, []],
    [
      'Retry-After as a date by the clock of the answer',
      { 'retry-after': 'Thu, 01 Jan 1970 00:00:05 GMT', date: 'Thu, 01 Jan 1970 00:00:02 GMT' },
      [{ retryAfterMs: 3_000 }],
    ],
    ['fractions and blanks', { 'x-ratelimit-remaining': ' 2.75 ' }, [{ remaining: 2.75, resetMs: undefined }]],
    ['no number with something behind it', { 'x-ratelimit-remaining': '12x' }, []],
    ['no number with something before it', { 'x-ratelimit-remaining': 'x12' }, []],
    [
      'a time in seconds that has passed',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(NOW / 1_000 - 20) },
      [{ remaining: 3, resetMs: 0 }],
    ],
    [
      'the least number that is a time in ms',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '100000000000' },
      [{ remaining: 3, resetMs: 0 }],
    ],
    [
      'the least number that is a time in seconds',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '1000000000' },
      [{ remaining: 3, resetMs: 0 }],
    ],
    [
      'the next smaller one as a wait',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '999999999' },
      [{ remaining: 3, resetMs: 999_999_999_000 }],
    ],
    [
      'X-RateLimit with a wait',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '20' },
      [{ remaining: 3, resetMs: 20_000 }],
    ],
    [
      'X-RateLimit with a time in seconds',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(NOW / 1_000 + 20) },
      [{ remaining: 3, resetMs: 20_000 }],
    ],
    ['X-RateLimit without a reset', { 'x-ratelimit-remaining': '3' }, [{ remaining: 3, resetMs: undefined }]],
    ['RateLimit-Remaining', { 'ratelimit-remaining': '4', 'ratelimit-reset': '1' }, [{ remaining: 4, resetMs: 1_000 }]],
    [
      'Bybit',
      { 'x-bapi-limit-status': '0', 'x-bapi-limit-reset-timestamp': String(NOW + 1_500) },
      [{ remaining: 0, resetMs: 1_500 }],
    ],
    [
      'a time that has passed',
      { 'x-bapi-limit-status': '5', 'x-bapi-limit-reset-timestamp': String(NOW - 1_500) },
      [{ remaining: 5, resetMs: 0 }],
    ],
    [
      'KuCoin',
      { 'gw-ratelimit-remaining': '1997', 'gw-ratelimit-reset': '14805' },
      [{ remaining: 1_997, resetMs: 14_805 }],
    ],
    [
      'Gate',
      { 'x-gate-ratelimit-requests-remain': '199', 'x-gate-ratelimit-reset-timestamp': String(NOW / 1_000 + 1) },
      [{ remaining: 199, resetMs: 1_000 }],
    ],
    ['a used weight without a window', { 'x-mbx-used-weight': '17' }, [{ used: 17 }]],
    [
      'one that says its window again without it',
      { 'x-mbx-used-weight': '17', 'x-mbx-used-weight-1m': '17' },
      [{ used: 17, windowMs: 60_000 }],
    ],
    ['what is no number', { 'x-ratelimit-remaining': 'many', 'x-mbx-used-weight-1m': '-5', 'retry-after': 'soon' }, []],
  ])('reads %s', (_, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });
});

describe('rateLimitHeaders', () => {
  const limiter = (options: RateLimiterOptions) =>
    new RateLimiter('api', parseOptions(rateLimiterOptions, { mode: 'reject', ...options }, ''), testCapabilities());

  it('tell the policy, what is left and when it is all back', () => {
    const subject = limiter({ limit: 100, windowMs: 60_000, algorithm: 'fixed-window' });
    const decision = subject.decide('alice', 30);
    expect(decision).toEqual({ admitted: true, capacity: 100, remaining: 70, resetMs: 60_000 });
    expect(rateLimitHeaders('api', subject.windows, decision)).toEqual({
      'RateLimit-Policy': '"api";q=100;w=60',
      RateLimit: '"api";r=70;t=60',
    });
  });

  it('tell a refused caller when to come again, in whole seconds that suffice', () => {
    const subject = limiter({ limit: 1, windowMs: 1_500, algorithm: 'sliding-window' });
    subject.decide();
    const decision = subject.decide();
    expect(decision).toEqual({
      admitted: false,
      reason: 'limit',
      capacity: 1,
      remaining: 0,
      resetMs: 1_500,
      retryAfterMs: 1_500,
    });
    expect(rateLimitHeaders('api', subject.windows, decision)).toMatchObject({ 'Retry-After': '2' });
  });

  it('tell no time to a call that can never be admitted', () => {
    const subject = limiter({ limit: 1 });
    const decision = subject.decide(undefined, 2);
    expect(decision).toMatchObject({ admitted: false, reason: 'cost-above-limit' });
    expect(rateLimitHeaders('api', subject.windows, decision)).not.toHaveProperty('Retry-After');
  });

  it('tell whole seconds, of which there is at least one', () => {
    const short = { limit: 5, windowMs: 100 };
    const refused = { admitted: false, capacity: 5, remaining: 0, resetMs: 1_001, retryAfterMs: 0 };
    expect(rateLimitHeaders('api', [short], refused)).toEqual({
      'RateLimit-Policy': '"api";q=5;w=1',
      RateLimit: '"api";r=0;t=2',
      'Retry-After': '1',
    });
    expect(rateLimitHeaders('api', [{ ...short, windowMs: 2_600 }], { ...refused, admitted: true })).toEqual({
      'RateLimit-Policy': '"api";q=5;w=3',
      RateLimit: '"api";r=0;t=2',
    });
  });

  it('name each of several windows, in printable ASCII', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 200, windowMs: 60_000 },
    ];
    const subject = limiter({ windows });
    expect(rateLimitHeaders('my "größe"', subject.windows, subject.decide())).toEqual({
      'RateLimit-Policy': '"my _gr__e_-1";q=10;w=1, "my _gr__e_-2";q=200;w=60',
      RateLimit: '"my _gr__e_-1";r=9;t=1',
    });
  });
});

describe('RateLimiter.learn', () => {
  it('counts used weight against the limit of the window that it is about', () => {
    const windows = [
      { limit: 10, windowMs: 1_000 },
      { limit: 2_400, windowMs: 60_000 },
    ];
    const subject = new RateLimiter(
      'b',
      parseOptions(rateLimiterOptions, { algorithm: 'sliding-window', windows }, ''),
      testCapabilities(),
    );
    for (const quota of read({ 'x-mbx-used-weight-1m': '2396' })) subject.learn(quota);
    expect(subject.remaining()).toBe(4);
    subject.learn({ used: 9_999, windowMs: 86_400_000 });
    expect(subject.remaining()).toBe(4);
    subject.learn({ used: 9_999, windowMs: 60_000 });
    expect(subject.remaining()).toBe(0);
  });
});
