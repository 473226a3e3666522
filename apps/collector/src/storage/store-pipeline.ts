import { ObservationFilter } from '../records/observation-filter.js';
import type { FundingRecord } from '../records/funding-record.js';
import type { BatchWriter } from './batch-writer.js';
import type { Batch, Pipeline, PipelineSnapshot, TableName } from './pipeline.js';
import { observationRow, observedSettlementRow, rejectedRow, settlementRow } from './rows.js';

/** The shortest way: from memory to the tables. */
export class StorePipeline implements Pipeline {
  readonly #observations = new ObservationFilter();

  constructor(private readonly writer: BatchWriter) {}

  async accept({ observations, settlements, rejected }: Batch): Promise<void> {
    const fresh = observations.filter((record: FundingRecord) => this.#observations.changed(record));
    await this.writer.add(
      new Map<TableName, readonly object[]>([
        [
          'funding_settlement',
          [...fresh.flatMap((record) => observedSettlementRow(record) ?? []), ...settlements.map(settlementRow)],
        ],
        ['funding_observation', fresh.map(observationRow)],
        ['funding_rejected', rejected.map(rejectedRow)],
      ]),
    );
  }

  drain(capMs: number): Promise<boolean> {
    return this.writer.close(capMs);
  }

  snapshot(): PipelineSnapshot {
    const { queued, written, failures, failing } = this.writer;
    return { queued, written: { ...written }, failures, failing };
  }
}
