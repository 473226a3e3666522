import type { FundingRecord, RejectedRow, SettlementRecord } from '../records/funding-record.js';

const date = (time: number | null): Date | null => (time === null ? null : new Date(time));

export function observationRow(record: FundingRecord): object {
  return {
    exchange: record.exchange,
    symbolId: record.symbolId,
    symbol: record.symbol ?? '',
    fundingRate: record.fundingRate,
    fundingRateText: record.fundingRate,
    rawFundingRate: record.rawFundingRate,
    fundingTime: date(record.fundingTime),
    nextFundingRate: record.nextFundingRate,
    nextFundingRateText: record.nextFundingRate,
    nextFundingTime: date(record.nextFundingTime),
    intervalHours: record.intervalHours,
    markPrice: record.markPrice,
    markPriceText: record.markPrice,
    indexPrice: record.indexPrice,
    indexPriceText: record.indexPrice,
    exchangeTime: date(record.exchangeTime),
    receivedAt: new Date(record.receivedAt),
  };
}

const ON_TIME = 10_000_000_000_000_000n;
const FROM_HISTORY = 20_000_000_000_000_000n;
const LATE_FROM = 5_000_000_000_000n;

/**
 * Which of several rows for one settlement counts. The last observation before the settlement beats earlier ones;
 * history beats every observation; a row observed only after its settlement counts when there is nothing better, the
 * closest first.
 */
export function settlementVersion(
  source: 'observation' | 'history',
  fundingTime: number,
  seenAt: number,
  receivedAt: number,
): bigint {
  if (source === 'history') return FROM_HISTORY + BigInt(receivedAt);
  return seenAt < fundingTime ? ON_TIME + BigInt(receivedAt) : LATE_FROM - BigInt(receivedAt);
}

/** The settlement that an observation speaks of; `undefined` when it names none. */
export function observedSettlementRow(record: FundingRecord): object | undefined {
  if (record.fundingTime === null) return undefined;
  const { fundingTime, receivedAt } = record;
  return {
    exchange: record.exchange,
    symbolId: record.symbolId,
    symbol: record.symbol ?? '',
    fundingTime: new Date(fundingTime),
    fundingRate: record.fundingRate,
    fundingRateText: record.fundingRate,
    rawFundingRate: record.rawFundingRate,
    intervalHours: record.intervalHours,
    markPriceText: record.markPrice,
    indexPriceText: record.indexPrice,
    source: 'observation',
    receivedAt: new Date(receivedAt),
    version: settlementVersion('observation', fundingTime, record.exchangeTime ?? receivedAt, receivedAt),
  };
}

export function settlementRow(record: SettlementRecord): object {
  const { fundingTime, receivedAt } = record;
  return {
    exchange: record.exchange,
    symbolId: record.symbolId,
    symbol: record.symbol ?? '',
    fundingTime: new Date(fundingTime),
    fundingRate: record.fundingRate,
    fundingRateText: record.fundingRate,
    rawFundingRate: record.rawFundingRate,
    intervalHours: null,
    markPriceText: null,
    indexPriceText: null,
    source: record.source,
    receivedAt: new Date(receivedAt),
    version: settlementVersion(record.source, fundingTime, receivedAt, receivedAt),
  };
}

export function rejectedRow(row: RejectedRow): object {
  return { ...row, receivedAt: new Date(row.receivedAt) };
}
