import { Injectable } from '@nestjs/common';
import type { FundingRecord } from '../records/funding-record.js';
import type { VenueId } from '../venues/venue.js';

/** A contract's last record, and when an answer last confirmed it. */
export interface LatestRate {
  readonly record: FundingRecord;
  /** ms since the epoch; later than the record's `receivedAt` when it was answered unchanged. */
  readonly confirmedAt: number;
}

/** A contract that no answer has had for this long is not listed any more, in ms. */
const FORGET_AFTER_MS = 86_400_000;

/** The last good answer of every venue, in memory. */
@Injectable()
export class LatestRates {
  readonly #byVenue = new Map<VenueId, Map<string, LatestRate>>();

  take(records: readonly FundingRecord[]): void {
    const [first] = records;
    if (first !== undefined) this.#forget(first.exchange, first.receivedAt - FORGET_AFTER_MS);
    for (const record of records) {
      const rates = this.#byVenue.get(record.exchange) ?? new Map<string, LatestRate>();
      this.#byVenue.set(record.exchange, rates);
      const known = rates.get(record.symbolId);
      if (known === undefined || known.confirmedAt <= record.receivedAt) {
        rates.set(record.symbolId, { record, confirmedAt: record.receivedAt });
      }
    }
  }

  /** Contracts that a venue is known to have a rate of. */
  count(exchange: VenueId): number {
    return this.#byVenue.get(exchange)?.size ?? 0;
  }

  /** In order of venue and id. */
  *select(exchange?: string, symbolId?: string): Generator<LatestRate> {
    for (const [venue, rates] of this.#byVenue) {
      if (exchange !== undefined && venue !== exchange) continue;
      if (symbolId !== undefined) {
        const rate = rates.get(symbolId);
        if (rate !== undefined) yield rate;
      } else yield* rates.values();
    }
  }

  #forget(exchange: VenueId, before: number): void {
    const rates = this.#byVenue.get(exchange);
    if (rates === undefined) return;
    for (const [symbolId, { confirmedAt }] of rates) if (confirmedAt < before) rates.delete(symbolId);
  }
}
