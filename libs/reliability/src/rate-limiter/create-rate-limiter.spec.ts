import { ManualClock } from '../testing/manual-clock.js';
import { createRateLimiter } from './create-rate-limiter.js';

it('a limiter of one’s own needs nothing', () => {
  const limiter = createRateLimiter();
  expect([limiter.name, limiter.tryAcquire()]).toEqual(['rate-limiter', true]);
});

it('a limiter of one’s own goes by the clock that it is given', () => {
  const clock = new ManualClock();
  const limiter = createRateLimiter({ mode: 'reject', limit: 1 }, { clock });
  expect([limiter.tryAcquire(), limiter.tryAcquire()]).toEqual([true, false]);
  clock.advance(1_000);
  expect(limiter.tryAcquire()).toBe(true);
});

it('a limiter of one’s own is called as it is told, and says so of options that are wrong', () => {
  expect(createRateLimiter({}, { name: 'okx' }).name).toBe('okx');
  expect(() => createRateLimiter({ limit: 0 }, { name: 'okx' })).toThrow(/okx\.limit: .*; got 0/);
});
