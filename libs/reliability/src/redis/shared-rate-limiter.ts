import { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import { classifyBy } from '../core/classification/classify-by.js';
import { isRefused } from '../core/errors.js';
import type { Outcome } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, Permit, PolicySnapshot } from '../core/policy.js';
import { announceMistake } from '../core/policy-mistake.js';
import type { Priority } from '../core/priority.js';
import { PRIORITIES } from '../core/priority.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import { costOf, keyOf, priorityOf } from '../core/use.js';
import type { Unserved, Waiter } from '../core/wait-queue.js';
import type { LearnedQuota } from '../rate-limiter/gate.js';
import type { AcquireOptions } from '../rate-limiter/acquire.js';
import { acquireFrom, checkedCost, checkedKey } from '../rate-limiter/acquire.js';
import type { RateLimitDecision } from '../rate-limiter/rate-limit-decision.js';
import { windowsOf } from '../rate-limiter/rate-limiter.options.js';
import { RateLimitRefusal, REASON_OF_UNSERVED } from '../rate-limiter/rate-limited-error.js';
import { Refusals } from '../rate-limiter/refusals.js';
import { WaitingCallers } from '../rate-limiter/waiting-callers.js';
import type { SharedPermit } from './shared-gate.js';
import { SharedGate } from './shared-gate.js';
import { sharedKey, shown, WHOLE } from './shared-limits.js';
import type { ResolvedSharedRateLimiterOptions } from './shared-rate-limiter.options.js';
import type { SharedStore } from './shared-store.js';

/**
 * One limit for all instances of a service, with its state in Redis. What a call meets is what it meets in a
 * {@link RateLimiter} of one process; where the permits come from differs: out of a lease, fetched ahead of need
 * (`leased`), or each from the server (`strict`). Without the server, `fallback` decides.
 */
