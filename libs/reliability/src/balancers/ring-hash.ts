import { z } from 'zod';
import type { Call } from '../core/call.js';
import { parseOptions, positiveCount } from '../core/options.js';
import type { Use } from '../core/use.js';
import type { Candidate } from '../load-balancer/instance.js';
import type { Avoided, Picker, Strategy } from '../load-balancer/picker.js';
import { isAvoided } from '../load-balancer/picker.js';
import { callKey, keyFunction } from './call-key.js';
import { hashOf } from './hash.js';

const ringHashOptions = z.strictObject({
  pointsPerWeight: positiveCount().max(10_000).default(160),
  loadFactor: z.number().min(1).max(100).default(1.25),
  key: keyFunction().optional(),
});

export interface RingHashOptions {
  /** Points on the ring for each unit of weight, 1–10,000; more spread more evenly; default 160. */
  readonly pointsPerWeight?: number;
  /** No endpoint takes more than this times the mean of calls under way, at least 1; at most 100; default 1.25. */
  readonly loadFactor?: number;
  /** Gives the key of calls whose site names none. */
  readonly key?: (call: Call) => string;
}

/** Most points of one ring; weights are scaled down to stay below. */
const MOST_POINTS = 200_000;

/**
 * Consistent hashing with bounded loads (V. Mirrokni, M. Thorup, M. Zadimoghaddam, 2016): a key goes to the next point
 * clockwise on a ring, so that an endpoint that comes or goes moves only its own part of the keys; an endpoint that is
 * full passes the call on to the next. The call site names the key.
 * @throws InvalidOptionsError
 */
export function ringHash(options: RingHashOptions = {}): Strategy {
  const { pointsPerWeight, loadFactor, key } = parseOptions(ringHashOptions, options, 'ringHash');
  return {
    name: 'ring-hash',
    latency: 'none',
    errorRate: false,
    createPicker: ({ policy }) => new RingHash(policy, pointsPerWeight, loadFactor, key),
  };
}

class RingHash implements Picker {
  #candidates: readonly Candidate[] = [];
  #hashes = new Uint32Array();
  /** Index of the candidate of each point. */
  #owners = new Uint32Array();
  #totalWeight = 0;

  constructor(
    private readonly policy: string,
    private readonly pointsPerWeight: number,
    private readonly loadFactor: number,
    private readonly key: ((call: Call) => string) | undefined,
  ) {}

  update(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    // The weight in full service: slow start must not move keys about.
    const weights = candidates.map((candidate) => candidate.weightAt(Infinity));
    this.#totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
    const scale = Math.min(this.pointsPerWeight, MOST_POINTS / this.#totalWeight);
    const points = candidates.flatMap(({ ref }, owner) =>
      Array.from({ length: Math.max(1, Math.round(weights[owner]! * scale)) }, (_, number) => ({
        hash: hashOf(`${ref.id}#${number}`),
        owner,
        id: ref.id,
      })),
    );
    // Equal hashes are ordered by name, so that everybody builds the same ring whatever the order of its list.
    points.sort((one, other) => one.hash - other.hash || (one.id < other.id ? -1 : 1));
    this.#hashes = Uint32Array.from(points, ({ hash }) => hash);
    this.#owners = Uint32Array.from(points, ({ owner }) => owner);
  }

  pick(_now: number, avoided: Avoided, call: Call, use: Use): Candidate | undefined {
    const count = this.#hashes.length;
    if (count === 0) return undefined;
    const start = this.#firstAtOrAfter(hashOf(callKey(call, use, this.policy, this.key)));
    const underWay = this.#candidates.reduce((sum, { inFlight }) => sum + inFlight, 0) + 1;
    const seen = new Set<number>();
    let fallback: Candidate | undefined;
    for (let step = 0; step < count && seen.size < this.#candidates.length; step += 1) {
      const owner = this.#owners[(start + step) % count]!;
      if (seen.has(owner)) continue;
      seen.add(owner);
      const candidate = this.#candidates[owner]!;
      if (isAvoided(candidate, avoided)) continue;
      const bound = Math.ceil((this.loadFactor * underWay * candidate.weightAt(Infinity)) / this.#totalWeight);
      if (candidate.inFlight < bound) return candidate;
      fallback ??= candidate;
    }
    return fallback;
  }

  /** Binary search; past the last point the ring starts over. */
  #firstAtOrAfter(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hashes[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#hashes.length ? 0 : low;
  }
}
