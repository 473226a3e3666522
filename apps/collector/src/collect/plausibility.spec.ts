import { judge, NO_ANSWER_YET, type PlausibilityState, repeated } from './plausibility.js';

const options = { minShareOfLast: 0.5, believeAfterMs: 60_000 };
const after = (rows: number, hasLiquid = true): PlausibilityState => ({
  last: { rows, hasLiquid },
  doubtedSince: undefined,
});

describe('judge', () => {
  it('believes any first answer that has a row, with or without the most liquid contract', () => {
    expect(judge(NO_ANSWER_YET, { rows: 1, hasLiquid: false }, options, 0).plausible).toBe(true);
  });

  it('never believes an answer without rows', () => {
    expect(judge(NO_ANSWER_YET, { rows: 0, hasLiquid: false }, options, 0)).toMatchObject({
      plausible: false,
      reason: 'no rows',
    });
    const doubted = { ...after(1), doubtedSince: 0 };
    expect(judge(doubted, { rows: 0, hasLiquid: false }, options, 1e9).plausible).toBe(false);
  });

  it.each([
    [50, true],
    [49, false],
  ])('after 100 rows, %d rows are plausible: %p', (rows, plausible) => {
    expect(judge(after(100), { rows, hasLiquid: true }, options, 0).plausible).toBe(plausible);
  });

  it('misses the most liquid contract only if it was there', () => {
    expect(judge(after(10, true), { rows: 10, hasLiquid: false }, options, 0).plausible).toBe(false);
    expect(judge(after(10, false), { rows: 10, hasLiquid: false }, options, 0).plausible).toBe(true);
  });

  it('comes to believe a smaller answer that stays', () => {
    const first = judge(after(100), { rows: 10, hasLiquid: true }, options, 1_000);
    expect(judge(first.state, { rows: 10, hasLiquid: true }, options, 60_999).plausible).toBe(false);
    expect(judge(first.state, { rows: 10, hasLiquid: true }, options, 61_000)).toEqual({
      plausible: true,
      state: after(10),
    });
  });

  it('forgets its doubts at the next good answer', () => {
    const doubted = judge(after(100), { rows: 10, hasLiquid: true }, options, 0).state;
    expect(judge(doubted, { rows: 99, hasLiquid: true }, options, 10).state).toEqual(after(99));
  });
});

describe('repeated', () => {
  it('names the first id that comes twice', () => {
    expect(repeated(['a', 'b', 'c', 'b', 'a'])).toBe('b');
    expect(repeated(['a', 'b'])).toBeUndefined();
  });
});
