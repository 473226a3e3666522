import type { Fault } from '@marketprism/exchange-simulator';
import { z } from 'zod';

/** What a reader was told of one exchange in one second. */
export interface Sample {
  /** ms since the epoch. */
  readonly at: number;
  readonly venue: string;
  /** There were rates, each with its age and marked stale or not. */
  readonly answered: boolean;
  /** Most of them were not stale. */
  readonly fresh: boolean;
}

export interface Freshness {
  /** Share of seconds in which there was an answer, fresh or marked stale. */
  readonly answered: number;
  /** Share of the seconds in which a host of the venue was sound and the answer fresh. */
  readonly fresh: number;
}

/** A reader gets this long to be answered, in ms. */
const ANSWER_CAP_MS = 1_000;

const latest = z.object({
  rates: z.array(z.object({ exchange: z.string(), ageMs: z.number(), stale: z.boolean() })),
});

/** Reads the latest rates as a user does, and notes what there is of every venue. */
export async function readFreshness(url: string, venues: readonly string[], at: number): Promise<Sample[]> {
  const rates = await fetch(`${url}/rates/latest`, { signal: AbortSignal.timeout(ANSWER_CAP_MS) })
    .then((response) => response.json())
    .then((body) => latest.parse(body).rates)
    .catch(() => []);
  return venues.map((venue) => {
    const own = rates.filter(({ exchange }) => exchange === venue);
    const stale = own.filter((rate) => rate.stale).length;
    return { at, venue, answered: own.length > 0, fresh: own.length > 0 && stale * 2 < own.length };
  });
}

/**
 * Shares over all venues, from the first answer of each on.
 * @param hostsOf how many hosts each venue has
 */
export function freshnessOf(
  samples: readonly Sample[],
  faults: readonly Fault[],
  hostsOf: (venue: string) => number,
): Freshness {
  const since = new Map<string, number>();
  for (const { venue, at, answered } of samples) {
    if (answered && !since.has(venue)) since.set(venue, at);
  }
  const counted = samples.filter(({ venue, at }) => at >= (since.get(venue) ?? Infinity));
  const sound = counted.filter(({ venue, at }) => isSound(venue, at, faults, hostsOf(venue)));
  return {
    answered: share(counted, ({ answered }) => answered),
    fresh: share(sound, ({ fresh }) => fresh),
  };
}

/** Whether a host of the venue has no fault, apart from being slow. */
function isSound(venue: string, at: number, faults: readonly Fault[], hosts: number): boolean {
  const impaired = new Set(
    faults
      .filter((fault) => fault.venue === venue && fault.kind !== 'latency' && fault.startsAt <= at && at < fault.endsAt)
      .flatMap((fault) => fault.hosts),
  );
  return impaired.size < hosts;
}

function share(samples: readonly Sample[], holds: (sample: Sample) => boolean): number {
  return samples.length === 0 ? 1 : samples.filter(holds).length / samples.length;
}
