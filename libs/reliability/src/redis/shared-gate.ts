import type { Capabilities } from '../core/capabilities.js';
import type { Permit } from '../core/policy.js';
import type { Priority } from '../core/priority.js';
import type { Refusal } from '../core/refusal.js';
import type { Refusals } from '../rate-limiter/refusals.js';
import type { Batch, Lease } from './lease.js';
import { Leases } from './leases.js';
import { OutageShare } from './outage-share.js';
import { Pauses } from './pauses.js';
import { SharedLimits, sharedKey, shown } from './shared-limits.js';
import type { ResolvedSharedRateLimiterOptions } from './shared-rate-limiter.options.js';
import type { SharedStore } from './shared-store.js';

/** A permit, and out of what it was taken: a batch of the shared budget, or the local share during an outage. */
export class SharedPermit {
  constructor(
    readonly key: string,
    readonly cost: number,
    readonly batch: Batch | undefined,
    readonly takenAt: number,
  ) {}
}

/**
 * Decides at once, without a queue: out of what is held of the shared budget, or of the local share while the store is
 * away, and who is paused. Keys are those of the store.
 */
export class SharedGate {
  readonly leases: Leases;
  readonly counters = { admitted: 0, admittedInOutage: 0 };
  readonly #pauses = new Pauses();
  #limits: SharedLimits;
  #outage: OutageShare;
  #longestPauseMs: number;
  #coldUntil: number;

  constructor(
    private readonly policy: string,
    options: ResolvedSharedRateLimiterOptions,
    private readonly store: SharedStore,
    private readonly context: Capabilities,
    private readonly prefix: string,
    private readonly refusals: Refusals,
    /** What is held of a key has changed: look again who can be served. */
    onRefilled: (key: string, now: number) => void,
  ) {
    const { clock } = context;
    this.#limits = this.#limitsOf(options);
    this.#outage = this.#outageShare(options);
    this.#longestPauseMs = options.longestPauseMs;
    this.#coldUntil = clock.now() + this.#limits.memoryMs;
    this.leases = new Leases(
      clock,
      {
        limitOf: (key) => this.#limits.of(key),
        isCold: (now) => now < this.#coldUntil,
        owed: (key, now) => this.#outage.owed(shown(key), now),
        settle: (key) => this.#outage.settle(shown(key)),
        onRefilled,
      },
      leasesOptions(options),
    );
  }

  /** The largest cost that can ever be admitted. */
  capacity(key: string): number {
    return this.#limits.of(key).capacity;
  }

  /**
   * Ms until there is something to say to a call: a permit, or, unless it is patient, that there is none. `Infinity`:
   * when the store answers, which is asked for `needed` permits then.
   */
  wait(key: string, cost: number, needed: number, patient: boolean, now: number): number {
    const pause = this.#pauses.of(key, now);
    if (pause > 0) return patient ? pause : 0;
    const lease = this.leases.of(key, now);
    const missing = cost - lease.permits;
    if (missing <= 0) return 0;
    if (this.#away(lease, now)) return patient ? this.#outage.waitOf(shown(key), cost, now) : 0;
    if (lease.isDenied(missing, now)) return patient ? lease.deniedUntil - now : 0;
    this.leases.refill(lease, Math.max(needed, cost) - lease.permits, missing, now);
    return Infinity;
  }

  /** A permit, or the refusal when there is none: {@link wait} has said that it is time. */
  take(key: string, cost: number, priority: Priority, now: number): Permit | Refusal {
    const pause = this.#pauses.of(key, now);
    if (pause > 0) return this.refusals.refuse('penalty', shown(key), pause, priority, now);
    const lease = this.leases.of(key, now);
    if (lease.permits >= cost) {
      const batch = lease.use(cost);
      this.counters.admitted += 1;
      this.leases.refillEarly(lease, now);
      return new SharedPermit(key, cost, batch, now);
    }
    if (this.#away(lease, now)) return this.#takeInOutage(key, cost, priority, now);
    return this.refusals.refuse('limit', shown(key), lease.deniedUntil - now, priority, now);
  }

  /** The permit was not used. */
  giveBack({ key, cost, batch, takenAt }: SharedPermit, now: number): void {
    if (batch !== undefined) this.leases.restore(key, batch, cost, now);
    else this.#outage.refund(shown(key), cost, takenAt, now);
  }

  /** Ms for which nothing of a key is let through. */
  pause(key: string, now: number): number {
    return this.#pauses.of(key, now);
  }

  /** Lets nothing of a key through for so many ms; never shortens an earlier pause. */
  penalize(ms: number, userKey: string | undefined, reason: string): void {
    const at = this.context.clock.now();
    const forMs = this.#pauses.impose(sharedKey(userKey), ms, this.#longestPauseMs, at);
    if (forMs === 0) return;
    this.context.emit.emit({ type: 'rate-limiter.paused', policy: this.policy, at, key: userKey, forMs, reason });
  }

  /** What is left in a window of which so many permits are used; `undefined` when it is none of ours. */
  leftOf(used: number, windowMs: number | undefined): number | undefined {
    return this.#limits.common.leftOf(used, windowMs);
  }

  /** Leaves at most `permits` of a window to all instances together. @throws when the store cannot be told */
  async drain(key: string, permits: number, windowMs: number | undefined): Promise<void> {
    await this.#limits.of(key).drain(key, permits, this.context.clock.now() < this.#coldUntil, windowMs);
  }

  /** The store is there again, or away. */
  storeChanged(available: boolean, now: number): void {
    if (!available) {
      this.#outage.begin();
      return;
    }
    this.leases.forgetAll();
    this.#coldUntil = now + this.#limits.memoryMs;
  }

  /** What is held stays held; the state in the store carries on if what is kept there is of the same kind. */
  reconfigure(options: ResolvedSharedRateLimiterOptions): void {
    this.#limits = this.#limitsOf(options);
    this.#outage = this.#outageShare(options);
    this.#longestPauseMs = options.longestPauseMs;
    this.leases.options = leasesOptions(options);
  }

  #away(lease: Lease, now: number): boolean {
    if (this.store.available) return lease.failedUntil > now;
    // Finds out whether it is back; nobody waits for that.
    this.store.tryAgain();
    return true;
  }

  #takeInOutage(key: string, cost: number, priority: Priority, now: number): Permit | Refusal {
    const refused = this.#outage.decide(shown(key), cost, now);
    if (refused !== undefined) {
      return this.refusals.refuse(refused.reason, shown(key), refused.retryAfterMs, priority, now);
    }
    this.counters.admitted += 1;
    this.counters.admittedInOutage += 1;
    return new SharedPermit(key, cost, undefined, now);
  }

  #limitsOf(options: ResolvedSharedRateLimiterOptions): SharedLimits {
    return new SharedLimits(this.store, `${this.prefix}${this.policy}:`, options);
  }

  #outageShare(options: ResolvedSharedRateLimiterOptions): OutageShare {
    return new OutageShare(options, () => Math.floor(this.context.random.next() * 2 ** 32));
  }
}

function leasesOptions({ decide, leaseMs, maxLeaseShare, keys }: ResolvedSharedRateLimiterOptions) {
  return { leaseMs: decide === 'strict' ? 0 : leaseMs, maxLeaseShare, maxKeys: keys.max };
}
