import { z } from 'zod';
import { parseOptions, positiveCount } from '../core/options.js';
import type { Random } from '../core/random.js';
import { seededRandom } from '../core/random.js';

const subsetOptions = z
  .strictObject({
    client: z.int().min(0),
    size: positiveCount(),
  })
  .describe('Deterministic subset');

export interface DeterministicSubsetOptions {
  /** Number of this client, from 0, without gaps: a StatefulSet's ordinal, a shard number. */
  readonly client: number;
  /** Endpoints that one client uses. */
  readonly size: number;
}

/**
 * The part of the endpoints that one client of many uses, so that a large fleet does not connect everybody with
 * everybody. Clients are taken in rounds of as many as there are subsets; each round deals out a shuffle of its own, so
 * that each endpoint serves the same number of clients (give or take one per round), in different company each time
 * (Google SRE, chapter 20, "Deterministic Subsetting"). All clients must see the same endpoints; their order does not
 * matter.
 * @throws InvalidOptionsError
 */
export function deterministicSubset<E extends { readonly id: string }>(
  endpoints: readonly E[],
  options: DeterministicSubsetOptions,
): E[] {
  const { client, size } = parseOptions(subsetOptions, options, 'deterministicSubset');
  const subsets = Math.floor(endpoints.length / size);
  if (subsets <= 1) return [...endpoints].slice(0, subsets === 0 ? endpoints.length : undefined);
  const sorted = [...endpoints].sort((one, other) => (one.id < other.id ? -1 : 1));
  const round = Math.floor(client / subsets);
  const shuffled = shuffle(sorted, seededRandom(round));
  const start = (client % subsets) * size;
  return shuffled.slice(start, start + size);
}

/** Fisher and Yates. */
function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random.next() * (last + 1));
    [items[last], items[other]] = [items[other]!, items[last]!];
  }
  return items;
}
