import { createHash } from 'node:crypto';

import type { Database } from './database.js';
import { StoreError } from './errors.js';
import { durableTableSettings } from './features.js';

/** One step of a schema. Once applied anywhere it is never edited: a change is another migration. */
export interface Migration {
  /** Counts 1, 2, 3, … without a gap. */
  readonly version: number;
  readonly name: string;
  /**
   * The statements, each able to run twice (`CREATE TABLE IF NOT EXISTS`, `ADD COLUMN IF NOT EXISTS`): the engine has no
   * transactions for them, so a crash in the middle runs them again. `{durable}` stands for the `SETTINGS` of a table
   * whose acknowledged inserts are on disk, as far as the engine at hand can; see {@link durableTableSettings}.
   */
  readonly statements: readonly string[];
}

export interface MigrationReport {
  /** Versions applied now. */
  readonly applied: readonly number[];
  /** The version the database is at. */
  readonly version: number;
}

interface AppliedRow {
  version: number;
  name: string;
  checksum: string;
}

/**
 * Brings the schema to the newest of `migrations`; does nothing when it is there already.
 *
 * @throws StoreError `MIGRATION`, before anything is changed, when the list has gaps or repeats, when a migration applied
 * earlier has been edited, renamed or removed, or when the database is newer than the list; naming every such version
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  options: { table?: string } = {},
): Promise<MigrationReport> {
  const table = options.table ?? 'schema_migration';
  refuse(sequenceProblems(migrations), 'the migrations are not numbered 1, 2, 3, …');
  await database.command(
    `CREATE TABLE IF NOT EXISTS ${table} (version UInt32, name String, checksum String, appliedAt DateTime) ` +
      `ENGINE = ReplacingMergeTree ORDER BY version ${durableTableSettings(database.features)}`,
  );
  const rows = await database.query<AppliedRow>(`SELECT version, name, checksum FROM ${table} FINAL ORDER BY version`);
  refuse(historyProblems(migrations, rows), `${database.name}: the history of its schema does not match`);
  const applied: number[] = [];
  for (const migration of migrations.slice(rows.length)) {
    for (const statement of migration.statements)
      await database.command(statement.replaceAll('{durable}', durableTableSettings(database.features)));
    await database.insert(table, [
      {
        version: migration.version,
        name: migration.name,
        checksum: checksumOf(migration),
        appliedAt: Math.floor(Date.now() / 1000),
      },
    ]);
    applied.push(migration.version);
  }
  return { applied, version: migrations.length };
}

/** SHA-256 of the statements; white space at the ends of lines and of statements does not count. */
export function checksumOf(migration: Migration): string {
  const hash = createHash('sha256');
  for (const statement of migration.statements) hash.update(`${statement.trim().replace(/[ \t]+$/gm, '')}\0`);
  return hash.digest('hex');
}

function sequenceProblems(migrations: readonly Migration[]): string[] {
  return migrations.flatMap(({ version, name }, index) =>
    version === index + 1 ? [] : [`[${index}] ${name}: version must be ${index + 1}, got ${version}`],
  );
}

function historyProblems(migrations: readonly Migration[], applied: readonly AppliedRow[]): string[] {
  return applied.flatMap((row, index) => {
    const migration = migrations[index];
    if (row.version !== index + 1) return [`version ${index + 1} is missing from the database's history`];
    if (migration === undefined) return [`version ${row.version} (${row.name}) was applied by a newer program`];
    const problems: string[] = [];
    if (migration.name !== row.name)
      problems.push(`version ${row.version} was applied as "${row.name}", is now "${migration.name}"`);
    if (checksumOf(migration) !== row.checksum)
      problems.push(
        `version ${row.version} (${row.name}) was edited after it was applied; add a new migration instead`,
      );
    return problems;
  });
}

function refuse(problems: readonly string[], what: string): void {
  if (problems.length > 0) throw new StoreError('MIGRATION', [what, ...problems.map((line) => `  ${line}`)].join('\n'));
}
