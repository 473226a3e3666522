import { OutageShare } from './outage-share.js';
import { sharedRateLimiterOptions, type SharedRateLimiterOptions } from './shared-rate-limiter.options.js';

function setUp(options: SharedRateLimiterOptions) {
  return new OutageShare(sharedRateLimiterOptions.parse(options), () => 1);
}

/** Takes one after the other from `from` on, each ms, and gives when each was taken. */
function drain(share: OutageShare, from: number, until: number): number[] {
  const taken: number[] = [];
  for (let now = from; now < until; now += 1) if (share.decide(undefined, 1, now) === undefined) taken.push(now);
  return taken;
}

describe('OutageShare', () => {
  it('starts with nothing at hand and gives out one instance’s share', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    expect(share.decide(undefined, 1, 0)).toEqual({ reason: 'limit', retryAfterMs: 100 });
    expect(drain(share, 0, 250)).toEqual([100, 101, 200, 201]);
  });

  it('owes what the windows still remember of what it gave out, until it is told', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    expect(share.owed(undefined, 0)).toBeUndefined();
    drain(share, 100, 101);
    drain(share, 150, 151);
    expect(share.owed(undefined, 160)).toEqual([2]);
    expect(share.owed(undefined, 200)).toEqual([1]);
    expect(share.owed('other', 200)).toBeUndefined();
    share.settle(undefined);
    expect(share.owed(undefined, 200)).toBeUndefined();
  });

  it('owes nothing any more once it is forgotten, nor what came back unused', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    drain(share, 100, 102);
    share.refund(undefined, 1, 101, 110);
    expect(share.owed(undefined, 110)).toEqual([1]);
    expect(share.owed(undefined, 200)).toBeUndefined();
  });

  it('owes each window its own, by key', () => {
    const share = setUp({
      windows: [
        { algorithm: 'fixed-window', limit: 4, windowMs: 100 },
        { algorithm: 'fixed-window', limit: 100, windowMs: 1_000 },
      ],
    });
    share.decide('a', 1, 0);
    for (const now of [1_000, 1_001, 1_100]) expect(share.decide('a', 1, now)).toBeUndefined();
    expect(share.owed('a', 1_150)).toEqual([1, 3]);
    expect(share.owed('a', 1_250)).toEqual([0, 3]);
  });

  it('starts with nothing again at the next outage', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    drain(share, 100, 101);
    share.begin();
    expect(share.decide(undefined, 1, 500)).toEqual({ reason: 'limit', retryAfterMs: 100 });
  });

  it('refuses or admits everything when told to, and owes nothing then', () => {
    const closed = setUp({ limit: 1, fallback: 'closed' });
    expect(closed.decide(undefined, 1, 0)).toEqual({ reason: 'store-unavailable', retryAfterMs: undefined });
    const open = setUp({ limit: 1, fallback: 'open' });
    for (let call = 0; call < 5; call += 1) expect(open.decide(undefined, 1, 0)).toBeUndefined();
    expect([open.owed(undefined, 0), open.waitOf(undefined, 9, 0)]).toEqual([undefined, 0]);
  });

  it('says how long a call that waits has to wait, and nothing where it is of no use', () => {
    const share = setUp({
      algorithm: 'sliding-window',
      limit: 10,
      windowMs: 100,
      instances: 5,
      keys: { max: 1, atCapacity: 'refuse' },
    });
    expect([share.waitOf('a', 1, 0), share.waitOf('a', 1, 40), share.waitOf('a', 1, 100)]).toEqual([100, 60, 0]);
    expect([share.waitOf('a', 3, 0), share.waitOf('b', 1, 0)]).toEqual([0, 0]);
    expect(setUp({ limit: 1, fallback: 'closed' }).waitOf('a', 1, 0)).toBe(0);
  });

  it('refuses what its share can never give, and keys that there is no room for', () => {
    const share = setUp({ limit: 10, instances: 5, keys: { max: 1, atCapacity: 'refuse' } });
    expect(share.decide('a', 3, 0)).toEqual({ reason: 'cost-above-limit', retryAfterMs: undefined });
    expect(share.decide('b', 1, 0)).toEqual({ reason: 'too-many-keys', retryAfterMs: undefined });
  });

  it('gives what came back unused to the next', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    expect(drain(share, 100, 105)).toEqual([100, 101]);
    share.refund(undefined, 1, 101, 110);
    expect(drain(share, 110, 115)).toEqual([110]);
  });

  it('owes each key until that one is told', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5, initialPermits: 0 });
    for (const key of ['a', 'b']) share.decide(key, 1, 0);
    for (const key of ['a', 'b']) expect(share.decide(key, 1, 100)).toBeUndefined();
    share.settle('a');
    expect([share.owed('a', 110), share.owed('b', 110)]).toEqual([undefined, [1]]);
    share.settle('b');
    expect(share.owed('b', 110)).toBeUndefined();
  });

  it('owes the whole of a key with limits of its own', () => {
    const share = setUp({ algorithm: 'fixed-window', limit: 10, windowMs: 100, overrides: { a: { limit: 4 } } });
    share.decide('a', 1, 0);
    expect(share.decide('a', 2, 100)).toBeUndefined();
    expect(share.owed('a', 110)).toEqual([2]);
  });

  it('is told of what it gave out once', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    drain(share, 100, 101);
    share.settle(undefined);
    drain(share, 110, 111);
    expect(share.owed(undefined, 120)).toEqual([1]);
  });

  it('takes back what was given out in an outage that is over', () => {
    const share = setUp({ algorithm: 'sliding-window', limit: 10, windowMs: 100, instances: 5 });
    share.decide(undefined, 1, 0);
    drain(share, 100, 102);
    share.begin();
    share.refund(undefined, 1, 101, 110);
    expect(share.owed(undefined, 120)).toEqual([1]);
    share.settle(undefined);
    share.refund(undefined, 1, 100, 110);
    expect(share.owed(undefined, 120)).toBeUndefined();
  });
});
