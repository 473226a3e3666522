import { markFresh, markStale, stalenessOf } from './staleness.js';

const STALE = { ageMs: 5, error: 'down' };

describe('stalenessOf', () => {
  it.each([
    ['an object', { a: 1 }],
    ['an array', [1]],
    ['a function', () => 1],
  ])('knows %s that was marked, until it is fresh again', (_what, answer) => {
    expect(stalenessOf(answer)).toBeUndefined();
    markStale(answer, STALE);
    expect(stalenessOf(answer)).toBe(STALE);
    markFresh(answer);
    expect(stalenessOf(answer)).toBeUndefined();
  });

  it.each(['text', 1, null, undefined, true, Symbol('s')])('knows nothing of %p, which cannot be marked', (answer) => {
    markStale(answer, STALE);
    expect(stalenessOf(answer)).toBeUndefined();
    markFresh(answer);
  });

  it('leaves the marked value as it was', () => {
    const answer = Object.freeze({ a: 1 });
    markStale(answer, STALE);
    expect(Reflect.ownKeys(answer)).toEqual(['a']);
  });
});
