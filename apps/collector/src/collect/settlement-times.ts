import type { SettlementTime, VenueRow } from '../venues/venue.js';
import { EVERY_SYMBOL } from '../venues/venue.js';

const HOUR = 3_600_000;
/** A Date header has whole seconds: the answer may be this much younger than it says. */
const DATE_RESOLUTION_MS = 1_000;

/** When an answer was given, by the venue: exactly, or within a second. */
export interface AnswerTime {
  readonly earliest: number;
  readonly latest: number;
}

/** The venue's own time of a row: in the row, else the answer's Date header, else unknown. */
export function answerTime(row: VenueRow, date: number | null): AnswerTime | undefined {
  if (row.exchangeTime !== null) return { earliest: row.exchangeTime, latest: row.exchangeTime };
  return date === null ? undefined : { earliest: date, latest: date + DATE_RESOLUTION_MS - 1 };
}

interface Known extends SettlementTime {
  readonly knownFrom: number | undefined;
}

/**
 * What a venue's second endpoint told of its next settlements, and which rows of the list that holds for. No local
 * clock has a say: a row belongs to a settlement when the venue's own time of the row lies in the period that the
 * settlement ends.
 */
export class SettlementTimes {
  readonly #known = new Map<string, Known>();

  learn(times: readonly SettlementTime[], date: number | null): void {
    for (const time of times) {
      this.#known.set(time.symbolId, { ...time, knownFrom: time.asOf ?? date ?? undefined });
    }
  }

  /** `null` when nothing told so far holds at that time. */
  of(symbolId: string, at: AnswerTime | undefined): { fundingTime: number; intervalHours: number | null } | null {
    const known = this.#known.get(symbolId) ?? this.#known.get(EVERY_SYMBOL);
    if (known === undefined || at === undefined) return null;
    const { fundingTime, intervalHours, knownFrom } = known;
    if (known.symbolId === EVERY_SYMBOL && intervalHours !== null) {
      return onGrid(fundingTime, intervalHours, at);
    }
    const from = intervalHours === null ? knownFrom : fundingTime - intervalHours * HOUR;
    return from !== undefined && from <= at.latest && at.latest < fundingTime ? { fundingTime, intervalHours } : null;
  }
}

/** Contracts that all settle together do so on a regular grid; one point of it and the period tell all others. */
function onGrid(
  fundingTime: number,
  intervalHours: number,
  at: AnswerTime,
): { fundingTime: number; intervalHours: number } | null {
  const period = intervalHours * HOUR;
  const next = (time: number): number => fundingTime - Math.floor((fundingTime - time - 1) / period) * period;
  const settlement = next(at.earliest);
  return settlement === next(at.latest) ? { fundingTime: settlement, intervalHours } : null;
}
