import type { Call } from '../core/call.js';
import { DurationHistogram, WAIT_BOUNDS_MS } from '../core/duration-histogram.js';
import type { Capabilities } from '../core/capabilities.js';
import { classifyBy } from '../core/classification/classify-by.js';
import { isRefused } from '../core/errors.js';
import type { Failure, Ignored, Outcome } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, Permit, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { announceMistake } from '../core/policy-mistake.js';
import type { Priority } from '../core/priority.js';
import { PRIORITIES } from '../core/priority.js';
import type { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import { costOf, keyOf, priorityOf } from '../core/use.js';
import type { AcquireOptions } from './acquire.js';
import { acquireFrom, checkedCost, checkedKey } from './acquire.js';
import type { LearnedQuota } from './gate.js';
import { Gate } from './gate.js';
import type { RateLimitDecision } from './rate-limit-decision.js';
import type { RateLimitReason } from './rate-limited-error.js';
import { REASON_OF_UNSERVED } from './rate-limited-error.js';
import type { ResolvedRateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';
import { Refusals } from './refusals.js';
import { WaitingCallers } from './waiting-callers.js';

/** A permit that is not simply one of the whole limiter's. */
class TakenPermit {
  constructor(
    readonly key: string | undefined,
    readonly cost: number,
    readonly takenAt: number,
  ) {}
}

/**
 * Limits how much goes through per time, for everybody together or for each key apart. In mode `wait` a call without a
 * permit waits in a bounded queue by priority; in mode `reject` it is refused at once.
 */
export class RateLimiter implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'rate-limiter';
  readonly timed = true;
  private options: ResolvedRateLimiterOptions;
  private readonly gate: Gate;
  private readonly waiting: WaitingCallers<Permit | Refusal>;
  private readonly refusals: Refusals;
  private closed = false;
  private servedLater = 0;
  private waitedMs = 0;
  private durations: DurationHistogram | undefined;

  constructor(
    readonly name: string,
    options: ResolvedRateLimiterOptions,
    private readonly context: Capabilities,
  ) {
    this.options = options;
    this.refusals = new Refusals(name, context.emit);
    this.gate = new Gate(name, options, context, (now) => this.waiting.serveAll(now));
    this.waiting = new WaitingCallers<Permit | Refusal>(
      context.clock,
      {
        waitOf: (key, { cost }, now) => (this.gate.exceeds(key, cost, now) ? 0 : this.gate.wait(key, cost, now)),
        takeFor: (key, { cost, since, priority }, now) => {
          // The limit was lowered since it came: nobody waits behind a call whose turn never comes.
          if (this.gate.exceeds(key, cost, now)) {
            return this.refusals.refuse('cost-above-limit', key, undefined, priority, now);
          }
          this.servedLater += 1;
          this.waitedMs += now - since;
          this.durations?.record(now - since);
          return this.take(key, cost, now);
        },
        refuseWaiting: (key, why, { call, cost, priority }, now) => {
          const retryAfterMs = why === 'closed' ? undefined : this.gate.wait(key, cost, now);
          const cause = why === 'aborted' ? call.reason : undefined;
          return this.refusals.refuse(REASON_OF_UNSERVED[why], key, retryAfterMs, priority, now, cause);
        },
      },
      { capacity: options.maxQueued, agingMs: options.agingMs },
    );
  }

  /** Its windows, as configured. */
  get windows(): readonly { readonly limit: number; readonly windowMs: number }[] {
    return this.gate.windows;
  }

  get waits(): boolean {
    return this.options.mode === 'wait';
  }

  admit(call: Call, now: number, use: Use): Admission {
    return use.key === undefined && use.cost === undefined && this.takesAtOnce(undefined, now)
      ? now
      : this.admitOne(call, now, use);
  }

  private admitOne(call: Call, now: number, use: Use): Admission {
    const key = use.key === undefined ? undefined : keyOf(use, call, this.name);
    const cost = use.cost === undefined ? 1 : costOf(use, call, this.name);
    const found = this.ask(key, cost, now);
    if (found === 0) return this.take(key, cost, now);
    const priority = priorityOf(use, call, this.name);
    if (typeof found === 'string') return this.refusals.refuse(found, key, undefined, priority, now);
    return this.options.mode === 'wait'
      ? this.wait(key, call, priority, cost, found, now)
      : this.refusals.refuse(this.why(key, now), key, this.retryAfter(key, found, now), priority, now);
  }

  settle(permit: Permit, outcome: Outcome, call: Call, now: number): void {
    if (outcome.kind === 'success') this.gate.accepted(now);
    else this.settleUnsuccessful(permit, outcome, call, now);
  }

  private settleUnsuccessful(permit: Permit, outcome: Failure | Ignored, call: Call, now: number): void {
    const key = permit instanceof TakenPermit ? permit.key : undefined;
    const takenAt = permit instanceof TakenPermit ? permit.takenAt : (permit as number);
    if (outcome.kind === 'failure') this.hearFailure(outcome.error, key, takenAt, now);
    // A caller who gave up leaves behind a request that may have been sent, and counted by whom it was sent to.
    else if (!call.aborted || isRefused(outcome.error)) {
      this.gate.refund(key, permit instanceof TakenPermit ? permit.cost : 1, takenAt, now);
      this.waiting.serve(key, now);
    }
  }

  /** Takes permits if they are there now, in either mode; never waits, and never overtakes those who do. */
  tryAcquire(key?: string, cost = 1): boolean {
    return (cost === 1 && this.takesNow(key)) || this.decides(key, checkedCost(cost));
  }

  private takesNow(key: string | undefined): boolean {
    if (this.closed || this.waiting.size > 0 || !this.gate.unhindered) return false;
    return key === undefined ? this.gate.takeOneNow() : this.gate.takeOne(key, this.context.clock.now());
  }

  private decides(key: string | undefined, cost: number): boolean {
    return this.decideAt(key, cost, this.context.clock.now()) === undefined;
  }

  /** As {@link tryAcquire}, and says what is left and when to come again: for answers to callers. */
  decide(key?: string, cost = 1): RateLimitDecision {
    const now = this.context.clock.now();
    const refused = this.decideAt(key, checkedCost(cost), now);
    const capacity = this.gate.capacity(key, now);
    const left = { capacity, remaining: this.gate.remaining(key, now), resetMs: this.gate.reset(key, now) };
    return refused === undefined ? { admitted: true, ...left } : { admitted: false, ...left, ...refused };
  }

  /** Where a key stands, as {@link decide} would say; takes nothing. */
  standing(key?: string): RateLimitDecision {
    const now = this.context.clock.now();
    const capacity = this.gate.capacity(key, now);
    return { admitted: true, capacity, remaining: this.gate.remaining(key, now), resetMs: this.gate.reset(key, now) };
  }

  /**
   * Takes permits, waiting for them in mode `wait`.
   * @throws RateLimitedError when they are refused, or the signal is aborted meanwhile
   */
  acquire(options: AcquireOptions = {}): Promise<void> {
    return acquireFrom(this, this.context.clock.now(), options);
  }

  /**
   * When such a call could go: ms from now until it would have its permits if it came now, behind those that wait; 0
   * for at once, `Infinity` for never. Takes nothing.
   */
  estimateWaitMs(key?: string, cost = 1, priority: Priority = 'normal'): number {
    const now = this.context.clock.now();
    if (checkedCost(cost) > this.gate.capacity(key, now)) return Infinity;
    return this.gate.wait(key, this.waiting.costAhead(key, priority) + cost, now);
  }

  /** Whole permits that could be taken now. */
  remaining(key?: string): number {
    return this.gate.remaining(key, this.context.clock.now());
  }

  /**
   * Lets nothing through for so many ms, or nothing of one key; never shortens an earlier pause. Those who wait go on
   * waiting.
   */
  penalize(retryAfterMs: number, key?: string, reason = 'penalty'): void {
    this.gate.penalize(retryAfterMs, checkedKey(key), reason, this.context.clock.now());
  }

  /** Takes into account what a server said: never leaves more permits than it does, never gives any. */
  learn(quota: LearnedQuota, key?: string): void {
    this.gate.learn(quota, checkedKey(key), this.context.clock.now());
  }

  inspect(now: number): PolicySnapshot {
    return {
      type: this.type,
      name: this.name,
      mode: this.options.mode,
      waiting: Object.fromEntries(PRIORITIES.map((priority) => [priority, this.waiting.count(priority)])),
      ...this.gate.inspect(now),
      refused: { ...this.refusals.counts },
      waits: this.servedLater,
      waitedMs: this.waitedMs,
      durations: this.durations?.snapshot(),
    };
  }

  /** Keeps what was given out, the pauses and the queue. Windows of another make start with as large a share as was left. */
  reconfigure(options: ResolvedRateLimiterOptions): void {
    const now = this.context.clock.now();
    this.options = options;
    this.gate.reconfigure(options, now);
    this.waiting.configure({ capacity: options.maxQueued, agingMs: options.agingMs });
    this.waiting.serveAll(now);
  }

  measure(): void {
    this.durations ??= new DurationHistogram(WAIT_BOUNDS_MS);
  }

  close(): void {
    this.closed = true;
    this.waiting.close(this.context.clock.now());
  }

  /** One permit, when nothing but permits counts. */
  private takesAtOnce(key: string | undefined, now: number): boolean {
    return !this.closed && this.waiting.size === 0 && this.gate.unhindered && this.gate.takeOne(key, now);
  }

  /** 0 when such a call can be admitted now, ms when later, the reason when never. */
  private ask(key: string | undefined, cost: number, now: number): number | RateLimitReason {
    if (this.closed) return 'closed';
    const objection = this.gate.objection(key, cost, now);
    if (objection !== undefined) return objection;
    const wait = this.gate.wait(key, cost, now);
    return wait === 0 && this.waiting.isQueued(key) ? BEHIND_OTHERS_MS : wait;
  }

  private take(key: string | undefined, cost: number, now: number): Permit {
    this.gate.take(key, cost, now);
    return key === undefined && cost === 1 ? now : new TakenPermit(key, cost, now);
  }

  private decideAt(
    key: string | undefined,
    cost: number,
    now: number,
  ): Pick<RateLimitDecision, 'reason' | 'retryAfterMs'> | undefined {
    const found = this.ask(key, cost, now);
    if (found === 0) {
      this.gate.take(key, cost, now);
      return undefined;
    }
    const reason = typeof found === 'string' ? found : this.why(key, now);
    const retryAfterMs = typeof found === 'string' ? undefined : this.retryAfter(key, found, now);
    this.refusals.note(reason, key, retryAfterMs, 'normal', now);
    return { reason, retryAfterMs };
  }

  private wait(
    key: string | undefined,
    call: Call,
    priority: Priority,
    cost: number,
    alone: number,
    now: number,
  ): Admission {
    const ahead = this.waiting.costAhead(key, priority);
    const wait = ahead === 0 ? alone : this.gate.wait(key, ahead + cost, now);
    const expiresAt = Math.min(now + this.options.maxWaitMs, call.deadline);
    return now + wait > expiresAt
      ? this.refusals.refuse('wait-too-long', key, wait, priority, now)
      : this.waiting.enter(key, call, priority, cost, now, expiresAt);
  }

  private why(key: string | undefined, now: number): RateLimitReason {
    return this.gate.pause(key, now) > 0 ? 'penalty' : 'limit';
  }

  private retryAfter(key: string | undefined, wait: number, now: number): number {
    return this.gate.pause(key, now) > 0 ? wait : Math.max(wait, this.gate.countRefusal(key, now));
  }

  /** A failure may be the other side saying: too much, and for how long. */
  private hearFailure(error: unknown, key: string | undefined, admittedAt: number, now: number): void {
    if (!this.options.obeyServer && this.options.adaptive === undefined) return;
    const { errorClass, retryAfterMs } = classifyBy(this.options.classify, error, (thrown) =>
      announceMistake(this.context, this, 'classify', thrown),
    );
    if (errorClass !== 'rateLimit') {
      this.gate.accepted(now);
      return;
    }
    if (this.options.obeyServer && retryAfterMs !== undefined)
      this.gate.penalize(retryAfterMs, key, 'retry-after', now);
    this.gate.throttled(admittedAt, now);
  }
}

/** Permits are there, but others wait for them. */
const BEHIND_OTHERS_MS = 1;

export const rateLimiterPolicy = {
  type: 'rate-limiter',
  optionKey: 'rateLimit',
  slot: 'rate-limiter',
  options: rateLimiterOptions,
  create: (name, options, context) => new RateLimiter(name, options, context),
  waits: ({ mode }) => mode === 'wait',
} satisfies PolicyDefinition<typeof rateLimiterOptions, RateLimiter>;
