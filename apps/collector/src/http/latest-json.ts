import type { LatestRate } from '../collect/latest-rates.js';
import type { FundingRecord } from '../records/funding-record.js';

/** A record as JSON, without the brace that closes it: it is read many times and changes with the next answer only. */
const opened = new WeakMap<FundingRecord, string>();

function openedJson(record: FundingRecord): string {
  let json = opened.get(record);
  if (json === undefined) {
    json = JSON.stringify(record).slice(0, -1);
    opened.set(record, json);
  }
  return json;
}

/** `JSON.stringify({ at, count, stale, rates })` of rates with their `ageMs` and `stale`, to the byte. */
export function latestJson(
  at: number,
  rates: readonly (LatestRate & { readonly ageMs: number; readonly stale: boolean })[],
): string {
  let stale = 0;
  const texts = rates.map((rate) => {
    if (rate.stale) stale += 1;
    return `${openedJson(rate.record)},"ageMs":${rate.ageMs},"stale":${rate.stale}}`;
  });
  return `{"at":${at},"count":${rates.length},"stale":${stale},"rates":[${texts.join(',')}]}`;
}
