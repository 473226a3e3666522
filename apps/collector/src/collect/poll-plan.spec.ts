import { firstPollIn, hopelessPollIn, nextPollIn, retryPollIn } from './poll-plan.js';

const options = { pollEveryMs: 30_000, jitter: 0.1, beforeSettlementMs: 3_000, afterSettlementMs: 2_000 };

describe('nextPollIn', () => {
  it.each([
    [0, 27_000],
    [0.5, 30_000],
    [0.75, 31_500],
  ])('spreads polls by the jitter: with chance %d after %d ms', (random, expected) => {
    expect(nextPollIn(options, 0, 0, undefined, random)).toBe(expected);
  });

  it('counts from the start of the last poll', () => {
    expect(nextPollIn(options, 0, 12_000, undefined, 0.5)).toBe(18_000);
  });

  it('polls again at once after one that took longer than the interval', () => {
    expect(nextPollIn(options, 0, 45_000, undefined, 0.5)).toBe(0);
  });

  it('looks right before a settlement, then right after it', () => {
    expect(nextPollIn(options, 0, 1_000, 10_000, 0.5)).toBe(6_000);
    expect(nextPollIn(options, 7_000, 7_500, 10_000, 0.5)).toBe(4_500);
  });

  it('does not look at a settlement twice', () => {
    expect(nextPollIn(options, 12_000, 12_500, 10_000, 0.5)).toBe(29_500);
  });

  it('can be told to keep to the interval', () => {
    const plain = { ...options, beforeSettlementMs: 0, afterSettlementMs: 0 };
    expect(nextPollIn(plain, 0, 0, 10_000, 0.5)).toBe(30_000);
  });
});

describe('firstPollIn', () => {
  it('spreads the pollers over the interval', () => {
    expect([0, 1, 2, 3].map((index) => firstPollIn(index, 4, 30_000))).toEqual([0, 7_500, 15_000, 22_500]);
  });
});

describe('retryPollIn', () => {
  it.each([
    [30_000, 1_200, 30_000, 1_202],
    [30_000, 1_200.4, 30_000, 1_203],
    [30_000, undefined, 30_000, 5_000],
    [1_800, undefined, 1_500, 300],
    [1_800, undefined, 200, 200],
    [30_000, 60_000, 30_000, 30_000],
    [30_000, 0, 30_000, 100],
    [300, undefined, 300, 100],
  ])('every %d ms, told to wait %p ms, with the next poll in %d ms: in %d ms', (every, told, regularIn, expected) => {
    expect(retryPollIn(every, told, regularIn)).toBe(expected);
  });
});

describe('hopelessPollIn', () => {
  it.each([
    [1, 30_000],
    [3, 60_000],
    [5, 240_000],
    [50, 600_000],
  ])('after %d failures of a list that never answered, polls in %d ms', (failures, expected) => {
    expect(hopelessPollIn(30_000, failures)).toBe(expected);
  });
});
