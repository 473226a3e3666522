import type { FundingRecord, RejectedRow, SettlementRecord } from '../records/funding-record.js';

/** What one answer brought, checked row by row. */
export interface Batch {
  readonly observations: readonly FundingRecord[];
  readonly settlements: readonly SettlementRecord[];
  readonly rejected: readonly RejectedRow[];
}

export interface PipelineSnapshot {
  /** Rows accepted and not yet durable. */
  readonly queued: number;
  /** Rows made durable since the start, by table. */
  readonly written: Readonly<Record<TableName, number>>;
  /** Writes that failed and were repeated. */
  readonly failures: number;
  /** Message of the last failed write, while it is not yet followed by a good one. */
  readonly failing: string | undefined;
}

export type TableName = 'funding_observation' | 'funding_settlement' | 'funding_rejected';

/**
 * From a checked batch to durable rows. What was accepted is written, however often that takes; a row counts as written
 * only once it is durable.
 */
export interface Pipeline {
  /** Takes a batch; waits for room while too many rows are on their way. */
  accept(batch: Batch): Promise<void>;
  /** Writes everything accepted so far, for at most `capMs`. `false` when rows were left. */
  drain(capMs: number): Promise<boolean>;
  snapshot(): PipelineSnapshot;
}
