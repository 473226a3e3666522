import type { SettlementRow, VenueId } from '../venues/venue.js';

/** settlement time (epoch ms, as text) → symbol id → rate as sent. */
export type SettlementTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * What was really served: the distinct settlements of answers that were complete, valid and delivered whole. Bounded by
 * `capacity` settlements; beyond it the venue's oldest settlement time is forgotten and counted in `forgotten`.
 */
export class ServedLog {
  private readonly capacity: number;
  private readonly venues = new Map<VenueId, Map<number, Map<string, string>>>();
  private size = 0;
  private forgottenCount = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get forgotten(): number {
    return this.forgottenCount;
  }

  record(venue: VenueId, rows: readonly SettlementRow[]): void {
    const times = this.timesOf(venue);
    for (const { symbolId, fundingTime, rate } of rows) {
      let symbols = times.get(fundingTime);
      if (symbols === undefined) {
        symbols = new Map();
        times.set(fundingTime, symbols);
      }
      if (!symbols.has(symbolId)) {
        symbols.set(symbolId, rate);
        this.size += 1;
      }
    }
    while (this.size > this.capacity && times.size > 1) this.forgetOldest(times);
  }

  count(venue: VenueId): number {
    let count = 0;
    for (const symbols of this.timesOf(venue).values()) count += symbols.size;
    return count;
  }

  /** Settlements of a venue with from ≤ fundingTime ≤ to. */
  table(venue: VenueId, from: number, to: number): SettlementTable {
    const entries = [...this.timesOf(venue)]
      .filter(([time]) => time >= from && time <= to)
      .map(([time, symbols]) => [String(time), Object.fromEntries(symbols)] as const);
    return Object.fromEntries(entries);
  }

  private forgetOldest(times: Map<number, Map<string, string>>): void {
    const oldest = Math.min(...times.keys());
    const count = times.get(oldest)?.size ?? 0;
    times.delete(oldest);
    this.size -= count;
    this.forgottenCount += count;
  }

  private timesOf(venue: VenueId): Map<number, Map<string, string>> {
    let times = this.venues.get(venue);
    if (times === undefined) {
      times = new Map();
      this.venues.set(venue, times);
    }
    return times;
  }
}
