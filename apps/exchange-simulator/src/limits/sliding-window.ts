/** A charge that was admitted. */
interface Entry {
  readonly time: number;
  readonly weight: number;
}

export interface WindowReading {
  readonly admitted: boolean;
  /** Weight in the window ending now, this request included when it was admitted. */
  readonly used: number;
  /** Milliseconds until the same weight would be admitted; 0 when it was. */
  readonly retryAfterMs: number;
}

/**
 * An exact sliding window: the weight admitted in (now − windowMs, now] never exceeds the limit. What is refused is not
 * counted, so a client that keeps asking is not locked out for ever. Memory is bounded by `limit` entries.
 */
export class SlidingWindow {
  private readonly limit: number;
  private readonly windowMs: number;
  private entries: Entry[] = [];
  private head = 0;
  private used = 0;

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /**
   * Counts a request handled `now`. When it came is known only to lie within [earliest, now]; it is judged by the one
   * and remembered by the other, so that a client is never blamed for a wait on our side.
   */
  charge(weight: number, now: number, earliest = now): WindowReading {
    this.expire(now);
    if (this.used + weight > this.limit) {
      return { admitted: false, used: this.used, retryAfterMs: this.waitFor(weight, now) };
    }
    this.add(weight, earliest);
    return { admitted: true, used: this.used, retryAfterMs: 0 };
  }

  /** Adds weight that is known only after the answer; it may exceed the limit and then holds off the next request. */
  add(weight: number, now: number): void {
    this.entries.push({ time: now, weight });
    this.used += weight;
  }

  /** True when nothing is left in the window. */
  isIdle(now: number): boolean {
    this.expire(now);
    return this.used === 0;
  }

  private expire(now: number): void {
    for (let entry = this.entries[this.head]; entry !== undefined; entry = this.entries[this.head]) {
      if (entry.time > now - this.windowMs) break;
      this.used -= entry.weight;
      this.head += 1;
    }
    if (this.head > 64 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  private waitFor(weight: number, now: number): number {
    let excess = this.used + weight - this.limit;
    for (let i = this.head; i < this.entries.length; i += 1) {
      const entry = this.entries[i];
      if (entry === undefined) break;
      excess -= entry.weight;
      if (excess <= 0) return entry.time + this.windowMs - now;
    }
    return this.windowMs;
  }
}
