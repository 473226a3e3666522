import { Penalties } from '../rate-limiter/penalties.js';
import { WHOLE } from './shared-limits.js';

/** Who is let through no earlier than a certain time, by key of the store. Each instance keeps its own. */
export class Pauses {
  readonly #penalties = new Penalties();

  /** Ms for which nothing of a key is let through, 0 for none. */
  of(key: string, now: number): number {
    if (this.#penalties.size === 0) return 0;
    return Math.max(this.#penalties.remaining(WHOLE, now), this.#penalties.remaining(key, now));
  }

  /** Never shortens an earlier pause, never exceeds `longestMs`. @returns ms of the pause, 0 for none */
  impose(key: string, ms: number, longestMs: number, now: number): number {
    const forMs = Math.min(ms, longestMs);
    if (!(forMs > 0)) return 0;
    this.#penalties.impose(key, forMs, now);
    return forMs;
  }
}
