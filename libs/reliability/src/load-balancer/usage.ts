/** Calls under way and their latency, averaged over time since the last reading. */
export class Usage {
  #inFlight: number;
  #area = 0;
  #latencySum = 0;
  #finished = 0;
  #changedAt: number;
  #readAt: number;

  constructor(now: number, inFlight: number) {
    this.#inFlight = inFlight;
    this.#changedAt = now;
    this.#readAt = now;
  }

  started(now: number): void {
    this.#advance(now);
    this.#inFlight += 1;
  }

  ended(now: number): void {
    this.#advance(now);
    this.#inFlight -= 1;
  }

  took(ms: number): void {
    this.#latencySum += ms;
    this.#finished += 1;
  }

  /** Means since the last reading, which starts the next period. */
  read(now: number): { readonly inFlight: number; readonly latencyMs: number } {
    this.#advance(now);
    const elapsedMs = now - this.#readAt;
    const means = {
      inFlight: elapsedMs > 0 ? this.#area / elapsedMs : this.#inFlight,
      latencyMs: this.#finished > 0 ? this.#latencySum / this.#finished : 0,
    };
    this.#area = this.#latencySum = this.#finished = 0;
    this.#readAt = now;
    return means;
  }

  #advance(now: number): void {
    this.#area += this.#inFlight * (now - this.#changedAt);
    this.#changedAt = now;
  }
}
