/** Permits taken from the shared budget together. */
export interface Batch {
  permits: number;
  /** The server's time at which they were taken: what giving them back must name. */
  readonly takenAt: number;
  /** Our time after which they are not used any more. */
  readonly expiresAt: number;
}

export interface LeaseRules {
  /** How long permits may be used after they were taken, in ms; 0 for strict: only by those who wait for them. */
  readonly leaseMs: number;
  /** Most permits held at a time. */
  readonly most: number;
}

/** How strongly the demand of the time since the last refill counts against what was measured before. */
const SMOOTH = 0.5;
/** Asked for however low the demand is, where the limit allows it: a trip for fewer is not worth it. */
const LEAST_LEASE = 32;
/** And of a large limit so much of what may be held. */
const LEAST_SHARE = 1 / 16;
const GROWTH = 4;
/** Shortest time, as a share of a lease, over which the demand is measured. */
const LEAST_MEASURE = 0.25;
/** For what comes unevenly. */
const MARGIN = 1.5;

/** When to look at a lease again. Its own expiry moves on as permits are used; this stays as it was put in the heap. */
export interface Watch {
  readonly lease: Lease;
  expiresAt: number;
  heapIndex: number;
}

/**
 * What one instance holds of one key's shared budget. Its size follows the demand: as much as is used in the time of a
 * lease, four times the last if that did not suffice, never more than `most`.
 */
export class Lease {
  /** The older first. */
  readonly #batches: Batch[] = [];
  #permits = 0;
  /** Permits used per ms. */
  #perMs = 0;
  #used = 0;
  #measuredFrom: number;
  #lastGrant = 0;
  #newestExpiry = 0;
  /** Until then the server cannot give {@link isDenied as many as it was asked for}. */
  deniedUntil = -Infinity;
  #deniedCost = Infinity;
  /** Our time at which permits were last asked for and got. */
  takenAt = -Infinity;
  /** What the server had left when it last answered. */
  left = 0;
  /** A refill is under way. */
  refilling = false;
  /** The store failed when it was asked for this key: until then it is not asked again. */
  failedUntil = -Infinity;
  readonly watch: Watch;

  constructor(
    readonly key: string,
    now: number,
  ) {
    this.#measuredFrom = now;
    this.watch = { lease: this, expiresAt: Infinity, heapIndex: -1 };
  }

  get permits(): number {
    return this.#permits;
  }

  /** When the oldest permits go; `Infinity` without any. */
  get expiresAt(): number {
    return this.#batches[0]?.expiresAt ?? Infinity;
  }

  /**
   * Takes from the oldest. The caller has removed what is {@link expired} and looked at {@link permits}.
   * @returns the oldest batch that was drawn on
   */
  use(cost: number): Batch {
    this.#permits -= cost;
    this.#used += cost;
    let left = cost;
    let batch = this.#batches[0]!;
    const oldest = batch;
    while (batch.permits <= left && this.#batches.length > 1) {
      left -= batch.permits;
      batch.permits = 0;
      this.#batches.shift();
      batch = this.#batches[0]!;
    }
    batch.permits -= left;
    return oldest;
  }

  /** The server could not give so many. Fewer it may have. */
  deny(cost: number, until: number): void {
    this.#deniedCost = cost;
    this.deniedUntil = until;
  }

  /** Whether it is known that the server has not so many. */
  isDenied(cost: number, now: number): boolean {
    return this.deniedUntil > now && cost >= this.#deniedCost;
  }

  /** A permit came back unused. @returns whether it can be used again */
  restore(batch: Batch, cost: number, now: number): boolean {
    if (batch.expiresAt <= now || !this.#batches.includes(batch)) return false;
    batch.permits += cost;
    this.#permits += cost;
    return true;
  }

  grant(permits: number, takenAt: number, expiresAt: number): void {
    this.#lastGrant = permits;
    this.#newestExpiry = expiresAt;
    this.#permits += permits;
    this.#batches.push({ permits, takenAt, expiresAt });
  }

  /** Removes what may not be used any more, for giving it back. */
  expired(now: number): Batch[] {
    const count = this.#batches.findIndex(({ expiresAt }) => expiresAt > now);
    const gone = this.#batches.splice(0, count < 0 ? this.#batches.length : count);
    for (const { permits } of gone) this.#permits -= permits;
    return gone.filter(({ permits }) => permits > 0);
  }

  /** Whether it is time to fetch more, before there is none: half of the last ones are used, or their time is nearly over. */
  runsLow(now: number, leaseMs: number): boolean {
    return this.#permits * 2 <= this.#lastGrant || now >= this.#newestExpiry - leaseMs / 4;
  }

  /**
   * How many to ask for: at least `least`, which the first of those who wait needs, and what all of them need as far as
   * it may be held.
   */
  wanted(needed: number, least: number, now: number, { leaseMs, most }: LeaseRules): number {
    if (leaseMs <= 0) return needed;
    const elapsed = now - this.#measuredFrom;
    // A burst within less than that is no measure of what comes.
    if (elapsed >= leaseMs * LEAST_MEASURE) {
      this.#perMs = SMOOTH * (this.#used / elapsed) + (1 - SMOOTH) * this.#perMs;
      this.#used = 0;
      this.#measuredFrom = now;
    }
    // Asked in the first half of their time, the last ones did not suffice.
    const growing = now < this.#newestExpiry - leaseMs / 2 ? GROWTH * this.#lastGrant : 0;
    const forDemand = Math.ceil(this.#perMs * leaseMs * MARGIN);
    const wanted = Math.max(LEAST_LEASE, Math.ceil(most * LEAST_SHARE), forDemand, growing, needed);
    return Math.max(least, Math.min(wanted, most - Math.ceil(this.#permits)));
  }
}
