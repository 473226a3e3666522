import type { RateLimitReason } from '../rate-limiter/rate-limited-error.js';
import type { ResolvedRateLimiterOptions } from '../rate-limiter/rate-limiter.options.js';
import { rateLimiterOptions } from '../rate-limiter/rate-limiter.options.js';
import { Quota } from '../rate-limiter/quota.js';
import { localShare } from './local-share.js';
import type { ResolvedSharedRateLimiterOptions } from './shared-rate-limiter.options.js';

/** Why a call is not admitted while the store is away. */
export interface OutageRefusal {
  readonly reason: RateLimitReason;
  readonly retryAfterMs: number | undefined;
}

/**
 * What one instance gives out by itself while the store is away: its share of the limit, with nothing at hand at first,
 * since what it took before the outage is out there still. What it gave out is owed to the shared budget when the store
 * is back, key by key, as far as the windows still remember it.
 */
export class OutageShare {
  readonly fallback: ResolvedSharedRateLimiterOptions['fallback'];
  readonly #options: ResolvedRateLimiterOptions;
  /** What may be given out. */
  #left: Quota | undefined;
  /** The same windows, full at first: what is missing of them was given out. */
  #given: Quota | undefined;
  readonly #owing = new Set<string | undefined>();

  constructor(
    options: ResolvedSharedRateLimiterOptions,
    private readonly seed: () => number,
  ) {
    this.fallback = options.fallback;
    this.#options = rateLimiterOptions.parse(localShare(options));
  }

  /** Ms until there is something to say to a call that costs so much. */
  waitOf(key: string | undefined, cost: number, now: number): number {
    if (this.fallback !== 'local') return 0;
    const wait = this.wait(key, cost, now);
    return typeof wait === 'number' ? wait : 0;
  }

  /** Takes, or says why not and when. */
  decide(key: string | undefined, cost: number, now: number): OutageRefusal | undefined {
    if (this.fallback === 'open') return undefined;
    if (this.fallback === 'closed') return { reason: 'store-unavailable', retryAfterMs: undefined };
    const wait = this.wait(key, cost, now);
    if (typeof wait === 'string') return { reason: wait, retryAfterMs: undefined };
    if (wait > 0) return { reason: 'limit', retryAfterMs: wait };
    this.take(key, cost, now);
    return undefined;
  }

  /** Ms until `cost` can be taken, 0 for now; the reason when it never can. */
  private wait(key: string | undefined, cost: number, now: number): number | RateLimitReason {
    const left = (this.#left ??= new Quota(this.#options, now, this.seed()));
    if (!left.locate(key, now)) return 'too-many-keys';
    return cost > left.windows.capacity ? 'cost-above-limit' : left.wait(now, cost);
  }

  /** {@link wait} has said 0, and whose permits are meant. */
  private take(key: string | undefined, cost: number, now: number): void {
    this.#left!.take(now, cost);
    const given = (this.#given ??= new Quota(full(this.#options), now, this.seed()));
    if (!given.locate(key, now)) return;
    given.take(now, cost);
    this.#owing.add(key);
  }

  refund(key: string | undefined, cost: number, takenAt: number, now: number): void {
    if (this.#left?.locate(key, now) === true) this.#left.refund(now, cost, takenAt);
    if (this.#given?.locate(key, now) === true) this.#given.refund(now, cost, takenAt);
  }

  /** Another outage has begun. */
  begin(): void {
    this.#left = undefined;
  }

  /** Permits that the shared budget is owed of a key, window by window; `undefined` for none. */
  owed(key: string | undefined, now: number): readonly number[] | undefined {
    if (!this.#owing.has(key) || this.#given?.locate(key, now) !== true) return undefined;
    const missing = this.#given.missing(now);
    if (missing.some((permits) => permits > 0)) return missing;
    this.settle(key);
    return undefined;
  }

  /** The shared budget has been told. */
  settle(key: string | undefined): void {
    this.#owing.delete(key);
    if (this.#owing.size === 0) this.#given = undefined;
  }
}

function full(options: ResolvedRateLimiterOptions): ResolvedRateLimiterOptions {
  return {
    ...options,
    windows: options.windows!.map((window) => ({ ...window, initialPermits: undefined })),
    overrides: Object.fromEntries(
      Object.entries(options.overrides).map(([key, override]) => [key, { ...override, initialPermits: undefined }]),
    ),
  };
}
