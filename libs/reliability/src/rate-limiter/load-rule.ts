import type { Adaptation, FunctionFailed } from './adaptation.js';
import type { AdaptiveOptions } from './adaptive.options.js';

/**
 * Keeps the use of a quota between two marks: above `high` the limit is multiplied by `decrease`, below `low` by
 * `increase`, once per `measureMs`. The load is what was admitted, as a share of what the configured limit allows, or
 * what the `load` function says: a server's own figure, the event loop's utilisation.
 */
export class LoadRule implements Adaptation {
  factor = 1;
  #since: number;
  #admitted = 0;

  constructor(
    private readonly options: AdaptiveOptions<'load'>,
    private readonly permitsPerMs: number,
    now: number,
    private readonly failed: FunctionFailed,
  ) {
    this.#since = now;
  }

  rejects(now: number): boolean {
    this.#measure(now);
    return false;
  }

  admitted(cost: number): void {
    this.#admitted += cost;
  }

  accepted(now: number): void {
    this.#measure(now);
  }

  throttled(): void {}

  #measure(now: number): void {
    const elapsed = now - this.#since;
    const { measureMs, high, low, decrease, increase, minFactor, maxFactor } = this.options;
    if (elapsed < measureMs) return;
    const load = this.#load(elapsed);
    this.#since = now;
    this.#admitted = 0;
    if (load > high) this.factor = Math.max(minFactor, this.factor * decrease);
    else if (load < low) this.factor = Math.min(maxFactor, this.factor * increase);
  }

  /** A load that cannot be told changes nothing. */
  #load(elapsed: number): number {
    if (this.options.load === undefined) return this.#admitted / (elapsed * this.permitsPerMs);
    try {
      return this.options.load();
    } catch (error) {
      this.failed('load', error);
      return NaN;
    }
  }
}
