import type { CallOptions, Database } from './database.js';
import { identifier, quoted } from './parameters.js';

/** A table that holds data, as its engine describes it. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** Read with FINAL, so that versions which deduplication will remove do not count. */
  readonly final: boolean;
  /** The statement that makes it. */
  readonly ddl: string;
}

/** What a part of a table holds: rows, and sums that differ when any value of any row does. */
export interface ChunkFingerprint {
  readonly chunk: string;
  readonly rows: number;
  /** Sum and exclusive or, over the rows, of a 64-bit hash of all columns; the order of rows does not matter. */
  readonly sum: string;
}

/** The expression that cuts a table into partitions. */
export const BY_PARTITION = '_partition_id';

/** The tables of the current database that hold data, by name. */
export async function tablesOf(database: Database): Promise<TableShape[]> {
  const tables = await database.query<{ name: string; engine: string; ddl: string }>(
    'SELECT name, engine, create_table_query AS ddl FROM system.tables ' +
      "WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT IN ('store_writer_lease', 'store_node') ORDER BY name",
  );
  const columns = await database.query<{ table: string; name: string }>(
    'SELECT table, name FROM system.columns WHERE database = currentDatabase() ' +
      "AND default_kind NOT IN ('MATERIALIZED', 'ALIAS', 'EPHEMERAL')",
  );
  return tables.map(({ name, engine, ddl }) => ({
    name,
    ddl,
    columns: columns.flatMap((column) => (column.table === name ? [column.name] : [])),
    final: /Replacing|Collapsing|Summing|Aggregating/.test(engine),
  }));
}

/** Fingerprints of a table by chunk, in order of chunk. The same rows give the same on any engine and machine. */
export async function fingerprint(
  database: Database,
  table: TableShape,
  chunk = BY_PARTITION,
  options?: CallOptions,
): Promise<ChunkFingerprint[]> {
  const rows = await database.query<{ chunk: string; rows: string; sum: string; xor: string }>(
    `SELECT chunk, count() AS rows, sum(hash) AS sum, groupBitXor(hash) AS xor FROM (` +
      `SELECT toString(${chunk}) AS chunk, ${rowHash(table)} AS hash FROM ${fromTable(table)}` +
      `) GROUP BY chunk ORDER BY chunk`,
    {},
    options,
  );
  return rows.map((row) => ({ chunk: row.chunk, rows: Number(row.rows), sum: `${row.sum}-${row.xor}` }));
}

/** Text of every column, each null apart from every text, hashed. */
const rowHash = ({ columns }: TableShape): string =>
  `cityHash64(${columns.map((name) => `ifNull(concat('=', toString(${identifier(name)})), 'null')`).join(', ')})`;

const fromTable = ({ name, final }: TableShape): string => `${identifier(name)}${final ? ' FINAL' : ''}`;

/** The statement that reads one chunk of a table, columns in order. */
export const selectChunk = (table: TableShape, chunk: string, value: string): string =>
  `SELECT ${table.columns.map(identifier).join(', ')} FROM ${fromTable(table)} WHERE toString(${chunk}) = ${quoted(value)}`;

/** Chunks in which two fingerprints differ, or that only one has. */
export function differingChunks(one: readonly ChunkFingerprint[], other: readonly ChunkFingerprint[]): string[] {
  const key = ({ rows, sum }: ChunkFingerprint) => `${rows} ${sum}`;
  const left = new Map(one.map((chunk) => [chunk.chunk, key(chunk)]));
  const right = new Map(other.map((chunk) => [chunk.chunk, key(chunk)]));
  const all = new Set([...left.keys(), ...right.keys()]);
  return [...all].filter((chunk) => left.get(chunk) !== right.get(chunk)).sort();
}
