import { SettlementTimes } from './settlement-times.js';

const HOUR = 3_600_000;
const at = (time: number) => ({ earliest: time, latest: time });

describe('SettlementTimes', () => {
  it('puts a row into the period that ends with the settlement told', () => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: 'BTCUSDT', fundingTime: 8 * HOUR, intervalHours: 8, asOf: 5 * HOUR }], null);
    expect(times.of('BTCUSDT', at(0))).toEqual({ fundingTime: 8 * HOUR, intervalHours: 8 });
    expect(times.of('BTCUSDT', at(8 * HOUR - 1))).toEqual({ fundingTime: 8 * HOUR, intervalHours: 8 });
  });

  it('says nothing of a row at or after the settlement, nor of one before the period', () => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: 'BTCUSDT', fundingTime: 16 * HOUR, intervalHours: 8, asOf: 9 * HOUR }], null);
    expect(times.of('BTCUSDT', at(16 * HOUR))).toBeNull();
    expect(times.of('BTCUSDT', at(8 * HOUR - 1))).toBeNull();
  });

  it('says nothing of a row whose time is unknown', () => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: 'BTC', fundingTime: HOUR, intervalHours: 1, asOf: 0 }], null);
    expect(times.of('BTC', undefined)).toBeNull();
  });

  it('without an interval holds from when it was told, not before: a settlement may lie between', () => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: 'BTC', fundingTime: 2 * HOUR, intervalHours: null, asOf: null }], HOUR + 5_000);
    expect(times.of('BTC', { earliest: HOUR + 5_000, latest: HOUR + 5_999 })?.fundingTime).toBe(2 * HOUR);
    expect(times.of('BTC', { earliest: HOUR - 2_000, latest: HOUR - 1_001 })).toBeNull();
  });

  it('gives no settlement to a row that may be from either side of it', () => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: 'BTC', fundingTime: HOUR, intervalHours: null, asOf: null }], 0);
    expect(times.of('BTC', { earliest: HOUR - 1_000, latest: HOUR - 1 })?.fundingTime).toBe(HOUR);
    expect(times.of('BTC', { earliest: HOUR - 999, latest: HOUR })).toBeNull();
  });

  it.each([
    [4 * HOUR - 1, 4 * HOUR],
    [4 * HOUR, 5 * HOUR],
    [3 * HOUR, 4 * HOUR],
    [3 * HOUR - 1, 3 * HOUR],
    [27 * HOUR + 1, 28 * HOUR],
  ])('continues the grid of contracts that settle together: at %i comes %i', (time, settlement) => {
    const times = new SettlementTimes();
    times.learn([{ symbolId: '*', fundingTime: 4 * HOUR, intervalHours: 1, asOf: null }], null);
    expect(times.of('PF_XBTUSD', at(time))?.fundingTime).toBe(settlement);
  });
});
