import type { PollResult } from './collect/poll-status.js';
import type { ListPoller } from './collect/list-poller.js';
import type { FundingRecord } from './records/funding-record.js';

export interface OnceSummary {
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whether everything accepted is stored. */
  readonly stored: boolean;
  readonly rows: number;
  readonly rejected: number;
  readonly polls: readonly {
    readonly exchange: string;
    readonly list: string;
    readonly ok: boolean;
    readonly rows: number;
    readonly rejected: number;
    readonly host: string | null;
    readonly error: string | null;
    /** What the poll had to do without. */
    readonly lacking: string | null;
  }[];
  readonly records: readonly FundingRecord[];
}

/** What one round of polls brought. */
export function onceSummary(
  polls: readonly { readonly poller: ListPoller; readonly result: PollResult }[],
  startedAt: number,
  endedAt: number,
  stored: boolean,
): OnceSummary {
  const records = polls.flatMap(({ result }) => (result.ok ? result.records : []));
  return {
    startedAt,
    endedAt,
    stored,
    rows: records.length,
    rejected: polls.reduce((sum, { result }) => sum + (result.ok ? result.rejected : 0), 0),
    polls: polls.map(({ poller, result }) => ({
      exchange: poller.settings.venue.id,
      list: poller.list,
      ok: result.ok,
      rows: result.ok ? result.accepted : 0,
      rejected: result.ok ? result.rejected : 0,
      host: result.ok ? result.host : null,
      error: result.ok ? null : result.error,
      lacking: poller.status.lacking ?? null,
    })),
    records,
  };
}
