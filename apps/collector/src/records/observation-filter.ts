import type { FundingRecord } from './funding-record.js';

/** Remembers what was last seen of each contract, to let only what is new through. */
export class ObservationFilter {
  readonly #last = new Map<string, string>();

  /** Whether anything but the times of reading differs from the contract's last record. */
  changed(record: FundingRecord): boolean {
    const key = `${record.exchange}|${record.symbolId}`;
    const state = JSON.stringify([
      record.fundingRate,
      record.rawFundingRate,
      record.fundingTime,
      record.nextFundingRate,
      record.nextFundingTime,
      record.intervalHours,
      record.markPrice,
      record.indexPrice,
    ]);
    if (this.#last.get(key) === state) return false;
    this.#last.set(key, state);
    return true;
  }
}
