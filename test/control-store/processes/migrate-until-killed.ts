import { migratePostgresql } from '../../../libs/control-store/src/migrate-postgresql.js';
import { migrateSqlite } from '../../../libs/control-store/src/migrate-sqlite.js';
import { readMigrations } from '../../../libs/control-store/src/migrations.js';

/** Applies the first migration to the database at `url`, says so before it is committed, and waits to be killed. */
const [url] = process.argv.slice(2);
const kind = url!.startsWith('file:') ? 'sqlite' : 'postgresql';
const migrate = kind === 'sqlite' ? migrateSqlite : migratePostgresql;
setInterval(() => undefined, 60_000);
await migrate(url!, readMigrations(kind), {
  shown: url!,
  timeoutMs: 10_000,
  migrationWaitMs: 10_000,
  onApplied: () =>
    new Promise(() => {
      process.send!('applied');
    }),
});
