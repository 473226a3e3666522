import { reachedRate, reachesStreak, type TripRules } from './trip-rule.js';

const RULES: TripRules = { consecutiveFailures: 3, failureRate: 0.5, slowCallRate: 0.8, minimumCalls: 4 };

function windowOf(calls: number, failures: number, slow: number) {
  return { calls, failures, slow, record: () => undefined, expire: () => undefined };
}

describe('reachesStreak', () => {
  it.each([
    [3, 2, false],
    [3, 3, true],
    [3, 4, true],
    [1, 1, true],
    [false, 1_000, false],
  ] as const)('with a limit of %p and %d in a row is %p', (consecutiveFailures, streak, expected) => {
    expect(reachesStreak({ ...RULES, consecutiveFailures }, streak)).toBe(expected);
  });
});

describe('reachedRate', () => {
  it.each([
    { calls: 3, failures: 3, slow: 3, expected: undefined, why: 'too few calls' },
    { calls: 4, failures: 2, slow: 0, expected: 'failure-rate', why: 'at the failure rate' },
    { calls: 5, failures: 2, slow: 0, expected: undefined, why: 'below the failure rate' },
    { calls: 5, failures: 0, slow: 4, expected: 'slow-call-rate', why: 'at the slow rate' },
    { calls: 5, failures: 0, slow: 3, expected: undefined, why: 'below the slow rate' },
    { calls: 4, failures: 4, slow: 4, expected: 'failure-rate', why: 'at both' },
  ])('$why: $expected', ({ calls, failures, slow, expected }) => {
    expect(reachedRate(RULES, windowOf(calls, failures, slow))).toBe(expected);
  });

  it('is reached by 7 of 10 at 0.7, though 0.7 has no exact binary form', () => {
    expect(reachedRate({ ...RULES, failureRate: 0.7 }, windowOf(10, 7, 0))).toBe('failure-rate');
    expect(reachedRate({ ...RULES, failureRate: 0.1 }, windowOf(30, 3, 0))).toBe('failure-rate');
  });

  it('looks at no rate that is switched off', () => {
    expect(reachedRate({ ...RULES, failureRate: false }, windowOf(10, 10, 0))).toBeUndefined();
    expect(reachedRate({ ...RULES, slowCallRate: false }, windowOf(10, 0, 10))).toBeUndefined();
    expect(reachedRate({ ...RULES, failureRate: false }, windowOf(10, 10, 10))).toBe('slow-call-rate');
  });
});
