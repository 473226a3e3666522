import type { Candidate } from './instance.js';
import type { Avoided, Picker } from './picker.js';
import { isAvoided } from './picker.js';

/** What a scan minimises. */
export type Score = (candidate: Candidate, now: number) => number;

/** Calls under way for its weight, the new one and what failures count as included. */
export const leastConnections: Score = (candidate, now) =>
  (candidate.inFlight + candidate.failureShadow(now) + 1) / candidate.weightAt(now);

/** Latency × (calls under way + 1) for its weight. Unknown instances come first, one call at a time. */
export const responseTime: Score = (candidate, now) => {
  const cost = candidate.costMs(now);
  const known = cost > 0 ? cost : candidate.inFlight > 0 ? Number.MAX_SAFE_INTEGER : 0;
  return (known * (candidate.inFlight + 1)) / candidate.weightAt(now);
};

/** Error rates that differ by less than this are alike: chance must not send everybody to one instance. */
const ALIKE = 0.02;

/** Error rate, in steps. */
export const lowestErrorRate: Score = (candidate, now) => Math.floor(candidate.errorRate(now) / ALIKE);

/**
 * Looks at all candidates and takes the one with the lowest score. The scan starts one further each time, so that
 * equals take turns. O(n), and every caller that sees the same numbers chooses the same instance: for many callers of
 * many instances the power of two choices does better.
 */
export class LowestScore implements Picker {
  #candidates: readonly Candidate[] = [];
  #start = 0;

  constructor(private readonly score: Score) {}

  update(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
  }

  pick(now: number, avoided: Avoided): Candidate | undefined {
    const count = this.#candidates.length;
    let best: Candidate | undefined;
    let bestScore = Infinity;
    let bestIndex = 0;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#start + step) % count;
      const candidate = this.#candidates[index]!;
      if (isAvoided(candidate, avoided)) continue;
      const score = this.score(candidate, now);
      if (best === undefined || score < bestScore) {
        best = candidate;
        bestScore = score;
        bestIndex = index;
      }
    }
    this.#start = bestIndex + 1;
    return best;
  }
}
