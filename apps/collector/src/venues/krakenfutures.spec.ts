import { plainDecimal } from '../records/decimal.js';
import { krakenfuturesVenue } from './krakenfutures.js';

const query = { list: 'perpetuals', symbolIds: [] };
const tickers = krakenfuturesVenue.lists['perpetuals']![0]!;
const body = (...items: object[]) => ({ result: 'success', serverTime: '2026-11-21T11:02:25.599Z', tickers: items });

describe('Kraken futures', () => {
  it('derives the relative rate of a linear contract, and keeps the absolute one', () => {
    const [row] = tickers.read(
      body({
        symbol: 'PF_ENJUSD',
        tag: 'perpetual',
        markPrice: '0.0434',
        indexPrice: '0.043391',
        fundingRate: '-0.000000756414717067',
        fundingRatePrediction: '1.95218676E-7',
      }),
      query,
    );
    expect(row).toMatchObject({
      symbolId: 'PF_ENJUSD',
      fundingRate: '-0.0000174289105314977',
      rawFundingRate: '-0.000000756414717067',
      nextFundingRate: '0.00000449812617511521',
      fundingTime: null,
      intervalHours: 1,
      exchangeTime: Date.UTC(2026, 10, 21, 11, 2, 25, 599),
    });
  });

  it('derives that of an inverse contract the other way round', () => {
    const [row] = tickers.read(
      body({ symbol: 'PI_XBTUSD', tag: 'perpetual', markPrice: '30123.5', fundingRate: '3.995839963e-09' }),
      query,
    );
    expect(row?.fundingRate).toBe('0.0001203686851254305');
    expect(plainDecimal(row?.rawFundingRate ?? '')).toBe('0.000000003995839963');
  });

  it('leaves out indices and dated futures', () => {
    expect(tickers.read(body({ symbol: 'in_xbtusd' }, { symbol: 'FI_XBTUSD_270326', tag: 'quarter' }), query)).toEqual(
      [],
    );
  });

  it('reads from a history when settlements are: at the end of the period that runs', () => {
    const rates = ['09', '10', '11'].map((hour) => ({
      timestamp: `2026-11-21T${hour}:00:00.000Z`,
      fundingRate: '1',
      relativeFundingRate: '0.0001',
    }));
    const notice = krakenfuturesVenue.settlementTimes![0]!.read({ rates }, query);
    expect(notice.times).toEqual([
      { symbolId: '*', fundingTime: Date.UTC(2026, 10, 21, 12), intervalHours: 1, asOf: null },
    ]);
    expect(notice.rates[0]).toMatchObject({ fundingTime: Date.UTC(2026, 10, 21, 10), fundingRate: '0.0001' });
  });
});
