import type { Random } from '../core/random.js';
import type { Candidate } from './instance.js';
import type { Avoided, Picker } from './picker.js';
import { allowedOf, equallyWeighted } from './picker.js';

/** Draws by rejection before it falls back to a walk over all weights. */
const DRAWS = 16;

/** By chance, in proportion to the weights. */
export class RandomPicker implements Picker {
  #candidates: readonly Candidate[] = [];
  #equal = true;

  constructor(private readonly random: Random) {}

  update(candidates: readonly Candidate[], now: number): void {
    this.#candidates = candidates;
    this.#equal = equallyWeighted(candidates, now);
  }

  pick(now: number, avoided: Avoided): Candidate | undefined {
    const allowed = allowedOf(this.#candidates, avoided);
    if (allowed.length === 0) return undefined;
    return this.#equal
      ? allowed[Math.floor(this.random.next() * allowed.length)]
      : drawByWeight(allowed, highestWeight(allowed, now), now, this.random);
  }
}

/** Compares candidates: the lowest load is chosen. `inFlight` is scaled to the weight it is spread over. */
export type Load = (candidate: Candidate, inFlight: number, now: number) => number;

/** Load of an instance without history that has calls under way: one probe shows what it can do, more would wait. */
const UNPROVEN = 1e9;

/** Calls under way, and what failures count as. */
export const inFlightLoad: Load = (candidate, inFlight, now) => inFlight + candidate.failureShadow(now);

/** Expected wait for one more call: latency × (calls under way + 1), as Finagle's PeakEwma has it. */
export const latencyLoad: Load = (candidate, inFlight, now) => {
  const cost = candidate.costMs(now);
  return cost === 0 && inFlight > 0 ? UNPROVEN + inFlight : cost * (inFlight + 1);
};

/**
 * Power of two choices (M. Mitzenmacher, 1996): draws two different candidates and takes the one with the lower load.
 * Costs the same for 10 and for 1,000 instances, and unlike taking the minimum does not send everybody to the same
 * instance at once. With unequal weights candidates are drawn in proportion to them, and calls under way count by the
 * weight they are spread over.
 */
export class PowerOfTwoChoices implements Picker {
  #candidates: readonly Candidate[] = [];
  #equal = true;
  #highestWeight = 1;
  #meanWeight = 1;

  constructor(
    private readonly random: Random,
    private readonly load: Load,
  ) {}

  update(candidates: readonly Candidate[], now: number): void {
    this.#candidates = candidates;
    this.#equal = equallyWeighted(candidates, now);
    this.#highestWeight = highestWeight(candidates, Infinity);
    this.#meanWeight = candidates.reduce((sum, candidate) => sum + candidate.weightAt(now), 0) / candidates.length;
  }

  pick(now: number, avoided: Avoided): Candidate | undefined {
    const allowed = allowedOf(this.#candidates, avoided);
    const count = allowed.length;
    if (count < 2) return allowed[0];
    if (!this.#equal) return this.#pickWeighted(allowed, now);
    // One number gives both indices: an ordered pair of different ones out of n × (n − 1).
    const pair = Math.floor(this.random.next() * count * (count - 1));
    const one = Math.floor(pair / (count - 1));
    const other = pair - one * (count - 1);
    const first = allowed[one]!;
    const second = allowed[other < one ? other : other + 1]!;
    return this.load(first, first.inFlight, now) <= this.load(second, second.inFlight, now) ? first : second;
  }

  #pickWeighted(allowed: readonly Candidate[], now: number): Candidate {
    const first = drawByWeight(allowed, this.#highestWeight, now, this.random);
    let second = first;
    for (let draws = 0; second === first && draws < DRAWS; draws += 1) {
      second = drawByWeight(allowed, this.#highestWeight, now, this.random);
    }
    if (second === first) return first;
    return this.#weightedLoad(first, now) <= this.#weightedLoad(second, now) ? first : second;
  }

  #weightedLoad(candidate: Candidate, now: number): number {
    return this.load(candidate, (candidate.inFlight * this.#meanWeight) / candidate.weightAt(now), now);
  }
}

function highestWeight(candidates: readonly Candidate[], now: number): number {
  return candidates.reduce((highest, candidate) => Math.max(highest, candidate.weightAt(now)), 0);
}

/** Needs no table, so that weights may change from call to call. `highest` must be no lower than any weight. */
function drawByWeight(candidates: readonly Candidate[], highest: number, now: number, random: Random): Candidate {
  for (let draws = 0; draws < DRAWS; draws += 1) {
    const candidate = candidates[Math.floor(random.next() * candidates.length)]!;
    if (random.next() * highest < candidate.weightAt(now)) return candidate;
  }
  let rest = random.next() * candidates.reduce((sum, candidate) => sum + candidate.weightAt(now), 0);
  for (const candidate of candidates) {
    rest -= candidate.weightAt(now);
    if (rest < 0) return candidate;
  }
  return candidates[candidates.length - 1]!;
}
