import { fixed } from './lexeme.js';
import { FundingSeries, type SeriesSubject } from './funding-series.js';

const subject: SeriesSubject = {
  key: 'okx|BTC-USDT-SWAP',
  base: 'BTC',
  rateScale: 8,
  priceScale: 2,
  calmRate: 0.0001,
};
const start = 1_795_230_000_000;
const times = Array.from({ length: 500 }, (_, i) => start + i * 5_000);
const ratesOf = (seed: number, of: SeriesSubject = subject): readonly string[] => {
  const series = new FundingSeries({ seed, settlementMs: 5_000 });
  return times.map((time) => fixed(series.rate(of, time)));
};

describe('FundingSeries', () => {
  it('gives a published value for a seed, a contract and a time', () => {
    const series = new FundingSeries({ seed: 7, settlementMs: 5_000 });
    expect(times.slice(0, 4).map((time) => fixed(series.rate(subject, time)))).toMatchInlineSnapshot(`
     [
       "0.00027756",
       "-0.00009869",
       "-0.00032865",
       "0.00010000",
     ]
    `);
  });

  it('gives the same rates to two instances of one seed, asked in any order', () => {
    const series = new FundingSeries({ seed: 7, settlementMs: 5_000 });
    const backwards = times.toReversed().map((time) => fixed(series.rate(subject, time)));
    expect(backwards.toReversed()).toEqual(ratesOf(7));
  });

  it('gives other rates for another seed, contract or venue', () => {
    const reference = ratesOf(7);
    for (const other of [
      ratesOf(8),
      ratesOf(7, { ...subject, key: 'okx|ETH-USDT-SWAP' }),
      ratesOf(7, { ...subject, key: 'gate|BTC-USDT-SWAP' }),
    ]) {
      expect(other.filter((rate, i) => rate === reference[i]).length).toBeLessThan(50);
    }
  });

  it('has zeros, calm rates, both signs and tails, all below two per cent', () => {
    const rates = ratesOf(3).map(Number);
    expect(rates.filter((rate) => rate === 0.0001).length).toBeGreaterThan(10);
    expect(rates.filter((rate) => rate === 0).length).toBeGreaterThan(0);
    expect(rates.filter((rate) => rate < 0).length).toBeGreaterThan(100);
    expect(rates.filter((rate) => rate > 0.0001).length).toBeGreaterThan(100);
    expect(Math.max(...rates.map(Math.abs))).toBeLessThan(0.02);
  });

  it('settles on multiples of the interval: at the very moment, the next settlement is the one after', () => {
    const series = new FundingSeries({ seed: 1, settlementMs: 5_000 });
    expect(series.nextSettlement(start - 1)).toBe(start);
    expect(series.nextSettlement(start)).toBe(start + 5_000);
    expect(series.lastSettlement(start)).toBe(start);
    expect(series.lastSettlement(start + 4_999)).toBe(start);
  });

  it('keeps the rate of a settlement while its forecast changes', () => {
    const series = new FundingSeries({ seed: 1, settlementMs: 5_000 });
    const forecasts = new Set(times.slice(0, 10).map((now) => fixed(series.prediction(subject, start + 60_000, now))));
    expect(forecasts.size).toBeGreaterThan(1);
  });

  it('moves prices slowly: under 0.2 % in a second, and differently by base', () => {
    const series = new FundingSeries({ seed: 1, settlementMs: 5_000 });
    const prices = Array.from({ length: 120 }, (_, i) => Number(fixed(series.indexPrice(subject, start + i * 1_000))));
    const steps = prices.slice(1).map((price, i) => Math.abs(price / (prices[i] ?? price) - 1));
    expect(Math.max(...steps)).toBeLessThan(0.002);
    expect(new Set(prices).size).toBeGreaterThan(100);
    expect(prices[0]).toBeGreaterThan(55_000);
    expect(prices[0]).toBeLessThan(67_000);
  });

  it('prices XBT as BTC, and gives a price scale of five digits', () => {
    const series = new FundingSeries({ seed: 1, settlementMs: 5_000 });
    expect(fixed(series.indexPrice({ ...subject, base: 'XBT' }, start))).toBe(fixed(series.indexPrice(subject, start)));
    expect(series.priceScale('BTC')).toBe(1);
    expect(series.priceScale('XRP')).toBe(5);
  });
});
