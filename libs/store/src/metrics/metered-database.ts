import { DurationHistogram } from '@marketprism/reliability/prometheus';
import type { CallOptions, Database, InsertOptions } from '../database.js';
import { isStoreError } from '../errors.js';
import type { Features } from '../features.js';
import type { Parameters } from '../parameters.js';

const OPERATIONS = ['command', 'insert', 'query', 'export'] as const;
type Operation = (typeof OPERATIONS)[number];

/** Tables told apart in metrics; the rest is counted together. */
const TABLES_SHOWN = 20;
const OTHER = 'other';

/** What was counted of one kind of call. */
export interface OperationCounts {
  readonly operation: Operation;
  readonly inFlight: number;
  /** Calls by `ok` or the code of the error. */
  readonly results: ReadonlyMap<string, number>;
  /** Of these, the ones that failed without telling whether they took effect. */
  readonly unknownOutcomes: number;
  readonly durations: ReturnType<DurationHistogram['snapshot']>;
}

export interface CallCounts {
  readonly operations: readonly OperationCounts[];
  /** Rows inserted by table. */
  readonly rows: ReadonlyMap<string, number>;
  /** Bytes exported and imported. */
  readonly bytes: { readonly read: number; readonly written: number };
}

class Tally {
  inFlight = 0;
  unknownOutcomes = 0;
  readonly results = new Map<string, number>();
  readonly durations = new DurationHistogram();

  async of<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    this.inFlight += 1;
    let result = 'ok';
    try {
      return await work();
    } catch (error) {
      result = isStoreError(error) ? error.code : 'unknown';
      if (isStoreError(error) && error.outcomeUnknown) this.unknownOutcomes += 1;
      throw error;
    } finally {
      this.inFlight -= 1;
      this.results.set(result, (this.results.get(result) ?? 0) + 1);
      this.durations.record(performance.now() - startedAt);
    }
  }
}

/** A database whose calls are counted and timed. */
export class MeteredDatabase implements Database {
  readonly #tallies = new Map(OPERATIONS.map((operation) => [operation, new Tally()]));
  readonly #rows = new Map<string, number>();
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(private readonly database: Database) {}

  get kind(): Database['kind'] {
    return this.database.kind;
  }

  get name(): string {
    return this.database.name;
  }

  get version(): string {
    return this.database.version;
  }

  get features(): Features {
    return this.database.features;
  }

  command(sql: string, parameters?: Parameters, options?: CallOptions): Promise<void> {
    return this.#tally('command').of(() => this.database.command(sql, parameters, options));
  }

  async insert<Row extends object>(table: string, rows: readonly Row[], options?: InsertOptions): Promise<void> {
    await this.#tally('insert').of(() => this.database.insert(table, rows, options));
    this.#countRows(table, rows.length);
  }

  async insertJson(table: string, body: Buffer, options?: InsertOptions): Promise<void> {
    await this.#tally('insert').of(() => this.database.insertJson(table, body, options));
    this.#bytesWritten += body.length;
  }

  query<Row>(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Row[]> {
    return this.#tally('query').of(() => this.database.query<Row>(sql, parameters, options));
  }

  async exportTsv(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Buffer> {
    const rows = await this.#tally('export').of(() => this.database.exportTsv(sql, parameters, options));
    this.#bytesRead += rows.length;
    return rows;
  }

  async importTsv(table: string, columns: readonly string[], body: Buffer, options?: InsertOptions): Promise<void> {
    await this.#tally('insert').of(() => this.database.importTsv(table, columns, body, options));
    this.#bytesWritten += body.length;
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** What was counted so far. */
  counts(): CallCounts {
    return {
      operations: [...this.#tallies].map(([operation, { inFlight, results, unknownOutcomes, durations }]) => ({
        operation,
        inFlight,
        results,
        unknownOutcomes,
        durations: durations.snapshot(),
      })),
      rows: this.#rows,
      bytes: { read: this.#bytesRead, written: this.#bytesWritten },
    };
  }

  #tally(operation: Operation): Tally {
    return this.#tallies.get(operation)!;
  }

  #countRows(table: string, count: number): void {
    const shown = this.#rows.has(table) || this.#rows.size < TABLES_SHOWN ? table : OTHER;
    this.#rows.set(shown, (this.#rows.get(shown) ?? 0) + count);
  }
}
