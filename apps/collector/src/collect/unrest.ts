import type { ErrorClass } from '@marketprism/reliability';

/** A venue is restless until none of its requests has failed for this many polling intervals. */
const RESTLESS_INTERVALS = 5;
/** Share of the interval after which a restless venue is polled. */
const PACE = 0.5;

/**
 * Venues of which requests fail, and how often to poll them: at twice the pace, since the next answer may be the last for a
 * while and what an outage finds should not be old already. One that says to be asked too often keeps to the interval.
 */
export class Unrest {
  readonly #failedAt = new Map<string, number>();

  /** A request failed; `at` and `now` are monotonic, in ms. */
  failed(venue: string, errorClass: ErrorClass, at: number): void {
    if (errorClass === 'rateLimit') this.#failedAt.delete(venue);
    else this.#failedAt.set(venue, at);
  }

  /** The time between two polls, in ms. */
  pollEveryMs(venue: string, intervalMs: number, now: number): number {
    const failedAt = this.#failedAt.get(venue) ?? -Infinity;
    return now - failedAt < RESTLESS_INTERVALS * intervalMs ? intervalMs * PACE : intervalMs;
  }
}
