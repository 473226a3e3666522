import { EventBus } from '../core/event-bus.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { isRateLimited, RateLimitedError } from './rate-limited-error.js';
import { Refusals } from './refusals.js';

const refusals = () => {
  const { emit, events } = testCapabilities();
  return { refusals: new Refusals('okx', emit), emit, events };
};

describe('refusals', () => {
  it('are counted by reason, of which none is left out', () => {
    const { refusals: counted } = refusals();
    counted.refuse('limit', undefined, 5, 'normal', 0);
    counted.note('shed', 'a', undefined, 'low', 0);
    counted.note('shed', 'a', undefined, 'low', 0);
    expect(counted.counts).toStrictEqual({
      limit: 1,
      'wait-too-long': 0,
      'queue-full': 0,
      shed: 2,
      expired: 0,
      aborted: 0,
      'cost-above-limit': 0,
      penalty: 0,
      throttled: 0,
      'too-many-keys': 0,
      'store-unavailable': 0,
      closed: 0,
    });
  });

  it('are announced to whoever listens to them, seen by a caller or not', () => {
    const { refusals: announced, events } = refusals();
    announced.note('shed', 'a', 7, 'low', 3);
    expect(events.all).toStrictEqual([
      {
        type: 'rate-limiter.refused',
        policy: 'okx',
        at: 3,
        key: 'a',
        reason: 'shed',
        priority: 'low',
        retryAfterMs: 7,
      },
    ]);
  });

  it('are announced to nobody who listens to something else', () => {
    const bus = new EventBus();
    const built = jest.spyOn(bus, 'emit');
    bus.on('rate-limiter.paused', () => undefined);
    new Refusals('okx', bus).note('shed', 'a', 7, 'low', 3);
    expect(built).not.toHaveBeenCalled();
    bus.on('rate-limiter.refused', () => undefined);
    new Refusals('okx', bus).note('shed', 'a', 7, 'low', 3);
    expect(built).toHaveBeenCalledTimes(1);
  });

  it('become errors that say whose limit it was, what was wrong and when to come again', () => {
    const refusal = refusals().refusals.refuse('penalty', 'k'.repeat(100), 1.2, 'normal', 0, 'why');
    const error = refusal.toError();
    expect(error).toMatchObject({
      name: 'RateLimitedError',
      message: `Rate limiter "okx" refused for key "${'k'.repeat(80)}" (penalty); try again in 2 ms`,
      code: 'RATE_LIMITED',
      policyType: 'rate-limiter',
      refused: true,
      retryAfterMs: 1.2,
      key: 'k'.repeat(100),
      cause: 'why',
    });
    expect(isRateLimited(error)).toBe(true);
    expect(new RateLimitedError('okx', 'closed', undefined).message).toBe('Rate limiter "okx" refused (closed)');
  });

  it('become errors that may be given another name, as any error may', () => {
    const error = Object.assign(new RateLimitedError('okx', 'closed', undefined), { name: 'Mine' });
    expect(String(error)).toBe('Mine: Rate limiter "okx" refused (closed)');
  });
});
