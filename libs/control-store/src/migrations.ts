import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { ControlStoreError } from './errors.js';

/** One step of the tables, from a file `0001_name.sql`. Once applied anywhere it is never edited. */
export interface Migration {
  /** Counts 1, 2, 3, … */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file. */
  readonly checksum: string;
}

/** A migration as the database remembers it. */
export type AppliedMigration = Pick<Migration, 'number' | 'name' | 'checksum'>;

/** Where the database remembers them. */
export const CREATE_MIGRATION_TABLE = `CREATE TABLE IF NOT EXISTS control_store_migration (
  number INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL,
  applied_at TEXT NOT NULL
)`;

/** The migrations that come with this package. */
export function readMigrations(kind: 'sqlite' | 'postgresql'): readonly Migration[] {
  const folder = new URL(`../migrations/${kind}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .toSorted()
    .map((file) => migration(file, readFileSync(new URL(file, folder), 'utf8')));
}

/** @param file `0001_name.sql` */
export function migration(file: string, text: string): Migration {
  const [, digits, name] = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file) ?? [];
  if (digits === undefined || name === undefined) {
    throw new ControlStoreError('MIGRATION', `${file}: must be named like 0001_tables.sql`);
  }
  const sql = text.replaceAll('\r\n', '\n');
  return { number: Number(digits), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

/**
 * What is left to apply.
 * @throws ControlStoreError `MIGRATION`, naming the place: the database is newer than this code, or was made otherwise
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
  database: string,
): readonly Migration[] {
  known.forEach(({ number, name }, index) => {
    if (number !== index + 1) throw unfit(`migration ${number} (${name}) should be number ${index + 1}`);
  });
  const last = applied.at(-1);
  if (last !== undefined && last.number > known.length) {
    const newest = known.at(-1)?.number ?? 0;
    throw unfit(
      `${database} is at migration ${last.number} (${last.name}), and this code knows ${newest}: it is newer`,
    );
  }
  applied.forEach((done, index) => {
    const expected = known[index]!;
    if (done.number === expected.number && done.checksum === expected.checksum) return;
    throw unfit(
      `${database}: migration ${done.number} (${done.name}) was applied with another content than it has here`,
    );
  });
  return known.slice(applied.length);
}

const unfit = (problem: string) => new ControlStoreError('MIGRATION', problem);
