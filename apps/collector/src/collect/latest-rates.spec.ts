import type { FundingRecord } from '../records/funding-record.js';
import { LatestRates } from './latest-rates.js';

const DAY = 86_400_000;
const record = (symbolId: string, receivedAt: number, exchange: FundingRecord['exchange'] = 'gate'): FundingRecord => ({
  exchange,
  symbol: null,
  symbolId,
  fundingRate: '0.0001',
  rawFundingRate: null,
  fundingTime: null,
  nextFundingRate: null,
  nextFundingTime: null,
  intervalHours: null,
  markPrice: null,
  indexPrice: null,
  exchangeTime: null,
  receivedAt,
});
const ids = (rates: LatestRates, exchange?: string) => [...rates.select(exchange)].map((rate) => rate.record.symbolId);

describe('LatestRates', () => {
  it('keeps the newest record of each contract, in whatever order they come', () => {
    const rates = new LatestRates();
    rates.take([record('BTC', 20)]);
    rates.take([record('BTC', 10)]);
    expect([...rates.select('gate')].map(({ confirmedAt }) => confirmedAt)).toEqual([20]);
  });

  it('tells exchanges and contracts apart', () => {
    const rates = new LatestRates();
    rates.take([record('BTC', 1), record('ETH', 1)]);
    rates.take([record('BTC', 1, 'okx')]);
    expect(ids(rates)).toHaveLength(3);
    expect(ids(rates, 'okx')).toEqual(['BTC']);
    expect([...rates.select('gate', 'ETH')]).toHaveLength(1);
    expect([...rates.select('gate', 'XRP')]).toEqual([]);
  });

  it('forgets a contract that no answer has had for a day', () => {
    const rates = new LatestRates();
    rates.take([record('OLD', 0), record('BTC', 0)]);
    rates.take([record('BTC', DAY)]);
    expect(ids(rates)).toEqual(['OLD', 'BTC']);
    rates.take([record('BTC', DAY + 1)]);
    expect(ids(rates)).toEqual(['BTC']);
  });
});
