import type { Clock } from '../core/clock.js';
import { ExpiryHeap } from '../core/expiry-heap.js';
import type { Timer } from '../core/timer.js';
import type { Batch, Watch } from './lease.js';
import { Lease } from './lease.js';
import type { SharedAnswer } from './shared-limit.js';

/** The limit of one key, as far as leases need it. */
export interface LeasedLimit {
  readonly capacity: number;
  readonly memoryMs: number;
  lease(key: string, most: number, least: number, cold: boolean): Promise<SharedAnswer>;
  owe(key: string, permits: readonly number[]): Promise<unknown>;
  refund(key: string, cost: number, takenAt: number): Promise<SharedAnswer>;
}

/** What leases ask of the limiter that they belong to. */
export interface LeaseOwner {
  limitOf(key: string): LeasedLimit;
  /** Whether what the server does not know may be lost rather than idle. */
  isCold(now: number): boolean;
  /** Permits that were given out without the server, by window, and are to be told it before it is asked for more. */
  owed(key: string, now: number): readonly number[] | undefined;
  /** It has been told. */
  settle(key: string): void;
  /** A refill has ended, well or badly: look again who can be served. */
  onRefilled(key: string, now: number): void;
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
    private readonly owner: LeaseOwner,
    public options: LeasesOptions,
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

  /** Permits of a key that could be taken: those held here, and what the server had left when it last spoke of it. */
  remaining(key: string, now: number): number {
    const lease = this.#byKey.get(key);
    return lease === undefined ? 0 : this.of(key, now).permits + lease.left;
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
    if (leaseMs > 0 && !lease.refilling && !lease.isDenied(1, now) && lease.runsLow(now, leaseMs)) {
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
      const limit = this.owner.limitOf(lease.key);
      const owed = this.owner.owed(lease.key, now);
      if (owed !== undefined) {
        await limit.owe(lease.key, owed);
        this.owner.settle(lease.key);
      }
      const asked = this.clock.now();
      // A key that something was taken of a while ago, and that the server does not know now, was lost.
      const cold = this.owner.isCold(asked) || asked - lease.takenAt < limit.memoryMs;
      const most = Math.max(1, Math.floor(limit.capacity * maxLeaseShare));
      const wanted = Math.min(limit.capacity, lease.wanted(needed, least, asked, { leaseMs, most }));
      this.counters.refills += 1;
      const answer = await limit.lease(lease.key, Math.max(wanted, least), least, cold);
      const { permits, waitMs, takenAt } = answer;
      lease.left = answer.remaining;
      if (permits > 0) {
        this.counters.leased += permits;
        lease.takenAt = asked;
        // Counted from before the question was sent: the server took them later than that.
        lease.grant(permits, takenAt, leaseMs > 0 ? asked + leaseMs : Infinity);
        if (this.#byKey.get(lease.key) !== lease) this.#giveBack(lease, lease.expired(Infinity));
        // Answers that take as long as a lease lasts are none: whoever waits is not to ask for ever.
        if (lease.expiresAt <= this.clock.now()) lease.failedUntil = this.clock.now() + PAUSE_AFTER_FAILURE_MS;
      } else {
        this.counters.denied += 1;
        lease.deny(least, this.clock.now() + waitMs);
      }
    } catch {
      // The store has announced it; whoever waits is told below.
      lease.failedUntil = this.clock.now() + PAUSE_AFTER_FAILURE_MS;
    }
    const after = this.clock.now();
    if (leaseMs === 0) {
      // What nobody takes goes back before more is asked for.
      this.owner.onRefilled(lease.key, after);
      this.#giveBack(lease, lease.expired(Infinity));
    }
    lease.refilling = false;
    this.owner.onRefilled(lease.key, after);
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
      const answer = await this.owner.limitOf(key).refund(key, permits, takenAt);
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
