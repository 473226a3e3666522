import type { FundingRecord } from './funding-record.js';
import { ObservationFilter } from './observation-filter.js';

const record: FundingRecord = {
  exchange: 'gate',
  symbol: 'BTC/USDT:USDT',
  symbolId: 'BTC_USDT',
  fundingRate: '0.0001',
  rawFundingRate: null,
  fundingTime: 1_795_231_030_000,
  nextFundingRate: null,
  nextFundingTime: null,
  intervalHours: 8,
  markPrice: '1',
  indexPrice: '1',
  exchangeTime: 1,
  receivedAt: 2,
};

describe('ObservationFilter', () => {
  it('lets a record through once, whenever it is read again', () => {
    const filter = new ObservationFilter();
    expect(filter.changed(record)).toBe(true);
    expect(filter.changed({ ...record, receivedAt: 3, exchangeTime: 9 })).toBe(false);
  });

  it.each([
    { fundingRate: '0.00010' },
    { fundingTime: 1_795_231_035_000 },
    { nextFundingRate: '0.1' },
    { markPrice: '1.0' },
    { indexPrice: null },
    { intervalHours: 4 },
  ])('lets through what changed: %p', (change) => {
    const filter = new ObservationFilter();
    filter.changed(record);
    expect(filter.changed({ ...record, ...change })).toBe(true);
  });

  it('tells contracts and exchanges apart', () => {
    const filter = new ObservationFilter();
    filter.changed(record);
    expect(filter.changed({ ...record, symbolId: 'ETH_USDT' })).toBe(true);
    expect(filter.changed({ ...record, exchange: 'okx' })).toBe(true);
  });
});
