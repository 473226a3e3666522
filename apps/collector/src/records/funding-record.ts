import { z } from 'zod';
import { VENUE_IDS } from '../venues/venue.js';

const DECIMAL = /^-?\d{1,18}(\.\d{1,60})?$/;
const decimal = z.string().regex(DECIMAL, 'must be a decimal of at most 18 digits before the point');
const price = decimal.refine((text) => !text.startsWith('-'), 'must not be negative');
/** 2010 to 2100, so that seconds or microseconds are not taken for milliseconds. */
const time = z.int().min(1_262_304_000_000).max(4_102_444_800_000);

/** What is known of one perpetual's funding at one moment. Decimals are text, to the digit; times are ms. */
export const fundingRecordSchema = z.object({
  exchange: z.enum(VENUE_IDS),
  /** Unified symbol, `null` while the venue's market list does not have it. */
  symbol: z.string().min(1).nullable(),
  /** The venue's own name of the contract. */
  symbolId: z.string().min(1).max(100),
  /** Rate of the settlement at `fundingTime`, as a share of the position's value. */
  fundingRate: decimal,
  /** The rate as sent, where `fundingRate` is derived from it. */
  rawFundingRate: decimal.nullable(),
  fundingTime: time.nullable(),
  nextFundingRate: decimal.nullable(),
  nextFundingTime: time.nullable(),
  intervalHours: z.number().positive().max(8_760).nullable(),
  markPrice: price.nullable(),
  indexPrice: price.nullable(),
  exchangeTime: time.nullable(),
  receivedAt: time,
});

export type FundingRecord = Readonly<z.infer<typeof fundingRecordSchema>>;

/** A row that does not become a record. */
export interface RejectedRow {
  readonly exchange: string;
  readonly symbolId: string;
  readonly reason: string;
  /** The row as read, as JSON. */
  readonly row: string;
  readonly receivedAt: number;
}

/** A rate with its settlement, from a history or a second endpoint. */
export interface SettlementRecord {
  readonly source: 'observation' | 'history';
  readonly exchange: string;
  readonly symbol: string | null;
  readonly symbolId: string;
  readonly fundingRate: string;
  readonly rawFundingRate: string | null;
  readonly fundingTime: number;
  readonly receivedAt: number;
}
