import type { EventBus } from '../core/event-bus.js';
import type { Priority } from '../core/priority.js';
import type { RateLimitReason } from './rate-limited-error.js';
import { RATE_LIMIT_REASONS, RateLimitRefusal } from './rate-limited-error.js';

/** Counts a limiter's refusals by reason, and announces them. */
export class Refusals {
  readonly counts = Object.fromEntries(RATE_LIMIT_REASONS.map((reason) => [reason, 0])) as Record<
    RateLimitReason,
    number
  >;

  constructor(
    private readonly policy: string,
    private readonly emit: EventBus,
  ) {}

  refuse(
    reason: RateLimitReason,
    key: string | undefined,
    retryAfterMs: number | undefined,
    priority: Priority,
    now: number,
    cause?: unknown,
  ): RateLimitRefusal {
    this.note(reason, key, retryAfterMs, priority, now);
    return new RateLimitRefusal(this.policy, reason, retryAfterMs, key, cause);
  }

  /** A refusal that nobody asks to see. */
  note(
    reason: RateLimitReason,
    key: string | undefined,
    retryAfterMs: number | undefined,
    priority: Priority,
    at: number,
  ): void {
    this.counts[reason] += 1;
    if (!this.emit.wants('rate-limiter.refused')) return;
    this.emit.emit({ type: 'rate-limiter.refused', policy: this.policy, at, key, reason, priority, retryAfterMs });
  }
}
