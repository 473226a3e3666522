import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { Readable } from 'node:stream';

import type { CallOptions, Database, InsertOptions } from './database.js';
import { asStoreError, StoreError } from './errors.js';
import { featuresOf, PROBED_SETTINGS, PROBED_TABLE_SETTINGS, type Features } from './features.js';
import { jsonLines } from './json-rows.js';
import { identifier, inlineParameters, parameterTexts, type Parameters } from './parameters.js';
import { RowCheck } from './row-check.js';
import { Slots } from './slots.js';

export type BodyFormat = 'TabSeparated' | 'JSONEachRow';

/** A client, and a way to insert bytes where the engine's own client cannot. */
export interface Connection {
  readonly client: ClickHouseClient;
  insertBytes?(
    into: { table: string; columns?: readonly string[]; format: BodyFormat },
    body: Buffer,
    settings: Record<string, string | number | boolean>,
  ): Promise<unknown>;
}

export interface ClientDatabaseOptions {
  kind: Database['kind'];
  name: string;
  /** Connections for statements that change something. */
  writers: readonly Connection[];
  /** Connections for queries, apart, so that a long read never holds up a write. */
  readers: readonly Connection[];
  deadlineMs: number;
  /** Sent with every call, for instance `insert_quorum`. */
  settings?: Readonly<Record<string, string | number>>;
}

/** More rows in one insert could be cut into several blocks, which no longer succeed or fail together. */
const MAX_INSERT_ROWS = 1_000_000;
const MAX_WAITING = 10_000;
const CLOSE_WAIT_MS = 10_000;
/** The engine's own limit counts whole seconds; ours ends the wait this much after it. */
const GRACE_MS = 250;

interface Call {
  readonly doing: string;
  readonly slots: Slots<Connection>;
  readonly changes: boolean;
  readonly deadlineMs: number;
}

/** {@link Database} on `@clickhouse/client`, whatever is behind it. */
export class ClientDatabase implements Database {
  readonly kind: Database['kind'];
  readonly name: string;
  version = '';
  features: Features = featuresOf({ settings: new Set(), tableSettings: new Set(), queryParams: false });

  readonly #options: ClientDatabaseOptions;
  readonly #writers: Slots<Connection>;
  readonly #readers: Slots<Connection>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #rows = new RowCheck((sql) => this.query(sql));
  #closing: Promise<void> | undefined;

  constructor(options: ClientDatabaseOptions) {
    this.kind = options.kind;
    this.name = options.name;
    this.#options = options;
    this.#writers = new Slots(options.writers, MAX_WAITING);
    this.#readers = new Slots(options.readers, MAX_WAITING);
  }

