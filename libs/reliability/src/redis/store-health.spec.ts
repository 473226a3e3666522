import { afterFailure, AVAILABLE, mayProbe, type StoreHealth, whileProbing } from './store-health.js';

const TIMES = { firstMs: 100, longestMs: 1_000 };

/** The state after so many failures in a row, one each second, all with the same chance. */
function after(failures: number, chance = 1, times = TIMES): StoreHealth {
  let health: StoreHealth = AVAILABLE;
  for (let failure = 0; failure < failures; failure += 1) health = afterFailure(health, failure * 1_000, chance, times);
  return health;
}

describe('the health of a store', () => {
  it('is unavailable from its first failure on, and counts the further ones', () => {
    expect(after(1)).toEqual({ kind: 'unavailable', since: 0, failures: 1, probeAt: 100, probing: false });
    expect(after(3)).toEqual({ kind: 'unavailable', since: 0, failures: 3, probeAt: 2_400, probing: false });
  });

  it.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [4, 800],
    [5, 1_000],
    [2_000, 1_000],
  ])('after %d failures is looked at again after at most %d ms', (failures, expected) => {
    expect(after(failures)).toMatchObject({ probeAt: (failures - 1) * 1_000 + expected });
  });

  it('spreads that over the upper half', () => {
    expect([after(1, 0), after(1, 0.5)]).toMatchObject([{ probeAt: 50 }, { probeAt: 75 }]);
  });

  it('stops doubling where the longest time lets it go on: 2³⁰ times the first', () => {
    expect(after(40, 1, { firstMs: 1, longestMs: Infinity })).toMatchObject({ probeAt: 39_000 + 2 ** 30 });
  });

  it('is looked at by one call, no earlier than that', () => {
    const health = after(1);
    expect([mayProbe(health, 99), mayProbe(health, 100), mayProbe(health, 101)]).toEqual([false, true, true]);
    expect(mayProbe(whileProbing(health), 101)).toBe(false);
    expect(whileProbing(health)).toEqual({ ...health, probing: true });
  });

  it('may be looked at again once that has failed', () => {
    const failedAgain = afterFailure(whileProbing(after(1)), 150, 1, TIMES);
    expect([mayProbe(failedAgain, 349), mayProbe(failedAgain, 350)]).toEqual([false, true]);
  });

  it('needs no looking at while it is available', () => {
    expect(mayProbe(AVAILABLE, 1_000)).toBe(false);
    expect(whileProbing(AVAILABLE)).toEqual({ kind: 'available' });
  });
});
