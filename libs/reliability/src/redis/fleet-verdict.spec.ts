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
