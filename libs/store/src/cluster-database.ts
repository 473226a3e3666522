import type { CallOptions, Database, InsertOptions } from './database.js';
import { isStoreError, StoreError } from './errors.js';
import type { Features } from './features.js';
import type { Parameters } from './parameters.js';

/** One server of a cluster, opened when it is first needed and again when it was lost. */
export interface ClusterReplica {
  readonly name: string;
  readonly open: () => Promise<Database>;
}

export interface ClusterOptions {
  replicas: readonly ClusterReplica[];
  /** Longest time for a call, retries included, in ms. */
  deadlineMs: number;
}

const PAUSE_MS = [20, 100, 300, 1_000] as const;
/** Longest try on one replica; another one may answer. */
const TRY_MS = 10_000;

/**
 * Servers that replicate for themselves (ReplicatedMergeTree, with `insert_quorum`) as one database. A call goes to the
 * replica that answered last, and to another one when that fails. An insert whose outcome is not known is sent again as the
 * very same block, which the engine stores once on all replicas.
 */
export class ClusterDatabase implements Database {
  readonly kind = 'server';
  readonly name: string;
  readonly #options: ClusterOptions;
  readonly #open = new Map<ClusterReplica, Promise<Database>>();
  #current = 0;
  #first: Database | undefined;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.name = options.replicas.map(({ name }) => name).join(', ');
  }

  get version(): string {
    return this.#first?.version ?? '';
  }

  get features(): Features {
    if (this.#first === undefined) throw new StoreError('UNAVAILABLE', `${this.name}: not reached yet`);
    return this.#first.features;
  }

  /** Reaches the first replica that answers. @throws StoreError `UNAVAILABLE` */
  async connect(): Promise<void> {
    this.#first = await this.#try('connecting', {}, async (database) => database);
  }

  #database(replica: ClusterReplica): Promise<Database> {
    const known = this.#open.get(replica);
    if (known !== undefined) return known;
    const opening = replica.open();
    this.#open.set(replica, opening);
    opening.catch(() => this.#open.delete(replica));
    return opening;
  }

  async #try<R>(
    doing: string,
    options: CallOptions,
    work: (database: Database, deadlineMs: number) => Promise<R>,
  ): Promise<R> {
    const { replicas } = this.#options;
    const until = performance.now() + (options.deadlineMs ?? this.#options.deadlineMs);
    let unknown = false;
    for (let attempt = 0; ; attempt += 1) {
      if (this.#closed) throw new StoreError('CLOSED', `${this.name}: ${doing}: the database is closed`);
      const replica = replicas[this.#current % replicas.length] as ClusterReplica;
      try {
        const left = Math.max(100, until - performance.now());
        return await work(await this.#database(replica), Math.min(left, TRY_MS));
      } catch (error) {
        if (!isStoreError(error) || !isWorthAnother(error)) throw error;
        unknown ||= error.outcomeUnknown;
        this.#current = (this.#current + 1) % replicas.length;
        const pause = attempt < replicas.length ? 0 : (PAUSE_MS[Math.min(attempt - replicas.length, 3)] ?? 1_000);
        if (performance.now() + pause >= until)
          throw new StoreError(unknown ? 'UNKNOWN_OUTCOME' : 'UNAVAILABLE', `${doing}: ${error.message}`, {
            engineCode: error.engineCode,
            outcomeUnknown: unknown,
            cause: error,
          });
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  /** Runs on every replica: definitions of tables are not replicated. MergeTree tables become replicated ones. */
  async command(sql: string, parameters?: Parameters, options: CallOptions = {}): Promise<void> {
    const statement = replicated(sql);
    const run = (database: Database) => database.command(statement, parameters, options);
    if (!/^\s*(CREATE|DROP|RENAME|ATTACH|DETACH)\b/i.test(sql)) {
      await this.#try('running a statement', options, run);
      return;
    }
    for (const replica of this.#options.replicas) await run(await this.#database(replica));
  }

  insert<Row extends object>(table: string, rows: readonly Row[], options: InsertOptions = {}): Promise<void> {
    return this.#try(`inserting into ${table}`, options, (database, deadlineMs) =>
      database.insert(table, rows, { ...options, deadlineMs }),
    );
  }

  insertJson(table: string, body: Buffer, options: InsertOptions = {}): Promise<void> {
    return this.#try(`inserting into ${table}`, options, (database, deadlineMs) =>
      database.insertJson(table, body, { ...options, deadlineMs }),
    );
  }

  importTsv(table: string, columns: readonly string[], body: Buffer, options: InsertOptions = {}): Promise<void> {
    return this.#try(`importing into ${table}`, options, (database, deadlineMs) =>
      database.importTsv(table, columns, body, { ...options, deadlineMs }),
    );
  }

  query<Row>(sql: string, parameters?: Parameters, options: CallOptions = {}): Promise<Row[]> {
    return this.#try('querying', options, (database) => database.query<Row>(sql, parameters, options));
  }

  exportTsv(sql: string, parameters?: Parameters, options: CallOptions = {}): Promise<Buffer> {
    return this.#try('exporting', options, (database) => database.exportTsv(sql, parameters, options));
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = await Promise.allSettled(this.#open.values());
    for (const one of open) if (one.status === 'fulfilled') await one.value.close();
  }
}

const isWorthAnother = ({ code, outcomeUnknown }: StoreError): boolean =>
  outcomeUnknown || code === 'UNAVAILABLE' || code === 'DEADLINE' || code === 'BUSY';

const CREATE = /^\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?`?([\w.`]+?)`?[\s(]/i;
const ENGINE = /\bENGINE\s*=\s*(?!Replicated)(\w*MergeTree)(?:\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\))?/i;

/** A `CREATE TABLE` of a MergeTree table as that of a replicated one; any other statement as it is. */
export function replicated(sql: string): string {
  const table = CREATE.exec(sql)?.[1]?.replaceAll('`', '');
  if (table === undefined) return sql;
  return sql.replace(ENGINE, (_, engine: string, args: string | undefined) => {
    const path = `'/clickhouse/tables/{shard}/${table.replace('.', '/')}', '{replica}'`;
    const rest = args === undefined || args.trim() === '' ? '' : `, ${args.trim()}`;
    return `ENGINE = Replicated${engine}(${path}${rest})`;
  });
}
