import type { Clock } from '../core/clock.js';
import { ExpiryHeap } from '../core/expiry-heap.js';
import type { Timer } from '../core/timer.js';
import type { Batch, Watch } from './lease.js';
import { Lease } from './lease.js';
import type { SharedAnswer } from './shared-limit.js';

/** The limit of one key, as far as leases need it. */
export interface LeasedLimit {
  readonly capacity: number;
  lease(key: string, most: number, least: number): Promise<SharedAnswer>;
  refund(key: string, cost: number, takenAt: number): Promise<SharedAnswer>;
}

export interface LeasesOptions {
  /** 0 for strict. */
  readonly leaseMs: number;
  readonly maxLeaseShare: number;
  readonly maxKeys: number;
}

/**
 * All that one instance holds of a shared budget, key by key. What is not used in time goes back; a key's refill is
 * under way at most once. One timer for all of them.
 */
export class Leases {
  readonly #byKey = new Map<string, Lease>();
  readonly #expiries = new ExpiryHeap<Watch>();
  #timer: Timer | undefined;
  #timerAt = Infinity;
  readonly counters = { refills: 0, leased: 0, returned: 0, denied: 0 };

  constructor(
    private readonly clock: Clock,
    private readonly limitOf: (key: string) => LeasedLimit,
    public options: LeasesOptions,
    /** A refill has ended, well or badly: look again who can be served. */
    private readonly onRefilled: (key: string, now: number) => void,
  ) {}

  get keys(): number {
    return this.#byKey.size;
  }

  /** What is held of a key. What has expired is gone. */
  of(key: string, now: number): Lease {
    let lease = this.#byKey.get(key);
    if (lease === undefined) {
      if (this.#byKey.size >= this.options.maxKeys) this.#forgetOne();
      lease = new Lease(key, now);
      this.#byKey.set(key, lease);
    } else if (lease.expiresAt <= now) {
      this.#giveBack(lease, lease.expired(now));
    }
    return lease;
  }

  /** Fetches for those who need so many permits now, and for the demand to come; in the background. */
  refill(lease: Lease, needed: number, least: number, now: number): void {
    if (lease.refilling) return;
    lease.refilling = true;
    void this.#fetch(lease, needed, least, now);
  }

  /** Fetches ahead of need. */
  refillEarly(lease: Lease, now: number): void {
    const { leaseMs } = this.options;
    if (leaseMs > 0 && !lease.refilling && lease.deniedUntil <= now && lease.runsLow(now, leaseMs)) {
      this.refill(lease, 1, 1, now);
    }
  }

  /** Unused permits go back: to the lease while it lasts, otherwise to the server. */
  restore(key: string, batch: Batch, cost: number, now: number): void {
    const lease = this.#byKey.get(key);
    if (lease !== undefined && lease.restore(batch, cost, now)) this.#watch(lease, now);
    else void this.#refund(key, cost, batch.takenAt);
  }

  /** Gives everything back, as far as the server can be reached. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const returns: Promise<void>[] = [];
    for (const lease of this.#byKey.values()) {
      for (const { permits, takenAt } of lease.expired(Infinity))
        returns.push(this.#refund(lease.key, permits, takenAt));
    }
    this.#byKey.clear();
    await Promise.all(returns);
  }

  /** The server was away or has lost its memory: nothing that is held or was heard counts any more. */
  forgetAll(): void {
    for (const lease of this.#byKey.values()) this.#unwatch(lease);
    this.#byKey.clear();
  }

  async #fetch(lease: Lease, needed: number, least: number, now: number): Promise<void> {
    const { leaseMs, maxLeaseShare } = this.options;
    try {
      const limit = this.limitOf(lease.key);
      const most = Math.max(1, Math.floor(limit.capacity * maxLeaseShare));
      const wanted = Math.min(limit.capacity, lease.wanted(needed, least, now, { leaseMs, most }));
      this.counters.refills += 1;
      const { permits, waitMs, takenAt } = await limit.lease(lease.key, Math.max(wanted, least), least);
      if (permits > 0) {
        this.counters.leased += permits;
        // Counted from before the question was sent: the server took them later than that.
        lease.grant(permits, takenAt, leaseMs > 0 ? now + leaseMs : Infinity);
        if (this.#byKey.get(lease.key) !== lease) this.#giveBack(lease, lease.expired(Infinity));
      } else {
        this.counters.denied += 1;
        lease.deniedUntil = this.clock.now() + waitMs;
      }
    } catch {
      // The store has announced it; whoever waits is told below.
      lease.failedUntil = this.clock.now() + PAUSE_AFTER_FAILURE_MS;
    }
    lease.refilling = false;
    const after = this.clock.now();
    this.onRefilled(lease.key, after);
    if (leaseMs === 0) this.#giveBack(lease, lease.expired(Infinity));
    this.#watch(lease, after);
  }

  #watch(lease: Lease, now: number): void {
    const { watch } = lease;
    if (watch.heapIndex < 0 && lease.expiresAt < Infinity) {
      watch.expiresAt = lease.expiresAt;
      this.#expiries.add(watch);
    }
    const due = this.#expiries.earliest;
    if (due >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = due;
    this.#timer = this.clock.schedule(due - now, () => this.#sweep(), now);
  }

  #unwatch({ watch }: Lease): void {
    if (watch.heapIndex >= 0) this.#expiries.remove(watch);
  }

  #sweep(): void {
    this.#timer = undefined;
    this.#timerAt = Infinity;
    const now = this.clock.now();
    for (let due = this.#expiries.due(now); due !== undefined; due = this.#expiries.due(now)) {
      this.#expiries.remove(due);
      this.#giveBack(due.lease, due.lease.expired(now));
      this.#watch(due.lease, now);
    }
  }

  #giveBack(lease: Lease, batches: readonly Batch[]): void {
    for (const { permits, takenAt } of batches) void this.#refund(lease.key, permits, takenAt);
  }

  async #refund(key: string, permits: number, takenAt: number): Promise<void> {
    try {
      const answer = await this.limitOf(key).refund(key, permits, takenAt);
      this.counters.returned += answer.permits;
    } catch {
      // Lost to the fleet until they refill there by themselves: never too many, at worst too few.
    }
  }

  /** The key whose lease was made first, unless it is being refilled, goes; its permits go back. */
  #forgetOne(): void {
    for (const lease of this.#byKey.values()) {
      if (lease.refilling) continue;
      this.#byKey.delete(lease.key);
      this.#unwatch(lease);
      this.#giveBack(lease, lease.expired(Infinity));
      return;
    }
  }
}

/** For a key whose refill failed though the store seems to be there. */
const PAUSE_AFTER_FAILURE_MS = 50;