export class SharedRateLimiter implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'rate-limiter';
  readonly timed = true;
  readonly waits = true;
  readonly #refusals: Refusals;
  readonly #gate: SharedGate;
  readonly #waiting: WaitingCallers<Permit | Refusal>;
  /** Those who wait for the store's answer and for nothing else, whatever the mode: never behind others. */
  readonly #asking: WaitingCallers<Permit | Refusal>;
  readonly #unsubscribe: () => void;
  #options: ResolvedSharedRateLimiterOptions;
  #closed = false;
  #admittedLocally = 0;
  #waits = 0;
  #waitedMs = 0;

  constructor(
    readonly name: string,
    options: ResolvedSharedRateLimiterOptions,
    private readonly store: SharedStore,
    private readonly context: Capabilities,
    prefix = 'rate:',
  ) {
    this.#options = options;
    this.#refusals = new Refusals(name, context.emit);
    this.#gate = new SharedGate(name, options, store, context, prefix, this.#refusals, (key, now) =>
      this.#serve(key, now),
    );
    const queue = { capacity: options.maxQueued, agingMs: options.agingMs };
    this.#waiting = new WaitingCallers<Permit | Refusal>(
      context.clock,
      {
        waitOf: (key, { cost, expiresAt }, now) => {
          const wait = this.#waitOf(key!, cost, this.waitsForPermits, now);
          return isTooLong(wait, expiresAt, now) ? 0 : wait;
        },
        takeFor: (key, { cost, since, priority, expiresAt }, now) => {
          const wait = this.#waitOf(key!, cost, this.waitsForPermits, now);
          return isTooLong(wait, expiresAt, now)
            ? this.#refusals.refuse('wait-too-long', shown(key!), wait, priority, now)
            : this.#takeFor(key!, cost, priority, since, now);
        },
        refuseWaiting: (key, why, waiter, now) => this.#refuseWaiting(key!, why, waiter, this.waitsForPermits, now),
      },
      queue,
    );
    this.#asking = new WaitingCallers<Permit | Refusal>(
      context.clock,
      {
        waitOf: (key, { cost }, now) => this.#waitOf(key!, cost, false, now),
        takeFor: (key, { cost, since, priority }, now) =>
          this.#waiting.isQueued(key) && this.#gate.wait(key!, cost, cost, true, now) === 0
            ? this.#refusals.refuse('limit', shown(key!), BEHIND_OTHERS_MS, priority, now)
            : this.#takeFor(key!, cost, priority, since, now),
        refuseWaiting: (key, why, waiter, now) => this.#refuseWaiting(key!, why, waiter, false, now),
      },
      queue,
    );
    this.#unsubscribe = store.onHealth((available, error) => this.#storeChanged(available, error));
  }

  admit(call: Call, now: number, use: Use): Admission {
    const userKey = use.key === undefined ? undefined : keyOf(use, call, this.name);
    const cost = use.cost === undefined ? 1 : costOf(use, call, this.name);
    const priority = priorityOf(use, call, this.name);
    return this.#admitOne(userKey, cost, priority, call, now, this.#waiting);
  }

  #admitOne(
    userKey: string | undefined,
    cost: number,
    priority: Priority,
    call: Call,
    now: number,
    queue: WaitingCallers<Permit | Refusal>,
  ): Admission {
    const key = sharedKey(userKey);
    if (this.#closed) return this.#refusals.refuse('closed', userKey, undefined, priority, now);
    if (cost > this.#gate.capacity(key)) {
      return this.#refusals.refuse('cost-above-limit', userKey, undefined, priority, now);
    }
    const queued = this.#waiting.isQueued(key) || this.#asking.isQueued(key);
    const patient = queue === this.#waiting && this.waitsForPermits;
    const wait = this.#gate.wait(key, cost, cost, patient, now);
    if (wait === 0 && !queued) {
      const taken = this.#gate.take(key, cost, priority, now);
      if (!(taken instanceof Refusal)) this.#admittedLocally += 1;
      return taken;
    }
    const latest = now + (patient ? this.#options.maxWaitMs : ANSWER_MS);
    const expiresAt = Math.min(latest, call.deadline);
    if (isTooLong(wait, expiresAt, now)) {
      return this.#refusals.refuse('wait-too-long', userKey, wait, priority, now);
    }
    return queue.enter(key, call, priority, cost, now, expiresAt);
  }

  settle(permit: Permit, outcome: Outcome, call: Call, now: number): void {
    const shared = permit as SharedPermit;
    if (outcome.kind === 'failure') this.#hearFailure(outcome.error, shared.key);
    if (outcome.kind !== 'ignored' || (call.aborted && !isRefused(outcome.error))) return;
    this.#gate.giveBack(shared, now);
    this.#serve(shared.key, now);
  }

  /**
   * Takes permits, waiting for them in mode `wait`.
   * @throws RateLimitedError when they are refused, or the signal is aborted meanwhile
   */
  acquire(options: AcquireOptions = {}): Promise<void> {
    return acquireFrom(this, this.context.clock.now(), options);
  }

  /**
   * Takes permits if they are there, in either mode, waiting for the store's answer and never for permits; says what is
   * left as the store last said it, and about when to come again. For answers to callers.
   */
  async decide(key?: string, cost = 1): Promise<RateLimitDecision> {
    const now = this.context.clock.now();
    const question = new Call(`${this.name}.decide`, asked, undefined, []);
    const admission = await this.#admitOne(checkedKey(key), checkedCost(cost), 'normal', question, now, this.#asking);
    const shared = sharedKey(key);
    const capacity = this.#gate.capacity(shared);
    const left = this.#gate.leases.remaining(shared, this.context.clock.now());
    const remaining = Math.min(capacity, Math.floor(left));
    const resetMs = (1 - remaining / capacity) * Math.max(...this.windows.map(({ windowMs }) => windowMs));
    if (!(admission instanceof Refusal)) return { admitted: true, capacity, remaining, resetMs };
    const { reason, retryAfterMs } = admission as RateLimitRefusal;
    return { admitted: false, reason, retryAfterMs, capacity, remaining, resetMs };
  }

  /** Its windows, as configured. */
  get windows(): readonly { readonly limit: number; readonly windowMs: number }[] {
    return windowsOf(this.#options);
  }

  /** Lets nothing through here for so many ms, or nothing of one key; never shortens an earlier pause. */
  penalize(retryAfterMs: number, key?: string, reason = 'penalty'): void {
    this.#gate.penalize(retryAfterMs, checkedKey(key), reason);
  }

  /** Takes into account what a server said, for all instances: never leaves more permits than it does, never gives any. */
  async learn({ used, windowMs, resetMs, retryAfterMs, ...left }: LearnedQuota, key?: string): Promise<void> {
    const shared = sharedKey(checkedKey(key));
    if (retryAfterMs !== undefined) this.penalize(retryAfterMs, key, 'retry-after');
    const remaining = left.remaining ?? (used === undefined ? undefined : this.#gate.leftOf(used, windowMs));
    if (remaining === undefined || !(remaining >= 0)) return;
    if (remaining < 1 && resetMs !== undefined) this.penalize(resetMs, key, 'quota-used-up');
    try {
      await this.#gate.drain(shared, remaining, windowMs);
    } catch {
      // The store has announced that it is away; the pause above holds here.
    }
  }

  inspect(now: number): PolicySnapshot {
    const { leases, counters } = this.#gate;
    return {
      type: this.type,
      name: this.name,
      mode: this.#options.mode,
      decide: this.#options.decide,
      storeAvailable: this.store.available,
      fallback: this.#options.fallback,
      windows: windowsOf(this.#options).map(({ algorithm, limit, windowMs }) => ({ algorithm, limit, windowMs })),
      pausedForMs: this.#gate.pause(WHOLE, now),
      waiting: Object.fromEntries(
        PRIORITIES.map((priority) => [priority, this.#waiting.count(priority) + this.#asking.count(priority)]),
      ),
      keys: leases.keys,
      admitted: counters.admitted,
      admittedLocally: this.#admittedLocally,
      admittedInOutage: counters.admittedInOutage,
      refused: { ...this.#refusals.counts },
      waits: this.#waits,
      waitedMs: this.#waitedMs,
      ...leases.counters,
      outages: this.store.counters.outages,
    };
  }

  /** What is held stays held; the state in Redis carries on if what is kept there is of the same kind. */
  reconfigure(options: ResolvedSharedRateLimiterOptions): void {
    this.#options = options;
    this.#gate.reconfigure(options);
    for (const queue of [this.#waiting, this.#asking]) {
      queue.configure({ capacity: options.maxQueued, agingMs: options.agingMs });
      queue.serveAll(this.context.clock.now());
    }
  }

  close(): void {
    this.#closed = true;
    for (const queue of [this.#waiting, this.#asking]) queue.close(this.context.clock.now());
    this.#unsubscribe();
    void this.#gate.leases.close();
  }

  /** Whether calls wait for permits, and not for the store's answer only. */
  private get waitsForPermits(): boolean {
    return this.#options.mode === 'wait';
  }

  /** Those who wait for permits go first. */
  #serve(key: string, now: number): void {
    this.#waiting.serve(key, now);
    this.#asking.serve(key, now);
  }

  #waitOf(key: string, cost: number, patient: boolean, now: number): number {
    if (cost > this.#gate.capacity(key)) return 0;
    const needed = this.#waiting.costAhead(key, 'low') + this.#asking.costAhead(key, 'low');
    return this.#gate.wait(key, cost, needed, patient, now);
  }

  #takeFor(key: string, cost: number, priority: Priority, since: number, now: number): Permit | Refusal {
    // The limit was lowered since it came: nobody waits behind a call whose turn never comes.
    if (cost > this.#gate.capacity(key)) {
      return this.#refusals.refuse('cost-above-limit', shown(key), undefined, priority, now);
    }
    const taken = this.#gate.take(key, cost, priority, now);
    if (!(taken instanceof Refusal)) {
      this.#waits += 1;
      this.#waitedMs += now - since;
    }
    return taken;
  }

  #refuseWaiting(key: string, why: Unserved, { call, priority }: Waiter, patient: boolean, now: number): Refusal {
    const reason = why === 'expired' && !patient ? 'store-unavailable' : REASON_OF_UNSERVED[why];
    return this.#refusals.refuse(reason, shown(key), undefined, priority, now, call.reason);
  }

  #storeChanged(available: boolean, error: unknown): void {
    const at = this.context.clock.now();
    const { fallback } = this.#options;
    this.#gate.storeChanged(available, at);
    this.context.emit.emit({ type: 'rate-limiter.store', policy: this.name, at, available, fallback, error });
    for (const queue of [this.#waiting, this.#asking]) queue.serveAll(at);
  }

  #hearFailure(error: unknown, key: string): void {
    if (!this.#options.obeyServer) return;
    const { errorClass, retryAfterMs } = classifyBy(this.#options.classify, error, (thrown) =>
      announceMistake(this.context, this, 'classify', thrown),
    );
    if (errorClass === 'rateLimit' && retryAfterMs !== undefined)
      this.penalize(retryAfterMs, shown(key), 'retry-after');
  }
}

/** Whether a wait is known, and longer than a call will wait. */
const isTooLong = (wait: number, expiresAt: number, now: number) => wait < Infinity && now + wait > expiresAt;

/** Permits are there, but others wait for them. */
const BEHIND_OTHERS_MS = 1;

/** Longest that a call in mode `reject` waits for the store's answer: the store's own deadline comes first. */
const ANSWER_MS = 60_000;

const asked = () => undefined;
