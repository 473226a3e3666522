import type { Database, Migration } from '@marketprism/store';

const NUMBER = 'Decimal(38, 20)';
const TIME = "DateTime64(3, 'UTC')";

/**
 * Every decimal is kept twice: as a number to compute with, and as the text that was sent, in which trailing zeros and
 * digits beyond the twentieth survive.
 *
 * `funding_settlement` keeps the row with the highest `version` for a key (see `settlementVersion`), so a row written
 * twice, or by two runs, is one row.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'funding tables',
    statements: [
      `CREATE TABLE IF NOT EXISTS funding_observation (
        exchange LowCardinality(String),
        symbolId String,
        symbol String,
        fundingRate ${NUMBER},
        fundingRateText String,
        rawFundingRate Nullable(String),
        fundingTime Nullable(${TIME}),
        nextFundingRate Nullable(${NUMBER}),
        nextFundingRateText Nullable(String),
        nextFundingTime Nullable(${TIME}),
        intervalHours Nullable(Float64),
        markPrice Nullable(${NUMBER}),
        markPriceText Nullable(String),
        indexPrice Nullable(${NUMBER}),
        indexPriceText Nullable(String),
        exchangeTime Nullable(${TIME}),
        receivedAt ${TIME}
      ) ENGINE = ReplacingMergeTree
      PARTITION BY toYYYYMM(receivedAt)
      ORDER BY (exchange, symbolId, receivedAt)
      {durable}`,
      `CREATE TABLE IF NOT EXISTS funding_settlement (
        exchange LowCardinality(String),
        symbolId String,
        symbol String,
        fundingTime ${TIME},
        fundingRate ${NUMBER},
        fundingRateText String,
        rawFundingRate Nullable(String),
        intervalHours Nullable(Float64),
        markPriceText Nullable(String),
        indexPriceText Nullable(String),
        source LowCardinality(String),
        receivedAt ${TIME},
        version UInt64
      ) ENGINE = ReplacingMergeTree(version)
      PARTITION BY toYYYYMM(fundingTime)
      ORDER BY (exchange, symbolId, fundingTime)
      {durable}`,
      `CREATE TABLE IF NOT EXISTS funding_rejected (
        exchange LowCardinality(String),
        symbolId String,
        reason String,
        row String,
        receivedAt ${TIME}
      ) ENGINE = MergeTree
      ORDER BY (exchange, receivedAt)
      TTL toDateTime(receivedAt) + INTERVAL 30 DAY
      {durable}`,
    ],
  },
];

/** Applies how many days observations are kept; `null` keeps them for good. */
export async function applyRetention(database: Database, days: number | null): Promise<void> {
  const [table] = await database.query<{ definition: string }>(
    "SELECT create_table_query AS definition FROM system.tables WHERE database = currentDatabase() AND name = 'funding_observation'",
  );
  const limited = / TTL /.test(table?.definition ?? '');
  if (days !== null) {
    await database.command(`ALTER TABLE funding_observation MODIFY TTL toDateTime(receivedAt) + INTERVAL ${days} DAY`);
  } else if (limited) await database.command('ALTER TABLE funding_observation REMOVE TTL');
}
