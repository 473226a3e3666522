import { Decimal } from 'decimal.js';
import type { SettledRate, VenueId, VenueRow } from '../venues/venue.js';
import { plainDecimal } from './decimal.js';
import type { FundingRecord, RejectedRow, SettlementRecord } from './funding-record.js';
import { fundingRecordSchema } from './funding-record.js';

/** Rows with the market list's names and intervals. */
export interface RowContext {
  readonly exchange: VenueId;
  readonly receivedAt: number;
  readonly maxAbsoluteRate: number;
  symbolOf(symbolId: string): string | null;
  intervalOf(symbolId: string): number | null;
}

export interface Validated<Row> {
  readonly accepted: readonly Row[];
  readonly rejected: readonly RejectedRow[];
}

/** Turns rows into records one by one; a row that is no good is set aside with every reason and harms no other. */
export function validateRows(rows: readonly VenueRow[], context: RowContext): Validated<FundingRecord> {
  const accepted: FundingRecord[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of rows) {
    const parsed = fundingRecordSchema.safeParse({
      exchange: context.exchange,
      symbol: context.symbolOf(row.symbolId),
      symbolId: row.symbolId,
      fundingRate: plain(row.fundingRate),
      rawFundingRate: plain(row.rawFundingRate ?? null),
      fundingTime: row.fundingTime,
      nextFundingRate: plain(row.nextFundingRate),
      nextFundingTime: row.nextFundingTime,
      intervalHours: row.intervalHours ?? context.intervalOf(row.symbolId),
      markPrice: plain(row.markPrice),
      indexPrice: plain(row.indexPrice),
      exchangeTime: row.exchangeTime,
      receivedAt: context.receivedAt,
    });
    const reason = parsed.success
      ? implausible(parsed.data.fundingRate, context.maxAbsoluteRate)
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    if (parsed.success && reason === undefined) accepted.push(parsed.data);
    else rejected.push(aside(context, row.symbolId, reason ?? '', row));
  }
  return { accepted, rejected };
}

const settlementSchema = fundingRecordSchema
  .pick({ symbolId: true, fundingRate: true, rawFundingRate: true, receivedAt: true })
  .extend({ fundingTime: fundingRecordSchema.shape.fundingTime.unwrap() });

/** The same for rates that come with nothing but their settlement. */
export function validateSettlements(
  rows: readonly SettledRate[],
  source: SettlementRecord['source'],
  context: RowContext,
): Validated<SettlementRecord> {
  const accepted: SettlementRecord[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of rows) {
    const parsed = settlementSchema.safeParse({
      symbolId: row.symbolId,
      fundingRate: plain(row.fundingRate),
      rawFundingRate: plain(row.rawFundingRate ?? null),
      fundingTime: row.fundingTime === null ? null : wholeSecond(row.fundingTime),
      receivedAt: context.receivedAt,
    });
    const reason = parsed.success
      ? implausible(parsed.data.fundingRate, context.maxAbsoluteRate)
      : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    if (parsed.success && reason === undefined) {
      accepted.push({ ...parsed.data, source, exchange: context.exchange, symbol: context.symbolOf(row.symbolId) });
    } else rejected.push(aside(context, row.symbolId, reason ?? '', row));
  }
  return { accepted, rejected };
}

function plain(lexeme: string | null): string | null {
  // What is no decimal at all is left for the schema to name.
  return lexeme === null ? null : (plainDecimal(lexeme) ?? lexeme);
}

/** Some histories date a settlement by when it was booked, milliseconds late. */
function wholeSecond(time: number): number {
  return Math.floor(time / 1_000) * 1_000;
}

function implausible(rate: string, most: number): string | undefined {
  return new Decimal(rate).abs().gt(most) ? `fundingRate: must be at most ${most} in either direction` : undefined;
}

function aside(context: RowContext, symbolId: string, reason: string, row: object): RejectedRow {
  return {
    exchange: context.exchange,
    symbolId: symbolId.slice(0, 100),
    reason: reason.slice(0, 500),
    row: JSON.stringify(row).slice(0, 2_000),
    receivedAt: context.receivedAt,
  };
}
