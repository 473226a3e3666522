import type { Random } from '../core/random.js';
import type { LimitRule } from './limit-rule.js';
import type { WindowSample } from './sample-window.js';

/** Windows between two measurements of the unloaded latency, per slot of the limit. */
const PROBE_MULTIPLIER = 3;

/**
 * TCP Vegas (L. Brakmo, S. O'Malley, L. Peterson, 1994) for concurrency, after Netflix's concurrency-limits: the least
 * latency ever seen is taken as that of an unloaded dependency, what exceeds it as time in its queue, and the limit is
 * moved to keep that queue between 3·log10 and 6·log10 of itself.
 *
 * The least latency is forgotten from time to time, jittered, or a dependency that became slower for good would be
 * taken for an overloaded one for ever. It is never replaced by more than `baselineCeilingMs`.
 */
export class VegasRule implements LimitRule {
  #unloadedMs = Infinity;
  #untilProbe = 0;

  constructor(
    private readonly random: Random,
    private readonly baselineCeilingMs: number,
  ) {}

  next(limit: number, sample: WindowSample, saturated: boolean): number {
    const step = Math.max(1, Math.log10(limit));
    if (sample.dropped > 0) return limit - step;
    this.#untilProbe -= 1;
    if (this.#untilProbe <= 0) {
      this.#untilProbe = Math.ceil((0.5 + this.random.next() / 2) * PROBE_MULTIPLIER * limit);
      this.#unloadedMs = Infinity;
    }
    this.#unloadedMs = Math.min(this.#unloadedMs, sample.meanMs, this.baselineCeilingMs);
    const queue = Math.ceil(limit * (1 - this.#unloadedMs / sample.meanMs));
    if (queue > 6 * step) return limit - step;
    if (!saturated) return limit;
    if (queue <= step) return limit + 6 * step;
    return queue < 3 * step ? limit + step : limit;
  }
}
