/**
 * Slots of a bulkhead that are taken together: one for all calls, or one per key. Cost is counted, not calls: a call
 * may take several slots.
 */
export class Compartment<Queue = unknown, Limit = unknown> {
  /** Cost of the work that has not ended. */
  used = 0;
  /** Work that has not ended. */
  running = 0;

  /** Those who wait for slots; made when the first one has to. */
  queue: Queue | undefined = undefined;

  constructor(
    /** `undefined` for the slots of calls without a key, and of keys beyond the most that are kept apart. */
    readonly key: string | undefined,
    /** Where the limit is adaptive. */
    public adaptive: Limit | undefined,
  ) {}

  /** Whether a cost fits below the limit. What alone exceeds the limit fits when nothing else runs. */
  fits(cost: number, limit: number): boolean {
    return this.running === 0 || this.used + cost <= limit;
  }

  take(cost: number): void {
    this.used += cost;
    this.running += 1;
  }

  giveBack(cost: number): void {
    this.running -= 1;
    // Sums of fractions do not come back to 0 by themselves.
    this.used = this.running === 0 ? 0 : this.used - cost;
  }
}
