import type { Random } from '../core/random.js';
import type { Candidate } from './instance.js';
import type { Avoided, Picker } from './picker.js';
import { equallyWeighted, isAvoided } from './picker.js';

/** One after the other, whatever their weights. During slow start an instance is passed over now and then. */
export class RoundRobin implements Picker {
  #candidates: readonly Candidate[] = [];
  #next = 0;
  #equal = true;

  constructor(private readonly random: Random) {}

  update(candidates: readonly Candidate[], now: number): void {
    this.#next = this.#placeIn(candidates);
    this.#candidates = candidates;
    this.#equal = candidates.every((candidate) => shareOfWeight(candidate, now) === 1);
  }

  pick(now: number, avoided: Avoided): Candidate | undefined {
    let passedOver: Candidate | undefined;
    for (let tries = this.#candidates.length; tries > 0; tries -= 1) {
      if (this.#next >= this.#candidates.length) this.#next = 0;
      const candidate = this.#candidates[this.#next]!;
      this.#next += 1;
      if (isAvoided(candidate, avoided)) continue;
      if (this.#equal || this.random.next() < shareOfWeight(candidate, now)) return candidate;
      passedOver ??= candidate;
    }
    return passedOver;
  }

  /** Index of the one whose turn it is, or of the first after it that is still there. */
  #placeIn(candidates: readonly Candidate[]): number {
    const indices = new Map(candidates.map((candidate, index) => [candidate, index]));
    const count = this.#candidates.length;
    for (let step = 0; step < count; step += 1) {
      const index = indices.get(this.#candidates[(this.#next + step) % count]!);
      if (index !== undefined) return index;
    }
    return 0;
  }
}

/**
 * Smooth weighted round robin, as in nginx: everybody gains its weight, the richest is chosen and pays the total.
 * Shares are exact over each round, and a heavy instance's turns are spread over it: weights 5, 1, 1 give a a b a c a a.
 * O(n); equal weights, where it is plain round robin, O(1).
 */
export class SmoothWeightedRoundRobin implements Picker {
  #candidates: readonly Candidate[] = [];
  #credit: number[] = [];
  readonly #rotation: RoundRobin;
  #equal = true;

  constructor(random: Random) {
    this.#rotation = new RoundRobin(random);
  }

  update(candidates: readonly Candidate[], now: number): void {
    const before = new Map(this.#candidates.map((candidate, index) => [candidate, this.#credit[index]!]));
    this.#candidates = candidates;
    this.#credit = candidates.map((candidate) => before.get(candidate) ?? 0);
    this.#equal = equallyWeighted(candidates, now);
    if (this.#equal) this.#credit.fill(0);
    this.#rotation.update(candidates, now);
  }

  pick(now: number, avoided: Avoided): Candidate | undefined {
    if (this.#equal) return this.#rotation.pick(now, avoided);
    let total = 0;
    let richest = -1;
    for (let index = 0; index < this.#candidates.length; index += 1) {
      const candidate = this.#candidates[index]!;
      if (isAvoided(candidate, avoided)) continue;
      const weight = candidate.weightAt(now);
      total += weight;
      this.#credit[index]! += weight;
      if (richest < 0 || this.#credit[index]! > this.#credit[richest]!) richest = index;
    }
    if (richest < 0) return undefined;
    this.#credit[richest]! -= total;
    return this.#candidates[richest];
  }
}

/** What slow start leaves of the weight; rotation looks at nothing else of it. */
function shareOfWeight(candidate: Candidate, now: number): number {
  return candidate.weightAt(now) / candidate.weightAt(Infinity);
}
