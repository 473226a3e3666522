import type { VenueId } from '../venues/venue.js';

/** A contract whose history is to be read. */
export interface HistoryNeed {
  readonly venue: VenueId;
  readonly list: string;
  readonly symbolId: string;
  /** Settlements after this time are wanted, in ms. */
  readonly since: number;
  readonly until: number;
  /** Settlements that there may be between, at most; `Infinity` when nobody knows. */
  readonly expected: number;
  /** Whether settlements are known to be missing, or only not confirmed. */
  readonly gap: boolean;
}

interface Track {
  readonly venue: VenueId;
  readonly symbolId: string;
  list: string;
  /** History has been read up to this settlement; at first, when watching began. */
  confirmed: number;
  /** The settlement that the first answer spoke of, until history has been read. */
  first: number | undefined;
  /** The next settlement, by the last answer. */
  next: number;
  /** The shortest distance of two settlements, said or seen. */
  step: number;
  /** Answers jumped over a settlement since history was read. */
  jumped: boolean;
  /** Not to be read again before, in ms. */
  notBefore: number;
}

const HOUR = 3_600_000;

/**
 * Watches which settlements each contract's answers speak of, and tells whose history to read: first those with a
 * settlement that no answer spoke of, then those whose last settlement only an observation vouches for.
 */
export class MissedSettlements {
  readonly #tracks = new Map<string, Track>();

  /**
   * @param depthMs how far back history is read at most
   * @param startedAt since when settlements are watched, in ms; earlier ones are wanted only of remembered contracts
   */
  constructor(
    private readonly depthMs: number,
    private readonly startedAt: number,
  ) {}

  /** The last settlement that an earlier run stored. */
  remember(venue: VenueId, list: string, symbolId: string, last: number): void {
    this.#tracks.set(key(venue, symbolId), {
      venue,
      symbolId,
      list,
      confirmed: last,
      first: undefined,
      next: last,
      step: Infinity,
      jumped: false,
      notBefore: 0,
    });
  }

  /** An answer's next settlement for a contract. `intervalHours` is what the venue says lies between two. */
  observe(venue: VenueId, list: string, symbolId: string, next: number, intervalHours: number | null): void {
    const id = key(venue, symbolId);
    const said = intervalHours === null ? Infinity : intervalHours * HOUR;
    const track = this.#tracks.get(id);
    if (track === undefined) {
      this.#tracks.set(id, {
        venue,
        symbolId,
        list,
        confirmed: Math.min(next - 1, this.startedAt),
        first: next,
        next,
        step: said,
        jumped: false,
        notBefore: 0,
      });
      return;
    }
    track.list = list;
    track.step = Math.min(track.step, said);
    if (next <= track.next) return;
    const distance = next - track.next;
    if (distance > track.step) {
      track.jumped = true;
      track.notBefore = 0;
    }
    track.step = Math.min(track.step, distance);
    track.next = next;
  }

  /** History has told a contract's settlements up to this one; what is still missing after it stays wanted. */
  confirm(venue: VenueId, symbolId: string, settlement: number): void {
    const track = this.#tracks.get(key(venue, symbolId));
    if (track === undefined) return;
    track.confirmed = Math.max(track.confirmed, Math.min(settlement, track.next));
    track.first = undefined;
    if (track.step === Infinity || settlement + track.step >= track.next) track.jumped = false;
  }

  /** History had nothing new, or could not be read: it is left alone until then. */
  defer(venue: VenueId, symbolId: string, until: number): void {
    const track = this.#tracks.get(key(venue, symbolId));
    if (track !== undefined) track.notBefore = until;
  }

  /** How many contracts of each venue have settlements missing, and how many only have some not confirmed. */
  backlog(now: number): ReadonlyMap<VenueId, { readonly missing: number; readonly unconfirmed: number }> {
    const backlog = new Map<VenueId, { missing: number; unconfirmed: number }>();
    for (const track of this.#tracks.values()) {
      const counts = backlog.get(track.venue) ?? { missing: 0, unconfirmed: 0 };
      backlog.set(track.venue, counts);
      if (lastDue(track, now) > track.confirmed) counts[hasGap(track) ? 'missing' : 'unconfirmed'] += 1;
    }
    return backlog;
  }

  /** Whose history to read at `now`, most urgent first. */
  needs(venue: VenueId, now: number): HistoryNeed[] {
    const needs: HistoryNeed[] = [];
    for (const track of this.#tracks.values()) {
      if (track.venue !== venue || now < track.notBefore) continue;
      const until = lastDue(track, now);
      if (until <= track.confirmed) continue;
      const { list, symbolId, step } = track;
      const since = Math.max(track.confirmed, now - this.depthMs);
      const expected = step === Infinity ? Infinity : Math.ceil((until - since) / step) + 1;
      needs.push({ venue, list, symbolId, since, until, expected, gap: hasGap(track) });
    }
    return needs.sort((a, b) => Number(b.gap) - Number(a.gap) || a.since - b.since);
  }
}

/** The last settlement that there must have been by `now`. */
function lastDue({ next, step }: Track, now: number): number {
  if (next <= now) return next;
  return step === Infinity ? Math.min(now, next - 1) : next - step;
}

/** A settlement was jumped over, or there was one between the start and the first answer. */
function hasGap({ jumped, first, confirmed, step }: Track): boolean {
  return jumped || (first !== undefined && first - confirmed > step);
}

function key(venue: VenueId, symbolId: string): string {
  return `${venue}|${symbolId}`;
}
