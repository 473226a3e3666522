/** What one window of calls has shown. */
export interface WindowSample {
  /** Calls that gave a result. */
  readonly count: number;
  /** Calls that gave none because of overload: timeouts, and refusals by the other side. */
  readonly dropped: number;
  /** Mean time of the calls that gave a result, in ms; NaN without any. */
  readonly meanMs: number;
  /** Most work in flight when a call ended. */
  readonly inFlight: number;
  /** Results per ms. */
  readonly throughput: number;
}

/** After a pause this many windows long, what was collected before it says nothing about now. */
const STALE_WINDOWS = 10;

/** Collects calls into windows, so that a limit is moved by what many show, not by each. */
export class SampleWindow {
  #openedAt = 0;
  #lastAt = -Infinity;
  #count = 0;
  #dropped = 0;
  #sumMs = 0;
  #inFlight = 0;

  constructor(
    private readonly windowMs: number,
    private readonly minimumCalls: number,
  ) {}

  /**
   * Adds one call.
   * @returns the window, when it is long and full enough; the next call opens another
   */
  add(durationMs: number, inFlight: number, dropped: boolean, now: number): WindowSample | undefined {
    if (now - this.#lastAt > this.windowMs * STALE_WINDOWS) this.#open(now - Math.min(durationMs, this.windowMs));
    this.#lastAt = now;
    this.#inFlight = Math.max(this.#inFlight, inFlight);
    if (dropped) this.#dropped += 1;
    else {
      this.#count += 1;
      this.#sumMs += durationMs;
    }
    if (now - this.#openedAt < this.windowMs || this.#count + this.#dropped < this.minimumCalls) return undefined;
    const sample = {
      count: this.#count,
      dropped: this.#dropped,
      meanMs: this.#sumMs / this.#count,
      inFlight: this.#inFlight,
      throughput: this.#count / (now - this.#openedAt),
    };
    this.#open(now);
    return sample;
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#count = this.#dropped = this.#sumMs = this.#inFlight = 0;
  }
}
