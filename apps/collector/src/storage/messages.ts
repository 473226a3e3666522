import { createHash } from 'node:crypto';
import type { StreamMessage } from '@marketprism/stream';
import { jsonOf } from '@marketprism/stream';
import { z } from 'zod';
import { type FundingRecord, fundingRecordSchema, type RejectedRow } from '../records/funding-record.js';
import type { SettlementRecord } from '../records/funding-record.js';
import type { Batch } from './pipeline.js';

/** What is published. */
export interface RecordMessage {
  /** `funding.<kind>.<exchange>` */
  readonly subject: string;
  /**
   * `exchange|symbol|settlement time|…`: the same fact has the same id. What an observation says of a settlement may
   * change until it is due, so its id ends with when it was read; a settled rate ends with source and rate.
   */
  readonly id: string;
  readonly body: string;
  /** Records in it. */
  readonly rows: number;
}

/** A message of the stream, read back. */
export type Payload =
  | { readonly kind: 'observation'; readonly record: FundingRecord }
  | { readonly kind: 'settlement'; readonly record: SettlementRecord }
  | { readonly kind: 'rejected'; readonly rows: readonly RejectedRow[] };

/** Rows set aside travel together: they are stored in one block, named after their message. */
const REJECTED_TOGETHER = 100;

const settlementSchema = fundingRecordSchema
  .pick({ exchange: true, symbol: true, symbolId: true, fundingRate: true, rawFundingRate: true, receivedAt: true })
  .extend({ source: z.enum(['observation', 'history']), fundingTime: fundingRecordSchema.shape.fundingTime.unwrap() });

const rejectedSchema = z.array(
  z.object({
    exchange: z.string(),
    symbolId: z.string(),
    reason: z.string(),
    row: z.string(),
    receivedAt: fundingRecordSchema.shape.receivedAt,
  }),
);

/** A message that no version of this program can have meant. */
export class UnreadableMessage extends Error {
  override readonly name = 'UnreadableMessage';
}

/** The messages of a batch: one for each record, so that each is stored, ordered and, if need be, given up by itself. */
export function messagesOf({ observations, settlements, rejected }: Batch): RecordMessage[] {
  const messages: RecordMessage[] = [];
  for (const record of observations) {
    const { exchange, symbolId, fundingTime, receivedAt } = record;
    messages.push({
      subject: `funding.observation.${exchange}`,
      id: `${exchange}|${symbolId}|${fundingTime ?? ''}|${receivedAt}`,
      body: JSON.stringify(record),
      rows: 1,
    });
  }
  for (const record of settlements) {
    const { exchange, symbolId, fundingTime, source, fundingRate } = record;
    messages.push({
      subject: `funding.settlement.${exchange}`,
      id: `${exchange}|${symbolId}|${fundingTime}|${source}|${fundingRate}`,
      body: JSON.stringify(record),
      rows: 1,
    });
  }
  for (let from = 0; from < rejected.length; from += REJECTED_TOGETHER) {
    const rows = rejected.slice(from, from + REJECTED_TOGETHER);
    const body = JSON.stringify(rows);
    const exchange = rows[0]?.exchange ?? '';
    messages.push({
      subject: `funding.rejected.${exchange}`,
      id: `${exchange}|rejected|${rows[0]?.receivedAt}|${createHash('sha256').update(body).digest('hex').slice(0, 16)}`,
      body,
      rows: rows.length,
    });
  }
  return messages;
}

/** What must stay in order: one contract of one exchange. */
export function contractOf({ id }: Pick<StreamMessage, 'id'>): string {
  return id.split('|', 2).join('|');
}

/** @throws UnreadableMessage naming subject, field and rule */
export function payloadOf(message: StreamMessage): Payload {
  const { subject } = message;
  const [, kind] = subject.split('.');
  switch (kind) {
    case 'observation':
      return { kind, record: read(message, fundingRecordSchema) };
    case 'settlement':
      return { kind, record: read(message, settlementSchema) };
    case 'rejected':
      return { kind, rows: read(message, rejectedSchema) };
    default:
      throw new UnreadableMessage(`message ${message.seq}: unknown subject "${subject}"`);
  }
}

function read<T>(message: StreamMessage, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = jsonOf(message);
  } catch (error) {
    throw new UnreadableMessage(`${message.subject} ${message.seq}: not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message: rule }) => `${path.map(String).join('.')}: ${rule}`);
  throw new UnreadableMessage(`${message.subject} ${message.seq}: ${problems.slice(0, 5).join('; ')}`);
}
