import { parseOptions } from '../core/options.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { Gate } from './gate.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';

const parse = (options: RateLimiterOptions) => parseOptions(rateLimiterOptions, options, 'rateLimit');

function gateOf(options: RateLimiterOptions) {
  const capabilities = testCapabilities();
  const raised: number[] = [];
  const gate = new Gate('okx', parse(options), capabilities, (now) => raised.push(now));
  return { gate, raised, ...capabilities };
}

describe('a pause', () => {
  it('of the whole holds for every key, and of a key for that one', () => {
    const { gate } = gateOf({ limit: 10 });
    gate.penalize(500, 'a', 'asked', 0);
    gate.penalize(100, undefined, 'asked', 0);
    expect([gate.pause('a', 0), gate.pause('b', 0), gate.pause(undefined, 0)]).toEqual([500, 100, 100]);
    expect([gate.wait('a', 1, 50), gate.wait('b', 1, 50)]).toEqual([450, 50]);
    expect([gate.remaining('a', 200), gate.remaining('b', 200)]).toEqual([0, 10]);
  });

  it('follows too many refusals of the whole as well as of a key', () => {
    const { gate, events } = gateOf({ penalty: { refusals: 2, withinMs: 100, blockMs: 1_000 } });
    expect([gate.countRefusal(undefined, 0), gate.countRefusal('a', 0)]).toEqual([0, 0]);
    expect([gate.countRefusal(undefined, 10), gate.countRefusal('a', 20)]).toEqual([1_000, 1_000]);
    expect([gate.pause(undefined, 20), gate.pause('a', 20), gate.pause('b', 20)]).toEqual([990, 1_000, 990]);
    expect(events.of('rate-limiter.paused')).toMatchObject([
      { at: 10, key: undefined, forMs: 1_000, reason: 'abuse' },
      { at: 20, key: 'a', forMs: 1_000, reason: 'abuse' },
    ]);
    expect(gate.inspect(20)).toMatchObject({ pauses: 2, pausedForMs: 990, remaining: 0 });
  });

  it('follows no refusal where no rule says so', () => {
    const { gate } = gateOf({});
    for (let call = 0; call < 100; call += 1) expect(gate.countRefusal('a', 0)).toBe(0);
  });
});

describe('what a server says', () => {
  it.each<[string, object, number, number]>([
    ['that something is left: no pause', { remaining: 1, resetMs: 30_000 }, 1, 0],
    ['that part of a permit is left: a pause', { remaining: 0.5, resetMs: 30_000 }, 0, 30_000],
    ['that nothing is left, but not for how long', { remaining: 0 }, 0, 0],
    ['how much is used', { used: 7 }, 3, 0],
    ['that more is used than there is', { used: 70 }, 0, 0],
    ['what is left, whatever it says is used', { remaining: 4, used: 9 }, 4, 0],
    ['when to come again, and nothing of what is left', { retryAfterMs: 200 }, 0, 200],
    ['nothing', {}, 10, 0],
    ['no number', { remaining: Number.NaN, resetMs: 30_000 }, 10, 0],
    ['less than nothing', { remaining: -1, resetMs: 30_000 }, 10, 0],
  ])('%s', (_name, learned, remaining, pause) => {
    const { gate } = gateOf({ limit: 10, algorithm: 'fixed-window' });
    gate.learn(learned, undefined, 0);
    expect([gate.remaining(undefined, 0), gate.pause(undefined, 0)]).toEqual([remaining, pause]);
  });

  it('says why it pauses', () => {
    const { gate, events } = gateOf({ limit: 10 });
    gate.learn({ retryAfterMs: 200 }, 'a', 0);
    gate.learn({ remaining: 0, resetMs: 300 }, 'a', 0);
    expect(events.of('rate-limiter.paused')).toMatchObject([
      { key: 'a', forMs: 200, reason: 'retry-after' },
      { key: 'a', forMs: 300, reason: 'quota-used-up' },
    ]);
  });
});

describe('keys that there is no room for', () => {
  it('wait for ever, have nothing and get nothing back', () => {
    const { gate } = gateOf({ limit: 10, keys: { max: 1, atCapacity: 'refuse' } });
    expect(gate.takeOne('a', 0)).toBe(true);
    expect(gate.takeOne('b', 0)).toBe(false);
    expect([gate.objection('a', 1, 0), gate.objection('b', 1, 0)]).toEqual([undefined, 'too-many-keys']);
    expect([gate.wait('b', 1, 0), gate.remaining('b', 0), gate.reset('b', 0), gate.capacity('b', 0)]).toEqual([
      Infinity,
      0,
      0,
      0,
    ]);
    expect(gate.refund('b', 1, 0, 0)).toBe(0);
    gate.learn({ remaining: 0 }, 'b', 0);
    expect(gate.remaining('a', 0)).toBe(9);
    expect(gate.inspect(0)).toMatchObject({ admitted: 1, refunded: 0, keys: 1 });
  });
});

