import { z } from 'zod';
import type { Call } from '../core/call.js';
import { parseOptions } from '../core/options.js';
import type { Use } from '../core/use.js';
import type { Candidate } from '../load-balancer/instance.js';
import type { Avoided, Picker, Strategy } from '../load-balancer/picker.js';
import { isAvoided } from '../load-balancer/picker.js';
import { callKey, keyFunction } from './call-key.js';
import { hashOf } from './hash.js';

const maglevOptions = z.strictObject({
  tableSize: z.int().min(3).max(5_000_011).refine(isPrime, 'must be a prime').default(65_537),
  key: keyFunction().optional(),
});

export interface MaglevOptions {
  /** Size of the lookup table: a prime, well above 100 × the number of endpoints; default 65,537. */
  readonly tableSize?: number;
  /** Gives the key of calls whose site names none. */
  readonly key?: (call: Call) => string;
}

/**
 * Consistent hashing by a lookup table (D. Eisenbud and others, "Maglev: A Fast and Reliable Software Network Load
 * Balancer", 2016): O(1) per call and more even than a ring, at the price of moving a few keys more than necessary
 * when endpoints come or go. The call site names the key.
 * @throws InvalidOptionsError
 */
export function maglev(options: MaglevOptions = {}): Strategy {
  const { tableSize, key } = parseOptions(maglevOptions, options, 'maglev');
  return {
    name: 'maglev',
    latency: 'none',
    errorRate: false,
    createPicker: ({ policy }) => new Maglev(policy, tableSize, key),
  };
}

/** What one endpoint would like best, in order: offset, offset + skip, … */
interface Preference {
  readonly owner: number;
  readonly offset: number;
  readonly skip: number;
  /** Share of the turns, 1 for the heaviest. */
  readonly share: number;
  next: number;
  turns: number;
}

class Maglev implements Picker {
  #candidates: readonly Candidate[] = [];
  #table = new Int32Array();

  constructor(
    private readonly policy: string,
    private readonly tableSize: number,
    private readonly key: ((call: Call) => string) | undefined,
  ) {}

  update(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    this.#table = buildTable(candidates, this.tableSize);
  }

  pick(_now: number, avoided: Avoided, call: Call, use: Use): Candidate | undefined {
    if (this.#candidates.length === 0) return undefined;
    const start = hashOf(callKey(call, use, this.policy, this.key)) % this.tableSize;
    for (let step = 0; step < this.tableSize; step += 1) {
      const candidate = this.#candidates[this.#table[(start + step) % this.tableSize]!]!;
      if (!isAvoided(candidate, avoided)) return candidate;
      if (step === MOST_STEPS) return this.#candidates.find((other) => !isAvoided(other, avoided));
    }
    return undefined;
  }
}

/** When this many entries in a row are to be avoided, most endpoints are. */
const MOST_STEPS = 1_000;

function buildTable(candidates: readonly Candidate[], size: number): Int32Array<ArrayBuffer> {
  const table = new Int32Array(size).fill(-1);
  if (candidates.length === 0) return table;
  const preferences = preferencesOf(candidates, size);
  for (let filled = 0, round = 1; filled < size; round += 1) {
    for (const preference of preferences) {
      // An endpoint of half the weight takes its turn in every other round.
      if (preference.turns >= round * preference.share) continue;
      preference.turns += 1;
      let entry = entryOf(preference, size);
      while (table[entry] !== -1) entry = entryOf(preference, size);
      table[entry] = preference.owner;
      filled += 1;
      if (filled === size) break;
    }
  }
  return table;
}

function entryOf(preference: Preference, size: number): number {
  const entry = (preference.offset + preference.next * preference.skip) % size;
  preference.next += 1;
  return entry;
}

function preferencesOf(candidates: readonly Candidate[], size: number): Preference[] {
  const heaviest = candidates.reduce((most, candidate) => Math.max(most, candidate.weightAt(Infinity)), 0);
  return candidates
    .map((candidate, owner) => ({ candidate, owner }))
    .sort((one, other) => (one.candidate.ref.id < other.candidate.ref.id ? -1 : 1))
    .map(({ candidate, owner }) => ({
      owner,
      offset: hashOf(candidate.ref.id) % size,
      skip: (hashOf(candidate.ref.id, 0x9e3779b9) % (size - 1)) + 1,
      share: candidate.weightAt(Infinity) / heaviest,
      next: 0,
      turns: 0,
    }));
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return number > 1;
}