  /** Reads the version and what the engine can do; called once, before anything else. */
  async probe(): Promise<void> {
    const names = async (table: string, wanted: readonly string[]) => {
      const list = wanted.map((name) => `'${name}'`).join(', ');
      const rows = await this.query<{ name: string }>(`SELECT name FROM system.${table} WHERE name IN (${list})`);
      return new Set(rows.map((row) => row.name));
    };
    const [first] = await this.query<{ version: string }>('SELECT version() AS version');
    this.version = first?.version ?? 'unknown';
    const settings = await names('settings', PROBED_SETTINGS);
    const tableSettings = await names('merge_tree_settings', PROBED_TABLE_SETTINGS);
    this.features = featuresOf({ settings, tableSettings, queryParams: await this.#bindsParameters() });
  }

  async #bindsParameters(): Promise<boolean> {
    try {
      await this.#call(this.#reading('probing query parameters'), async ({ client }, settings) => {
        const answer = await client.query({
          query: 'SELECT {probe:UInt8} AS probe',
          query_params: { probe: '1' },
          clickhouse_settings: settings,
        });
        await answer.json();
      });
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'REFUSED') return false;
      throw error;
    }
  }

  async command(sql: string, parameters: Parameters = {}, options: CallOptions = {}): Promise<void> {
    await this.#call(this.#writing(`running ${shortened(sql)}`, options), async ({ client }, settings, signal) => {
      await client.command({ ...this.#bound(sql, parameters), clickhouse_settings: settings, abort_signal: signal });
    });
  }

  async insert<Row extends object>(table: string, rows: readonly Row[], options: InsertOptions = {}): Promise<void> {
    if (rows.length === 0) return;
    if (rows.length > MAX_INSERT_ROWS)
      throw new StoreError('INVALID', `insert into ${table}: at most ${MAX_INSERT_ROWS} rows, got ${rows.length}`);
    await this.#rows.refuse(table, rows);
    await this.insertJson(table, jsonLines(rows), options);
  }

  async query<Row>(sql: string, parameters: Parameters = {}, options: CallOptions = {}): Promise<Row[]> {
    const call = this.#reading(`querying ${shortened(sql)}`, options);
    return this.#call(call, async ({ client }, settings, signal) => {
      const answer = await client.query({
        ...this.#bound(sql, parameters),
        format: 'JSON',
        clickhouse_settings: settings,
        abort_signal: signal,
      });
      const { data, meta } = await answer.json<Row>();
      const rounded = this.features.quotedDecimals ? undefined : meta?.find(({ type }) => type.includes('Decimal'));
      if (rounded !== undefined)
        throw new StoreError(
          'UNSUPPORTED',
          `${this.name} (${this.version}) would round column ${rounded.name}, ${rounded.type}: select toString(${rounded.name})`,
        );
      return data;
    });
  }

  async exportTsv(sql: string, parameters: Parameters = {}, options: CallOptions = {}): Promise<Buffer> {
    const call = this.#reading(`exporting ${shortened(sql)}`, options);
    return this.#call(call, async ({ client }, settings, signal) => {
      const bound = this.#bound(sql, parameters);
      const answer = await client.exec({
        ...bound,
        query: `${bound.query} FORMAT TabSeparated`,
        clickhouse_settings: settings,
        abort_signal: signal,
      });
      return Buffer.concat(await answer.stream.toArray());
    });
  }

  importTsv(table: string, columns: readonly string[], body: Buffer, options: InsertOptions = {}): Promise<void> {
    return this.#insertBytes({ table, columns, format: 'TabSeparated' }, body, options);
  }

  insertJson(table: string, body: Buffer, options: InsertOptions = {}): Promise<void> {
    return this.#insertBytes({ table, format: 'JSONEachRow' }, body, options);
  }

  async #insertBytes(
    into: { table: string; columns?: readonly string[]; format: BodyFormat },
    body: Buffer,
    options: InsertOptions,
  ): Promise<void> {
    const table = identifier(into.table);
    const names = into.columns === undefined ? '' : ` (${into.columns.map(identifier).join(', ')})`;
    if (body.length === 0) return;
    const call = this.#writing(`inserting into ${into.table}`, options);
    await this.#call(call, async (connection, settings, signal) => {
      const all = this.#insertSettings(settings, options);
      if (connection.insertBytes !== undefined) {
        await connection.insertBytes(into, body, all as Record<string, string | number>);
        return;
      }
      const answer = await connection.client.exec({
        query: `INSERT INTO ${table}${names} FORMAT ${into.format}`,
        values: Readable.from([body], { objectMode: false }),
        clickhouse_settings: all,
        abort_signal: signal,
      });
      await answer.stream.toArray();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const error = new StoreError('CLOSED', `${this.name} is closed`);
    this.#writers.refuseAll(error);
    this.#readers.refuseAll(error);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_WAIT_MS)));
    await Promise.race([Promise.allSettled(this.#running), limit]);
    clearTimeout(timer);
    const clients = new Set([...this.#options.writers, ...this.#options.readers].map(({ client }) => client));
    await Promise.all([...clients].map((client) => client.close()));
  }

  #writing(doing: string, options: CallOptions = {}): Call {
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs;
    return { doing: `${this.name}: ${doing}`, slots: this.#writers, changes: true, deadlineMs };
  }

  #reading(doing: string, options: CallOptions = {}): Call {
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs;
    return { doing: `${this.name}: ${doing}`, slots: this.#readers, changes: false, deadlineMs };
  }

  async #call<R>(
    call: Call,
    work: (connection: Connection, settings: ClickHouseSettings, signal: AbortSignal) => Promise<R>,
  ): Promise<R> {
    if (this.#closing !== undefined) throw new StoreError('CLOSED', `${call.doing}: the database is closed`);
    const started = performance.now();
    const connection = await call.slots.take(call.deadlineMs, call.doing);
    const leftMs = Math.max(1, call.deadlineMs - (performance.now() - started));
    const abort = new AbortController();
    const running = work(connection, this.#settings(leftMs), abort.signal).finally(() => {
      this.#running.delete(running);
      call.slots.release(connection);
    });
    this.#running.add(running);
    return withDeadline(running, leftMs + GRACE_MS, call, () => {
      if (this.kind === 'server') abort.abort(); // the embedded engine would go on all the same, and block its connection
    });
  }

  #settings(leftMs: number): ClickHouseSettings {
    const { features } = this;
    return {
      ...this.#options.settings,
      max_execution_time: Math.ceil(leftMs / 1000),
      date_time_input_format: 'best_effort',
      input_format_skip_unknown_fields: 0,
      output_format_json_quote_64bit_integers: 1,
      ...(features.quotedDecimals && { output_format_json_quote_decimals: 1 as const }),
      ...(features.strictNulls && { input_format_null_as_default: 0 as const }),
      ...(features.asyncInsert && { async_insert: 0 as const }),
      ...(features.insertToken && { insert_deduplication_token: '' }),
      ...(features.sessionTimezone && { session_timezone: 'UTC' }),
    };
  }

  #insertSettings(settings: ClickHouseSettings, options: InsertOptions): ClickHouseSettings {
    return this.features.insertToken ? { ...settings, insert_deduplication_token: options.token ?? '' } : settings;
  }

  #bound(sql: string, parameters: Parameters): { query: string; query_params?: Record<string, unknown> } {
    if (Object.keys(parameters).length === 0) return { query: sql };
    if (!this.features.queryParams) return { query: inlineParameters(sql, parameters) };
    return { query: sql, query_params: parameterTexts(sql, parameters) };
  }
}

async function withDeadline<R>(running: Promise<R>, ms: number, call: Call, onDeadline: () => void): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StoreError('DEADLINE', `${call.doing}: no answer within ${call.deadlineMs} ms`, {
          outcomeUnknown: call.changes,
        }),
      );
      onDeadline();
    }, ms);
  });
  try {
    return await Promise.race([running, deadline]);
  } catch (error) {
    const known = asStoreError(error, call.doing);
    throw known.outcomeUnknown && !call.changes
      ? new StoreError(known.code, known.message, { engineCode: known.engineCode, cause: known.cause })
      : known;
  } finally {
    clearTimeout(timer);
  }
}

const shortened = (sql: string): string => {
  const line = sql.trim().replace(/\s+/g, ' ');
  return line.length <= 80 ? `"${line}"` : `"${line.slice(0, 77)}..."`;
};
