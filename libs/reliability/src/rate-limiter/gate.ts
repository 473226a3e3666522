import type { Capabilities } from '../core/capabilities.js';
import { announceMistake } from '../core/policy-mistake.js';
import type { Adaptation } from './adaptation.js';
import { adaptationFor } from './adaptation-for.js';
import { Penalties } from './penalties.js';
import { Quota } from './quota.js';
import type { RateLimitReason } from './rate-limited-error.js';
import type { ResolvedRateLimiterOptions, ResolvedWindow } from './rate-limiter.options.js';
import { windowsOf } from './rate-limiter.options.js';

/** What a server said of our quota with it. */
export interface LearnedQuota {
  /** Permits left. */
  readonly remaining?: number;
  /** Permits used, where a server counts these: what is left is the limit less these. */
  readonly used?: number;
  /** Length of the window meant, in ms; without it the limiter's first window. */
  readonly windowMs?: number;
  /** Ms until the quota is renewed: with nothing remaining, nothing is sent before. */
  readonly resetMs?: number;
  /** Ms for which nothing at all is to be sent (`Retry-After`). */
  readonly retryAfterMs?: number;
}

/** Stands for the limiter as a whole among the keys that are paused; no key is empty. */
const WHOLE = '';

/**
 * Decides at once, without a queue: what is left of the quota, who is paused, and how far the limits are adapted.
 */
export class Gate {
  private options: ResolvedRateLimiterOptions;
  private quota: Quota;
  private readonly penalties = new Penalties();
  private adaptation: Adaptation | undefined;
  private factor = 1;
  readonly counters = { admitted: 0, refunded: 0, pauses: 0 };

  constructor(
    private readonly name: string,
    options: ResolvedRateLimiterOptions,
    private readonly context: Capabilities,
    /** Limits were raised: somebody who waits may go. */
    private readonly onRaised: (now: number) => void,
  ) {
    const now = context.clock.now();
    this.options = options;
    this.quota = new Quota(options, now, seed(context));
    this.adaptation = this.adaptationOf(options, now);
  }

  /** Whether permits are all that counts: nothing is paused, nothing adapts. */
  get unhindered(): boolean {
    return this.penalties.size === 0 && this.adaptation === undefined;
  }

  /** One permit, when {@link unhindered} and nobody waits: the short way. */
  takeOne(key: string | undefined, now: number): boolean {
    return key === undefined ? this.takeOneOfAll(now) : this.takeOneLocated(key, now);
  }

  /** As {@link takeOne} without a key, at the present moment. */
  takeOneNow(): boolean {
    return this.takeOneOfAll(this.context.clock.now());
  }

  /** Of a single window in as few steps as can be. */
  private takeOneOfAll(now: number): boolean {
    const { only, state } = this.quota;
    if (only === undefined) return this.takeOneLocated(undefined, now);
    if (only.wait(state, 0, now, 1) !== 0) return false;
    only.take(state, 0, now, 1);
    this.counters.admitted += 1;
    return true;
  }

  private takeOneLocated(key: string | undefined, now: number): boolean {
    const quota = this.quota;
    if (!quota.locate(key, now) || quota.wait(now, 1) !== 0) return false;
    quota.take(now, 1);
    this.counters.admitted += 1;
    return true;
  }

  /** Whether such a call can be admitted at all, now or later; if not, why. */
  objection(key: string | undefined, cost: number, now: number): RateLimitReason | undefined {
    if (this.adaptation !== undefined) {
      if (this.adaptation.rejects(now, this.context.random)) return 'throttled';
      this.adapt('load', now);
    }
    if (!this.quota.locate(key, now)) return 'too-many-keys';
    return cost > this.quota.windows.capacity ? 'cost-above-limit' : undefined;
  }

  /** Whether a call costs more than the limit as it is now. */
  exceeds(key: string | undefined, cost: number, now: number): boolean {
    return this.quota.locate(key, now) && cost > this.quota.windows.capacity;
  }

  /** Ms until `cost` can be taken; 0 when now, `Infinity` for a key that there is no room for. */
  wait(key: string | undefined, cost: number, now: number): number {
    if (!this.quota.locate(key, now)) return Infinity;
    return Math.max(this.quota.wait(now, cost), this.pause(key, now));
  }

  /** Takes: {@link wait} has said 0. */
  take(key: string | undefined, cost: number, now: number): void {
    this.quota.locate(key, now);
    this.quota.take(now, cost);
    this.counters.admitted += 1;
    this.adaptation?.admitted(cost, now);
  }

  /** @returns permits given back */
  refund(key: string | undefined, cost: number, takenAt: number, now: number): number {
    if (!this.quota.locate(key, now)) return 0;
    const given = this.quota.refund(now, cost, takenAt);
    this.counters.refunded += given;
    return given;
  }

  /** Whole permits that could be taken now. */
  remaining(key: string | undefined, now: number): number {
    return this.pause(key, now) === 0 && this.quota.locate(key, now) ? this.quota.remaining(now) : 0;
  }

