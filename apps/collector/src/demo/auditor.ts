import type { Database } from '@marketprism/store';
import type { SettlementTable, SimulatorClient, VenueId } from '@marketprism/exchange-simulator';
import { Decimal } from 'decimal.js';

/** What was served and published, against what is stored. Counts of settlements: one contract at one time. */
export interface VenueAudit {
  /** Rows in the settlement table. */
  readonly stored: number;
  /** Different keys among them. */
  readonly distinct: number;
  readonly duplicated: number;
  /** Settlements in complete, valid answers of this run that are not in the table. */
  readonly lost: number;
  /** Settlements in the table whose rate is not the one that was published. */
  readonly wrong: number;
  /** Settlements published during this run that no current answer told of before they were due. */
  readonly missed: number;
  /** Of these, the ones that the table has after all, from the venue's history. */
  readonly filled: number;
  readonly rateLimitViolations: number;
  /** Requests sent although the venue had asked to wait longer. */
  readonly impatient: number;
}

/**
 * Kraken dates a rate by the start of its period; the settlement is at its end. All others name the settlement.
 */
const DATED_BY_START: ReadonlySet<VenueId> = new Set(['krakenfutures']);

/** Histories reach back beyond the run; what they told is looked at this far, in ms. */
const HISTORY_MS = 3_600_000;

interface StoredRow {
  readonly symbolId: string;
  readonly time: string;
  readonly rate: string;
  readonly source: string;
}

/** Compares a venue's own record of what it served with the tables. Reads only; knows nothing of how rows came there. */
export async function auditVenue(
  database: Database,
  simulator: SimulatorClient,
  exchange: VenueId,
  run: { readonly from: number; readonly to: number },
): Promise<VenueAudit> {
  const stats = (await simulator.stats()).venues[exchange];
  if (stats === undefined) throw new Error(`${exchange} is not simulated`);
  const period = stats.settlementMs;
  const shift = DATED_BY_START.has(exchange) ? period : 0;
  const [counts, current, history, published] = await Promise.all([
    countRows(database, exchange),
    simulator.served(exchange, { origin: 'current' }),
    simulator.served(exchange, { origin: 'history', from: run.from - HISTORY_MS }),
    simulator.published(exchange, { from: run.from - shift, to: run.to - shift }),
  ]);
  const table = await storedRates(database, exchange, run.from - HISTORY_MS - period);
  const told = await observedKeys(database, exchange, run.from - period);

  const served = [...entries(current, shift), ...entries(history, shift)];
  const lost = new Set(served.filter(({ key }) => !table.has(key)).map(({ key }) => key));
  const wrong = served.filter(({ key, rate }) => differs(table.get(key), rate, shift > 0));
  const currentKeys = new Set(entries(current, shift).map(({ key }) => key));
  const missed = entries(published, shift)
    .map(({ key }) => key)
    .filter((key) => !currentKeys.has(key) && !told.has(key));
  return {
    ...counts,
    duplicated: counts.stored - counts.distinct,
    lost: lost.size,
    wrong: new Set(wrong.map(({ key }) => key)).size,
    missed: missed.length,
    filled: missed.filter((key) => table.has(key)).length,
    rateLimitViolations: stats.violations,
    impatient: stats.impatient,
  };
}

interface Entry {
  /** `time|symbolId` */
  readonly key: string;
  readonly rate: string;
}

function entries(table: SettlementTable, shift: number): Entry[] {
  return Object.entries(table).flatMap(([time, rates]) =>
    Object.entries(rates).map(([symbolId, rate]) => ({ key: `${Number(time) + shift}|${symbolId}`, rate })),
  );
}

/** A rate that was derived from an absolute one equals the published only once history has told it. */
function differs(row: StoredRow | undefined, rate: string, derived: boolean): boolean {
  if (row === undefined || (derived && row.source !== 'history')) return false;
  return !new Decimal(row.rate).eq(new Decimal(rate));
}

async function countRows(database: Database, exchange: string): Promise<{ stored: number; distinct: number }> {
  const [row] = await database.query<{ stored: string; distinct: string }>(
    `SELECT count() AS stored, uniqExact(symbolId, fundingTime) AS distinct
     FROM funding_settlement FINAL WHERE exchange = {exchange: String}`,
    { exchange },
  );
  return { stored: Number(row?.stored ?? 0), distinct: Number(row?.distinct ?? 0) };
}

async function storedRates(database: Database, exchange: string, from: number): Promise<Map<string, StoredRow>> {
  const rows = await database.query<StoredRow>(
    `SELECT symbolId, toUnixTimestamp64Milli(fundingTime) AS time, fundingRateText AS rate, source
     FROM funding_settlement FINAL
     WHERE exchange = {exchange: String} AND fundingTime >= {from: DateTime64(3, 'UTC')}`,
    { exchange, from: new Date(from) },
  );
  return new Map(rows.map((row) => [`${row.time}|${row.symbolId}`, row]));
}

async function observedKeys(database: Database, exchange: string, from: number): Promise<Set<string>> {
  const rows = await database.query<{ symbolId: string; time: string }>(
    `SELECT DISTINCT symbolId, toUnixTimestamp64Milli(assumeNotNull(fundingTime)) AS time FROM funding_observation
     WHERE exchange = {exchange: String} AND fundingTime >= {from: DateTime64(3, 'UTC')}`,
    { exchange, from: new Date(from) },
  );
  return new Set(rows.map(({ symbolId, time }) => `${time}|${symbolId}`));
}