describe('the short way', () => {
  it('is open while nothing is paused and nothing adapts', () => {
    const plain = gateOf({ limit: 1 }).gate;
    expect(plain.unhindered).toBe(true);
    expect([plain.takeOne(undefined, 0), plain.takeOne(undefined, 0)]).toEqual([true, false]);
    expect(plain.inspect(0)).toMatchObject({ admitted: 1, remaining: 0 });
    plain.penalize(10, 'a', 'asked', 0);
    expect(plain.unhindered).toBe(false);
    expect(gateOf({ adaptive: { kind: 'sre' } }).gate.unhindered).toBe(false);
  });
});

describe('what it shows', () => {
  it('is each window as configured and as it is now', () => {
    const { gate } = gateOf({
      windows: [
        { algorithm: 'token-bucket', limit: 10, burst: 20, windowMs: 1_000 },
        { algorithm: 'fixed-window', limit: 100, windowMs: 60_000 },
      ],
      adaptive: { kind: 'aimd' },
    });
    gate.take(undefined, 1, 0);
    gate.throttled(0, 0);
    expect(gate.inspect(0)).toEqual({
      windows: [
        { algorithm: 'token-bucket', limit: 10, windowMs: 1_000, currentLimit: 5, capacity: 20 },
        { algorithm: 'fixed-window', limit: 100, windowMs: 60_000, currentLimit: 50, capacity: 50 },
      ],
      remaining: 19,
      pausedForMs: 0,
      factor: 0.5,
      keys: 0,
      forgottenKeys: 0,
      admitted: 1,
      refunded: 0,
      pauses: 0,
    });
  });

  it('is no key whose time is over', () => {
    const { gate } = gateOf({ limit: 10 });
    gate.takeOne('a', 0);
    expect([gate.inspect(0).keys, gate.inspect(10_000).keys]).toEqual([1, 0]);
  });
});

describe('a limit that adapts', () => {
  const adaptive = { kind: 'aimd', increasePerWindow: 0.25 } as const;

  it('says that it is raised to whoever waits, and not that it is lowered', () => {
    const { gate, raised, events } = gateOf({ limit: 10, adaptive });
    gate.throttled(0, 0);
    expect(raised).toEqual([]);
    gate.objection(undefined, 1, 1_000);
    expect(raised).toEqual([1_000]);
    gate.objection(undefined, 1, 1_500);
    expect(events.of('rate-limiter.adapted')).toMatchObject([
      { at: 0, from: 1, factor: 0.5, reason: 'throttled' },
      { at: 1_000, from: 0.5, factor: 0.75, reason: 'load' },
    ]);
  });

  it('follows what is accepted as well', () => {
    const { gate, events } = gateOf({ limit: 10, adaptive: { kind: 'load', measureMs: 100, maxFactor: 2 } });
    gate.accepted(100);
    expect(events.of('rate-limiter.adapted')).toMatchObject([{ at: 100, factor: 1.1, reason: 'accepted' }]);
  });

  it('counts the load that it admits', () => {
    const { gate } = gateOf({ limit: 10, adaptive: { kind: 'load', measureMs: 1_000 } });
    gate.take(undefined, 9, 0);
    gate.objection(undefined, 1, 1_000);
    expect(gate.inspect(1_000).factor).toBe(0.9);
  });

  it('starts over under new options', () => {
    const { gate, events } = gateOf({ limit: 10, adaptive });
    gate.throttled(0, 0);
    gate.reconfigure(parse({ limit: 20, adaptive }), 10);
    expect(gate.inspect(10)).toMatchObject({ factor: 1, windows: [{ limit: 20, currentLimit: 20 }] });
    gate.throttled(10, 20);
    expect(events.of('rate-limiter.adapted')[1]).toMatchObject({ from: 1, factor: 0.5 });
    gate.reconfigure(parse({ limit: 20, longestPauseMs: 50 }), 30);
    gate.throttled(30, 40);
    gate.penalize(1_000, undefined, 'asked', 40);
    expect(gate.inspect(40)).toMatchObject({ factor: 1, pausedForMs: 50 });
  });
});
