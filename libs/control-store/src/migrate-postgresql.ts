import pg from 'pg';
import { systemClock } from '@marketprism/reliability';
import { ControlStoreError } from './errors.js';
import { type AppliedMigration, CREATE_MIGRATION_TABLE, type Migration, pendingMigrations } from './migrations.js';

/** Of this package, in PostgreSQL's space of advisory locks. */
const LOCK = 7_305_811_913;
/** `lock_timeout` has passed. */
const LOCK_NOT_AVAILABLE = '55P03';

export interface MigrateOptions {
  /** How the database is called in messages. */
  readonly shown: string;
  readonly timeoutMs: number;
  readonly migrationWaitMs: number;
  /** Told of each migration within the transaction that applies it: waiting here holds everybody up. */
  readonly onApplied?: (migration: Migration) => Promise<void> | void;
}

/**
 * Brings the tables to the newest migration, in one transaction and one process at a time.
 * @throws ControlStoreError `UNAVAILABLE` or `MIGRATION`; nothing has changed then
 */
export async function migratePostgresql(
  url: string,
  known: readonly Migration[],
  { shown, timeoutMs, migrationWaitMs, onApplied }: MigrateOptions,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: migrationWaitMs + timeoutMs,
    application_name: 'marketprism-control-store',
  });
  // A connection that ends by itself also fails what waits for it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('BEGIN');
    await client.query(`SET LOCAL lock_timeout = ${migrationWaitMs}`);
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(CREATE_MIGRATION_TABLE);
    const { rows } = await client.query<AppliedMigration>(
      'SELECT number, name, checksum FROM control_store_migration ORDER BY number',
    );
    for (const migration of pendingMigrations(known, rows, shown)) {
      await client.query(migration.sql);
      await client.query('INSERT INTO control_store_migration VALUES ($1, $2, $3, $4)', [
        migration.number,
        migration.name,
        migration.checksum,
        new Date(systemClock.wallNow()).toISOString(),
      ]);
      await onApplied?.(migration);
    }
    await client.query('COMMIT');
  } catch (error) {
    if (error instanceof ControlStoreError) throw error;
    const held = (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
    const problem = held
      ? `another process has been making its tables for ${migrationWaitMs} ms`
      : (error as Error).message || (error as { code?: string }).code || 'no answer';
    throw new ControlStoreError('UNAVAILABLE', `${shown}: ${problem}`, error);
  } finally {
    // What was not committed is rolled back with the connection.
    await client.end().catch(() => undefined);
  }
}