  /** Ms until everything is back, if nothing more is taken. */
  reset(key: string | undefined, now: number): number {
    return this.quota.locate(key, now) ? this.wait(key, this.quota.windows.capacity, now) : 0;
  }

  /** The windows that apply to whoever has none of their own. */
  get windows(): readonly ResolvedWindow[] {
    return this.quota.common.options;
  }

  /** The largest cost that can ever be admitted. */
  capacity(key: string | undefined, now: number): number {
    return this.quota.locate(key, now) ? this.quota.windows.capacity : 0;
  }

  /** Ms for which nothing is let through. */
  pause(key: string | undefined, now: number): number {
    if (this.penalties.size === 0) return 0;
    const whole = this.penalties.remaining(WHOLE, now);
    return key === undefined ? whole : Math.max(whole, this.penalties.remaining(key, now));
  }

  /** Lets nothing through for so many ms; never shortens an earlier pause, never exceeds `longestPauseMs`. */
  penalize(ms: number, key: string | undefined, reason: string, now: number): void {
    const forMs = Math.min(ms, this.options.longestPauseMs);
    if (!(forMs > 0)) return;
    this.penalties.impose(key ?? WHOLE, forMs, now);
    this.announcePause(key, forMs, reason, now);
  }

  /** Counts a refusal against whoever it was. @returns ms of the penalty that it brought, 0 for none */
  countRefusal(key: string | undefined, now: number): number {
    const rule = this.options.penalty;
    if (rule === undefined || !this.penalties.countRefusal(key ?? WHOLE, now, rule)) return 0;
    this.announcePause(key, rule.blockMs, 'abuse', now);
    return rule.blockMs;
  }

  learn({ used, windowMs, resetMs, retryAfterMs, ...left }: LearnedQuota, key: string | undefined, now: number): void {
    if (retryAfterMs !== undefined) this.penalize(retryAfterMs, key, 'retry-after', now);
    const remaining = left.remaining ?? (used === undefined ? undefined : this.leftOf(used, windowMs));
    if (remaining === undefined || !(remaining >= 0)) return;
    if (remaining < 1 && resetMs !== undefined) this.penalize(resetMs, key, 'quota-used-up', now);
    if (this.quota.locate(key, now)) this.quota.drainTo(now, remaining, windowMs);
  }

  accepted(now: number): void {
    if (this.adaptation !== undefined) this.acceptedBy(this.adaptation, now);
  }

  private acceptedBy(adaptation: Adaptation, now: number): void {
    adaptation.accepted(now);
    this.adapt('accepted', now);
  }

  throttled(admittedAt: number, now: number): void {
    this.adaptation?.throttled(admittedAt, now);
    this.adapt('throttled', now);
  }

  reconfigure(options: ResolvedRateLimiterOptions, now: number): void {
    const quota = new Quota(options, now, seed(this.context));
    quota.inherit(this.quota, now);
    this.quota = quota;
    this.options = options;
    this.adaptation = this.adaptationOf(options, now);
    this.factor = 1;
  }

  inspect(now: number) {
    this.quota.expire(now);
    const { meters, options } = this.quota.common;
    return {
      windows: options.map(({ algorithm, limit, windowMs }, index) => ({
        algorithm,
        limit,
        windowMs,
        currentLimit: meters[index]!.limit,
        capacity: meters[index]!.capacity,
      })),
      remaining: this.remaining(undefined, now),
      pausedForMs: this.pause(undefined, now),
      factor: this.factor,
      keys: this.quota.keys,
      forgottenKeys: this.quota.forgottenKeys,
      ...this.counters,
    };
  }

  /** What is used of a window that is none of ours says nothing of what is left in ours. */
  private leftOf(used: number, windowMs: number | undefined): number | undefined {
    const limit = this.quota.common.limitOf(windowMs);
    return limit === undefined ? undefined : Math.max(0, limit - used);
  }

  private adapt(reason: string, now: number): void {
    const from = this.factor;
    const factor = this.adaptation?.factor ?? 1;
    if (factor === from) return;
    this.factor = factor;
    this.quota.scale(factor);
    this.context.emit.emit({ type: 'rate-limiter.adapted', policy: this.name, at: now, from, factor, reason });
    if (factor > from) this.onRaised(now);
  }

  private adaptationOf(options: ResolvedRateLimiterOptions, now: number): Adaptation | undefined {
    if (options.adaptive === undefined) return undefined;
    const self = { type: 'rate-limiter', name: this.name };
    return adaptationFor(options.adaptive, windowsOf(options), now, (what, error) =>
      announceMistake(this.context, self, what, error),
    );
  }

  private announcePause(key: string | undefined, forMs: number, reason: string, at: number): void {
    this.counters.pauses += 1;
    this.context.emit.emit({ type: 'rate-limiter.paused', policy: this.name, at, key, forMs, reason });
  }
}

function seed({ random }: Capabilities): number {
  return Math.floor(random.next() * 2 ** 32);
}
