import { SettlementRanges } from './settlement-ranges.js';

const rows = (...times: number[]) => times.map((fundingTime) => ({ symbolId: 'BTC', fundingTime }));

describe('SettlementRanges', () => {
  it('gives everything the first time, and only what is new after that', () => {
    const ranges = new SettlementRanges();
    expect(ranges.fresh(rows(1, 2, 3))).toHaveLength(3);
    expect(ranges.fresh(rows(2, 3, 4))).toEqual(rows(4));
    expect(ranges.fresh(rows(0, 1, 4))).toEqual(rows(0));
    expect(ranges.fresh(rows(0, 4))).toEqual([]);
  });

  it('does not take the hole between two stretches for known', () => {
    const ranges = new SettlementRanges();
    ranges.fresh(rows(1, 2));
    expect(ranges.fresh(rows(8, 9))).toEqual(rows(8, 9));
    expect(ranges.fresh(rows(5))).toEqual(rows(5));
  });

  it('keeps contracts apart', () => {
    const ranges = new SettlementRanges();
    ranges.fresh(rows(1));
    expect(ranges.fresh([{ symbolId: 'ETH', fundingTime: 1 }])).toHaveLength(1);
  });
});
