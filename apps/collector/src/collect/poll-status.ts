import { type ErrorClass, isReliabilityError } from '@marketprism/reliability';
import { DurationHistogram } from '@marketprism/reliability/prometheus';
import type { FundingRecord } from '../records/funding-record.js';
import { isVenueError } from '../venues/venue-error.js';
import type { Taken } from './list-intake.js';

export type PollResult =
  | {
      readonly ok: true;
      /** ms since the epoch. */
      readonly at: number;
      readonly accepted: number;
      readonly rejected: number;
      readonly host: string;
      readonly records: readonly FundingRecord[];
    }
  | {
      readonly ok: false;
      readonly at: number;
      readonly error: string;
      readonly errorClass: ErrorClass | 'refused';
      /** When a further poll makes sense, in ms from then. */
      readonly retryAfterMs: number | undefined;
    };

/** What became of a list's polls. */
export class PollStatus {
  polls = 0;
  failures = 0;
  rows = 0;
  rejected = 0;
  /** How long polls took, from their begin to their end. */
  readonly durations = new DurationHistogram();
  /** ms since the epoch of the poll under way, `undefined` between polls. */
  since: number | undefined;
  last: Omit<Extract<PollResult, { ok: true }>, 'records'> | Extract<PollResult, { ok: false }> | undefined;
  /** ms since the epoch of the last good answer. */
  lastGoodAt: number | undefined;
  /** What the last poll had to do without. */
  lacking: string | undefined;
  #lacked: string | undefined;
  /** The last failure of the venue itself. */
  #cause: string | undefined;

  /** What is wrong at present: why the venue failed, also while calls to it are refused for that. */
  get problem(): string | undefined {
    if (this.last?.ok !== false) return this.lacking;
    return this.last.errorClass === 'refused' ? (this.#cause ?? this.last.error) : this.last.error;
  }

  begin(at: number): void {
    this.since = at;
    this.#lacked = undefined;
  }

  degraded(reason: string): void {
    this.#lacked = reason;
  }

  succeed(at: number, { accepted, rejected, host, records }: Taken): PollResult {
    const summary = { ok: true, at, accepted, rejected, host } as const;
    this.polls += 1;
    this.rows += accepted;
    this.rejected += rejected;
    this.lastGoodAt = at;
    this.#cause = undefined;
    this.#end(summary);
    return { ...summary, records };
  }

  fail(at: number, error: unknown): PollResult {
    const result = {
      ok: false,
      at,
      error: error instanceof Error ? error.message : String(error),
      errorClass: isVenueError(error) ? error.errorClass : 'refused',
      retryAfterMs: isVenueError(error) || isReliabilityError(error) ? error.retryAfterMs : undefined,
    } as const;
    this.polls += 1;
    this.failures += 1;
    if (result.errorClass !== 'refused') this.#cause = result.error;
    this.#end(result);
    return result;
  }

  #end(result: NonNullable<PollStatus['last']>): void {
    this.last = result;
    this.lacking = this.#lacked;
    if (this.since !== undefined) this.durations.record(result.at - this.since);
    this.since = undefined;
  }
}
