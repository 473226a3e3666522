import type { RateLimitReason } from './rate-limited-error.js';

/** What a limiter found for a caller who asks and does not wait. */
export interface RateLimitDecision {
  readonly admitted: boolean;
  /** Why not. */
  readonly reason?: RateLimitReason;
  /** The largest number of permits that can be taken at once. */
  readonly capacity: number;
  /** Permits left after this decision. */
  readonly remaining: number;
  /** Ms until everything is back, if nothing more is taken. */
  readonly resetMs: number;
  /** Ms until a refused call can be admitted; `undefined` when nobody can tell. */
  readonly retryAfterMs?: number;
}
