import { AlertRecords } from './alert-records.js';
import { AuditEntries } from './audit-entries.js';
import { whileBusy } from './busy.js';
import { connect } from './client.js';
import { ConfigurationVersions } from './configuration-versions.js';
import { type ControlStoreOptions, parseControlStoreOptions } from './control-store.options.js';
import { readDatabaseUrl } from './database-url.js';
import { migratePostgresql } from './migrate-postgresql.js';
import { migrateSqlite } from './migrate-sqlite.js';
import { type AppliedMigration, readMigrations } from './migrations.js';

/** What is kept of one instance, and where. */
export interface ControlStore {
  /** For `ReliabilityModule.forRoot({ history })`. */
  readonly history: ConfigurationVersions;
  /** For `ReliabilityModule.forRoot({ auditTrail })`. */
  readonly auditTrail: AuditEntries;
  /** A sink of alerts, which keeps them. */
  readonly alerts: AlertRecords;
  /** Where the tables are, without credentials. */
  readonly shown: string;
  close(): Promise<void>;
}

/**
 * Opens the tables, and makes them where they are missing or older than this code.
 * @param onMigration told of each step within the transaction that takes it: waiting here holds everybody up
 * @throws ControlStoreError as a rejection: `INVALID`, `UNAVAILABLE`, or `MIGRATION` when the tables are newer than this code
 */
export async function openControlStore(
  options: ControlStoreOptions = {},
  onMigration?: (migration: AppliedMigration) => Promise<void> | void,
): Promise<ControlStore> {
  const { url, instance, keep, timeoutMs, migrationWaitMs } = parseControlStoreOptions(options);
  const address = readDatabaseUrl(url);
  const { kind, shown } = address;
  const migrate = kind === 'sqlite' ? migrateSqlite : migratePostgresql;
  await migrate(address.url, readMigrations(kind), { shown, timeoutMs, migrationWaitMs, onApplied: onMigration });
  const client = connect(address, timeoutMs);
  const patience = whileBusy(timeoutMs);
  return {
    history: new ConfigurationVersions(client, instance, keep.versions, shown, patience),
    auditTrail: new AuditEntries(client, instance, keep.auditEntries, shown, patience),
    alerts: new AlertRecords(client, instance, keep.alerts, shown, patience),
    shown,
    close: () => client.$disconnect(),
  };
}
