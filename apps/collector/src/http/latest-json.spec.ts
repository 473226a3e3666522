import { array, assert, boolean, constant, nat, oneof, property, record, string } from 'fast-check';
import type { FundingRecord } from '../records/funding-record.js';
import { latestJson } from './latest-json.js';

const funding = record({
  exchange: constant('okx' as const),
  symbol: oneof(string(), constant(null)),
  symbolId: string(),
  fundingRate: string(),
  fundingTime: oneof(nat(), constant(null)),
  receivedAt: nat(),
}).map((fields) => fields as unknown as FundingRecord);

describe('latestJson', () => {
  it('is what JSON.stringify gives, the first time and every time after', () => {
    const rate = record({ record: funding, confirmedAt: nat(), ageMs: nat(), stale: boolean() });
    assert(
      property(nat(), array(rate), (at, rates) => {
        const expected = JSON.stringify({
          at,
          count: rates.length,
          stale: rates.filter(({ stale }) => stale).length,
          rates: rates.map(({ record: own, ageMs, stale }) => ({ ...own, ageMs, stale })),
        });
        expect([latestJson(at, rates), latestJson(at, rates)]).toEqual([expected, expected]);
      }),
    );
  });

  it('tells the age of now, not of the first time', () => {
    const known = { exchange: 'okx', fundingRate: '0.00010000' } as FundingRecord;
    const rate = { record: known, confirmedAt: 5 };
    expect(latestJson(6, [{ ...rate, ageMs: 1, stale: false }])).toBe(
      '{"at":6,"count":1,"stale":0,"rates":[{"exchange":"okx","fundingRate":"0.00010000","ageMs":1,"stale":false}]}',
    );
    expect(latestJson(9, [{ ...rate, ageMs: 4, stale: true }])).toBe(
      '{"at":9,"count":1,"stale":1,"rates":[{"exchange":"okx","fundingRate":"0.00010000","ageMs":4,"stale":true}]}',
    );
  });
});
