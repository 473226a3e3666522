import type { Features } from './features.js';
import type { Parameters } from './parameters.js';

export interface CallOptions {
  /** Longest time for this call, waiting for a free connection included, in ms. Default: the database's. */
  deadlineMs?: number;
}

export interface InsertOptions extends CallOptions {
  /**
   * Names this block: the same token twice inserts once, for as long as the table remembers tokens. An extra where the
   * engine has it; never the only protection from duplicates.
   */
  token?: string;
}

/** One ClickHouse, embedded in this process or on a server, spoken to in the same way. */
export interface Database {
  readonly kind: 'embedded' | 'server';
  /** The engine's version, as it says itself. */
  readonly version: string;
  readonly features: Features;
  /** What was opened, for messages: the directory, or the address without credentials. */
  readonly name: string;

  /** Runs a statement without a result. */
  command(sql: string, parameters?: Parameters, options?: CallOptions): Promise<void>;

  /**
   * Inserts rows as one block: all of them or, on an error with `outcomeUnknown: false`, none. Unknown columns and null in
   * a column without null are errors. Resolves once the engine has them; on a table made with
   * `durableTableSettings` that means on disk. `bigint` and `Date` are written as what they are.
   */
  insert<Row extends object>(table: string, rows: readonly Row[], options?: InsertOptions): Promise<void>;

  /**
   * Reads rows. Integers of 64 bits and more, and decimals, are strings, on every engine; so nothing is rounded.
   */
  query<Row>(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Row[]>;

  /** Reads a result as tab-separated text: every column type survives a later {@link importTsv} unchanged. */
  exportTsv(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Buffer>;

  /** Inserts tab-separated text as one block, with the promises of {@link insert}. */
  importTsv(table: string, columns: readonly string[], body: Buffer, options?: InsertOptions): Promise<void>;

  /** Inserts lines of JSON, one row each, as one block, with the promises of {@link insert}. The rows are not looked at. */
  insertJson(table: string, body: Buffer, options?: InsertOptions): Promise<void>;

  /** Waits for running calls (at most 10 s), then lets go of the engine. Safe to call twice. */
  close(): Promise<void>;
}
