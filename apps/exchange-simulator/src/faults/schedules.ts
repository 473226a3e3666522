import { hashText, uniformAt } from '../series/hash.js';
import type { VenueId } from '../venues/venue.js';
import type { FaultInput, FaultKind } from './fault.schema.js';

export const SCHEDULE_NAMES = ['none', 'default', 'storm'] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

/** Schedules are made block by block, so that a run of any length has one. */
export const BLOCK_MS = 60_000;

/** Faults of the whole venue, because the venue counts by client address or because it is down as a whole. */
const VENUE_WIDE: ReadonlySet<FaultKind> = new Set(['rateLimited', 'banned', 'maintenance', 'venueDown']);
const LONGEST_VENUE_WIDE_MS = 8_000;

type Flavour = (place: { venue: VenueId; host: string; startMs: number; durationMs: number }) => FaultInput;

const FLAVOURS: readonly (readonly [FaultKind, Flavour])[] = [
  ['latency', (place) => ({ kind: 'latency', distribution: 'fixed', delayMs: 400, ...place })],
  ['latency', (place) => ({ kind: 'latency', distribution: 'normal', delayMs: 300, deviationMs: 120, ...place })],
  ['latency', (place) => ({ kind: 'latency', distribution: 'longTail', delayMs: 60, ...place })],
  ['rateLimited', (place) => ({ kind: 'rateLimited', retryAfterSeconds: 2, ...place })],
  ['rateLimited', (place) => ({ kind: 'rateLimited', retryAfterSeconds: null, ...place })],
  ['banned', (place) => ({ kind: 'banned', ...place })],
  ['unavailable', (place) => ({ kind: 'unavailable', ...place })],
  ['refused', (place) => ({ kind: 'refused', ...place })],
  ['resetBeforeHeaders', (place) => ({ kind: 'resetBeforeHeaders', ...place })],
  ['resetMidBody', (place) => ({ kind: 'resetMidBody', ...place })],
  ['headersNever', (place) => ({ kind: 'headersNever', ...place })],
  ['dripBody', (place) => ({ kind: 'dripBody', ...place })],
  ['truncatedJson', (place) => ({ kind: 'truncatedJson', ...place })],
  ['html', (place) => ({ kind: 'html', ...place })],
  ['emptyObject', (place) => ({ kind: 'emptyObject', ...place })],
  ['emptyArray', (place) => ({ kind: 'emptyArray', ...place })],
  ['maintenance', (place) => ({ kind: 'maintenance', ...place })],
  ['venueDown', ({ host: _all, ...place }) => ({ kind: 'venueDown', ...place })],
];

interface Rhythm {
  readonly faultsPerVenue: number;
  /** Calm at the beginning and the end of a block, for start-up, recovery and draining. */
  readonly calmStartMs: number;
  readonly calmEndMs: number;
  readonly shortestMs: number;
  readonly longestMs: number;
}

const RHYTHMS: Readonly<Record<Exclude<ScheduleName, 'none'>, Rhythm>> = {
  default: { faultsPerVenue: 2, calmStartMs: 4_000, calmEndMs: 8_000, shortestMs: 1_500, longestMs: 4_000 },
  storm: { faultsPerVenue: 9, calmStartMs: 3_000, calmEndMs: 6_000, shortestMs: 1_500, longestMs: 4_500 },
};

/** Deals every flavour once per shuffled deck deck after deck. */
function dealer(draw: (purpose: number) => number): () => (typeof FLAVOURS)[number] {
  let deck: (typeof FLAVOURS)[number][] = [];
  let draws = 0;
  return () => {
    if (deck.length === 0) deck = [...FLAVOURS];
    draws += 1;
    const [dealt] = deck.splice(Math.floor(draw(100 + draws) * deck.length), 1);
    if (dealt === undefined) throw new RangeError('an empty deck');
    return dealt;
  };
}

/**
 * One block of a named schedule: `default` has two faults per venue, `storm` nine, in slots of equal length with calm
 * at the end of each, so that every venue is wholly sound at least a quarter of the time. Kinds are dealt from shuffled
 * decks, going on from a venue to the next, so `storm` on eight venues brings each kind four times in every block. Half
 * of the faults that can be partial lie on a single host.
 *
 * @param blockMs length of the block, at most 60,000; faults are squeezed into it
 */
export function scheduleBlock(
  name: ScheduleName,
  seed: number,
  block: number,
  blockMs: number,
  hostsOf: ReadonlyMap<VenueId, readonly string[]>,
): readonly FaultInput[] {
  if (name === 'none') return [];
  const rhythm = RHYTHMS[name];
  const squeeze = Math.min(1, blockMs / BLOCK_MS);
  const from = rhythm.calmStartMs * squeeze;
  const slotMs = (blockMs - from - rhythm.calmEndMs * squeeze) / rhythm.faultsPerVenue;
  const subject = hashText(name);
  const deck = dealer((purpose) => uniformAt(seed, subject, block, purpose));
  return [...hostsOf].flatMap(([venue, hosts], venueIndex) =>
    Array.from({ length: rhythm.faultsPerVenue }, (_, slot) => {
      const draw = (purpose: number): number =>
        uniformAt(seed, subject, block * 1_000_000 + venueIndex * 1_000 + slot, purpose);
      const [kind, flavour] = deck();
      const wanted = (rhythm.shortestMs + draw(1) * (rhythm.longestMs - rhythm.shortestMs)) * squeeze;
      const durationMs = Math.max(1, Math.floor(Math.min(wanted, slotMs * 0.75, LONGEST_VENUE_WIDE_MS)));
      const startMs = Math.floor(from + slot * slotMs + draw(2) * (slotMs * 0.75 - durationMs));
      const partial = !VENUE_WIDE.has(kind) && draw(3) < 0.5;
      const host = partial ? (hosts[Math.floor(draw(4) * hosts.length)] ?? '*') : '*';
      return flavour({ venue, host, startMs, durationMs });
    }),
  );
}
