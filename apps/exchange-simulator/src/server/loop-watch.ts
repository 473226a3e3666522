const TICK_MS = 10;

/**
 * Tells how long a request may have been waiting for this process before it was handled: since the event loop last
 * turned, or, when it had stalled, since before the stall. Without it, a stall of ours would bunch requests together
 * and make a client look as if it had exceeded its limit.
 */
export class LoopWatch {
  private readonly now: () => number;
  private lastTurn: number;
  private waitingSince: number;
  private timer: NodeJS.Timeout | null = null;

  constructor(now: () => number) {
    this.now = now;
    this.lastTurn = now();
    this.waitingSince = this.lastTurn;
  }

  start(): void {
    this.timer ??= setInterval(() => this.turn(), TICK_MS).unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** The event loop has come round. */
  turn(): void {
    const now = this.now();
    const stalled = now - this.lastTurn > 2 * TICK_MS;
    this.waitingSince = stalled ? this.lastTurn : now;
    this.lastTurn = now;
  }

  /** Epoch milliseconds: what is handled now has not come before. */
  earliestArrival(): number {
    return this.waitingSince;
  }
}
