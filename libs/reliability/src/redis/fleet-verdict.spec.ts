import { circuitBreakerOptions } from '../circuit-breaker/circuit-breaker.options.js';
import { wary } from './fleet-breaker.js';
import { verdictOf } from './fleet-verdict.js';

const RULES = { quorum: 0.5, minInstances: 2 };

describe('verdictOf', () => {
  it.each([
    [10, 0, 'calm'],
    [10, 4, 'wary'],
    [10, 5, 'open'],
    [5, 2, 'wary'],
    [5, 3, 'open'],
    // One alone convinces nobody, however small the fleet.
    [2, 1, 'wary'],
    [1, 1, 'wary'],
    [2, 2, 'open'],
    [3, 2, 'open'],
  ])('of %p instances %p open: %s', (live, open, verdict) => {
    expect(verdictOf({ live, open, openForMs: 1 }, RULES)).toBe(verdict);
  });
});

describe('wary', () => {
  it('multiplies the thresholds, leaves at least one, and leaves what is off', () => {
    const options = circuitBreakerOptions.parse({ consecutiveFailures: 5, failureRate: 0.5, minimumCalls: 10 });
    expect(wary(options, 0.5)).toMatchObject({ consecutiveFailures: 3, failureRate: 0.25, minimumCalls: 5 });
    expect(wary(options, 0.01)).toMatchObject({ consecutiveFailures: 1, minimumCalls: 1 });
    const off = circuitBreakerOptions.parse({ consecutiveFailures: false, failureRate: false });
    expect(wary(off, 0.5)).toMatchObject({ consecutiveFailures: false, failureRate: false });
  });
});
