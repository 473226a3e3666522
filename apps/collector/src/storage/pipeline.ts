import type { FundingRecord, RejectedRow, SettlementRecord } from '../records/funding-record.js';

/** What one answer brought, checked row by row. */
export interface Batch {
  readonly observations: readonly FundingRecord[];
  readonly settlements: readonly SettlementRecord[];
  readonly rejected: readonly RejectedRow[];
}

export interface PipelineSnapshot {
  /** Accepted and not yet in the tables: rows in memory, and messages in the stream as far as known. */
  readonly queued: number;
  /** Of these, rows that are only in memory. */
  readonly inMemory: number;
  /** Rows made durable in the tables since the start, by table. */
  readonly written: Readonly<Record<TableName, number>>;
  /** Writes, into the stream or the tables, that failed and were repeated. */
  readonly failures: number;
  /** Message of the last failed write, while it is not yet followed by a good one. */
  readonly failing: string | undefined;
  /** False while the stream takes nothing: rows wait in memory, and polls with them. */
  readonly accepting: boolean;
  /** Messages that were given up and wait for somebody to look. */
  readonly deadLetters: number;
}

export type TableName = 'funding_observation' | 'funding_settlement' | 'funding_rejected';

/**
 * From a checked batch to durable rows. What was accepted is written, however often that takes; a row counts as written
 * only once it is durable.
 */
export interface Pipeline {
  /** Takes a batch; resolves once it is safe, in the stream if not in the tables. Repeats until it is. */
  accept(batch: Batch): Promise<void>;
  /** Resolves when memory has room for more; ask before fetching what is not there yet. */
  whenRoom(signal: AbortSignal): Promise<void>;
  /** Brings everything accepted so far into the tables, for at most `capMs`, and ends. `false` when something was left. */
  drain(capMs: number): Promise<boolean>;
  snapshot(): PipelineSnapshot;
}
