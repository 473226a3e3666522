import { createHash } from 'node:crypto';
import { type ClassificationRule, createClassifier } from '@marketprism/reliability';
import { isStoreError } from '@marketprism/store';
import { PartialFailure, type StreamMessage } from '@marketprism/stream';
import { payloadOf, UnreadableMessage } from './messages.js';
import type { TableName } from './pipeline.js';
import { observationRow, observedSettlementRow, rejectedRow, settlementRow } from './rows.js';

/** Makes one block of rows durable, or throws; `token` names the block when it has to be written again. */
export type Insert = (table: TableName, rows: readonly object[], token: string) => Promise<void>;

/** Numbers with which the engine says that something is wrong with a value, rather than with itself. */
const OF_A_VALUE = new Set([
  6, // CANNOT_PARSE_TEXT
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
]);

/**
 * Only what is wrong with a row itself gives it up. Everything else that a store may say, a missing table or a missing
 * right among it, is about the store, and the rows wait.
 */
const rule: ClassificationRule = (error) => {
  if (error instanceof UnreadableMessage) return 'data';
  if (!isStoreError(error)) return undefined;
  if (error.code === 'INVALID') return 'data';
  if (error.code === 'REFUSED' && error.engineCode !== undefined && OF_A_VALUE.has(error.engineCode)) return 'data';
  return error.code === 'DEADLINE' ? 'timeout' : 'server';
};

export const classifyWrite = createClassifier({ rules: [rule] });

/** Puts batches of messages into the tables: one block for each table, named after the messages, so that it is one again. */
export class RowWriter {
  readonly written: Record<TableName, number> = { funding_observation: 0, funding_settlement: 0, funding_rejected: 0 };
  #failures = 0;
  #failing: string | undefined;

  /** @param protect what every insert runs under */
  constructor(
    private readonly insert: Insert,
    private readonly protect: (work: () => Promise<void>) => Promise<void> = (work) => work(),
  ) {}

  /** Writes that failed. */
  get failures(): number {
    return this.#failures;
  }

  /** Message of the last failed write, while no good one has followed. */
  get failing(): string | undefined {
    return this.#failing;
  }

  /** @throws PartialFailure naming messages that cannot be read, once the others are stored; what the store throws */
  async write(messages: readonly StreamMessage[]): Promise<void> {
    const unreadable = new Map<StreamMessage, unknown>();
    const observations: object[] = [];
    const settlements: object[] = [];
    const apart: Promise<void>[] = [];
    const token = nameOf(messages);
    for (const message of messages) {
      try {
        const payload = payloadOf(message);
        if (payload.kind === 'observation') {
          observations.push(observationRow(payload.record));
          const settlement = observedSettlementRow(payload.record);
          if (settlement !== undefined) settlements.push(settlement);
        } else if (payload.kind === 'settlement') settlements.push(settlementRow(payload.record));
        // The one table that does not deduplicate by key: the message's own name does it.
        else apart.push(this.#write('funding_rejected', payload.rows.map(rejectedRow), `rejected-${message.id}`));
      } catch (error) {
        unreadable.set(message, error);
      }
    }
    await allOf([
      this.#write('funding_settlement', settlements, `settlement-${token}`),
      this.#write('funding_observation', observations, `observation-${token}`),
      ...apart,
    ]);
    if (unreadable.size > 0) throw new PartialFailure(unreadable);
  }

  async #write(table: TableName, rows: readonly object[], token: string): Promise<void> {
    if (rows.length === 0) return;
    await this.protect(async () => {
      try {
        await this.insert(table, rows, token);
      } catch (error) {
        this.#failures += 1;
        this.#failing = error instanceof Error ? error.message : String(error);
        throw error;
      }
    });
    this.#failing = undefined;
    this.written[table] += rows.length;
  }
}

/** As `Promise.all`, but when one fails none of the others is still under way. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function nameOf(messages: readonly StreamMessage[]): string {
  const hash = createHash('sha256');
  for (const { id, seq } of messages) hash.update(`${id === '' ? seq : id}\n`);
  return hash.digest('hex').slice(0, 32);
}
