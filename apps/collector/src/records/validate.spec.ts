import type { VenueRow } from '../venues/venue.js';
import { type RowContext, validateRows, validateSettlements } from './validate.js';

const receivedAt = 1_795_231_026_133;
const context: RowContext = {
  exchange: 'okx',
  receivedAt,
  maxAbsoluteRate: 1,
  symbolOf: (id) => (id === 'BTC-USDT-SWAP' ? 'BTC/USDT:USDT' : null),
  intervalOf: () => 4,
};
const row: VenueRow = {
  symbolId: 'BTC-USDT-SWAP',
  fundingRate: '1.50e-05',
  fundingTime: 1_795_231_030_000,
  nextFundingRate: null,
  nextFundingTime: null,
  intervalHours: null,
  markPrice: '61386.80',
  indexPrice: null,
  exchangeTime: null,
};

describe('validateRows', () => {
  it('makes a record: exponents written out, name and interval from the market list, nothing invented', () => {
    expect(validateRows([row], context)).toEqual({
      rejected: [],
      accepted: [
        {
          exchange: 'okx',
          symbol: 'BTC/USDT:USDT',
          symbolId: 'BTC-USDT-SWAP',
          fundingRate: '0.0000150',
          rawFundingRate: null,
          fundingTime: 1_795_231_030_000,
          nextFundingRate: null,
          nextFundingTime: null,
          intervalHours: 4,
          markPrice: '61386.80',
          indexPrice: null,
          exchangeTime: null,
          receivedAt,
        },
      ],
    });
  });

  it('prefers the interval that the row has', () => {
    expect(validateRows([{ ...row, intervalHours: 8 }], context).accepted[0]?.intervalHours).toBe(8);
  });

  it('takes a contract that the market list does not have, without a name', () => {
    expect(validateRows([{ ...row, symbolId: 'NEW-USDT-SWAP' }], context).accepted[0]?.symbol).toBeNull();
  });

  it.each<[string, Partial<VenueRow>, string]>([
    ['no rate', { fundingRate: null }, 'fundingRate: '],
    ['a rate that is no number', { fundingRate: 'n/a' }, 'fundingRate: must be a decimal'],
    ['a rate beyond the bound', { fundingRate: '1.01' }, 'fundingRate: must be at most 1'],
    ['no id', { symbolId: '' }, 'symbolId: '],
    ['a time in seconds', { fundingTime: 1_795_231_030 }, 'fundingTime: '],
    ['a negative price', { markPrice: '-1' }, 'markPrice: must not be negative'],
  ])('sets a row aside for %s and keeps the others', (_, broken, reason) => {
    const { accepted, rejected } = validateRows([row, { ...row, ...broken }], context);
    expect(accepted).toHaveLength(1);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]?.reason).toContain(reason);
  });

  it('names every reason of a row', () => {
    const [aside] = validateRows([{ ...row, fundingRate: 'x', indexPrice: 'y' }], context).rejected;
    expect(aside?.reason).toMatch(/fundingRate: .*; indexPrice: /);
  });
});

describe('validateSettlements', () => {
  it('dates a settlement by its second, however late it was booked', () => {
    const rows = [{ symbolId: 'BTC', fundingRate: '0.0000125', fundingTime: 1_704_290_400_031 }];
    expect(validateSettlements(rows, 'history', context).accepted).toEqual([
      {
        source: 'history',
        exchange: 'okx',
        symbol: null,
        symbolId: 'BTC',
        fundingRate: '0.0000125',
        rawFundingRate: null,
        fundingTime: 1_704_290_400_000,
        receivedAt,
      },
    ]);
  });

  it('sets aside what has no settlement time', () => {
    const rows = [{ symbolId: 'BTC', fundingRate: '0.1', fundingTime: null }];
    expect(validateSettlements(rows, 'history', context)).toMatchObject({
      accepted: [],
      rejected: [{ symbolId: 'BTC' }],
    });
  });
});
