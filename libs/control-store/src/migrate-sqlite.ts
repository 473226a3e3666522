import { createClient, type Client } from '@libsql/client';
import { systemClock } from '@marketprism/reliability';
import { BUSY_TIMEOUT_MS, isBusy, whileBusy } from './busy.js';
import { ControlStoreError } from './errors.js';
import type { MigrateOptions } from './migrate-postgresql.js';
import { type AppliedMigration, CREATE_MIGRATION_TABLE, type Migration, pendingMigrations } from './migrations.js';

/**
 * Brings the tables to the newest migration, in one transaction and one process at a time.
 * @throws ControlStoreError `UNAVAILABLE` or `MIGRATION`; nothing has changed then
 */
export async function migrateSqlite(url: string, known: readonly Migration[], options: MigrateOptions): Promise<void> {
  const { shown, migrationWaitMs } = options;
  // Waiting for another process keeps this one alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const patience = whileBusy(migrationWaitMs);
    await patience.execute(() => useFile(url, (client) => apply(client, known, options)));
  } catch (error) {
    if (error instanceof ControlStoreError) throw error;
    const problem = isBusy(error)
      ? `another process has held it for ${migrationWaitMs} ms`
      : `cannot be opened: ${(error as Error).message}`;
    throw new ControlStoreError('UNAVAILABLE', `${shown}: ${problem}`, error);
  } finally {
    clearInterval(alive);
  }
}

async function useFile(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = createClient({ url, timeout: BUSY_TIMEOUT_MS });
  try {
    // Readers and the one writer do not wait for each other. It stays with the file.
    await client.execute('PRAGMA journal_mode = WAL');
    await work(client);
  } finally {
    client.close();
  }
}

async function apply(client: Client, known: readonly Migration[], { shown, onApplied }: MigrateOptions): Promise<void> {
  // Takes the file's write lock: a second process waits here.
  const transaction = await client.transaction('write');
  try {
    await transaction.execute(CREATE_MIGRATION_TABLE);
    const { rows } = await transaction.execute(
      'SELECT number, name, checksum FROM control_store_migration ORDER BY number',
    );
    for (const migration of pendingMigrations(known, rows as unknown as AppliedMigration[], shown)) {
      await transaction.executeMultiple(migration.sql);
      await transaction.execute({
        sql: 'INSERT INTO control_store_migration VALUES (?, ?, ?, ?)',
        args: [migration.number, migration.name, migration.checksum, new Date(systemClock.wallNow()).toISOString()],
      });
      await onApplied?.(migration);
    }
    await transaction.commit();
  } finally {
    transaction.close();
  }
}
