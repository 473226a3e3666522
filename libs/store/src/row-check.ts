import { StoreError } from './errors.js';

/** A number that is not finite would arrive as null. */
function refuseNonFinite(table: string, rows: readonly object[]): void {
  rows.forEach((row, index) => {
    for (const [column, value] of Object.entries(row))
      if (typeof value === 'number' && !Number.isFinite(value))
        throw new StoreError('INVALID', `insert into ${table}: row ${index}, ${column}: must be finite, got ${value}`);
  });
}

/** Tells which columns of which tables may hold null, and refuses rows by it. */
export class RowCheck {
  readonly #query: <Row>(sql: string) => Promise<Row[]>;
  /** Columns that may hold null, by table, as last read. */
  readonly #nullable = new Map<string, ReadonlySet<string>>();

  constructor(query: <Row>(sql: string) => Promise<Row[]>) {
    this.#query = query;
  }

  /**
   * Refuses rows that the engine would store as something else: numbers that are not finite, and null in a column without
   * null, for which it stores a zero or an empty string.
   *
   * @throws StoreError `INVALID` naming row, column and value
   */
  async refuse(table: string, rows: readonly object[]): Promise<void> {
    refuseNonFinite(table, rows);
    if (nullProblem(rows, this.#nullable.get(table) ?? new Set()) === undefined) return;
    const [database, name] = table.includes('.') ? table.split('.') : [undefined, table];
    const columns = await this.#query<{ name: string }>(
      `SELECT name FROM system.columns WHERE table = '${name}' ` +
        `AND database = ${database === undefined ? 'currentDatabase()' : `'${database}'`} AND ` +
        "(type LIKE 'Nullable(%' OR type LIKE 'LowCardinality(Nullable(%' OR type LIKE 'Variant(%' OR type LIKE 'Dynamic%' OR type LIKE 'JSON%')",
    );
    const nullable = new Set(columns.map((column) => column.name));
    this.#nullable.set(table, nullable);
    const problem = nullProblem(rows, nullable);
    if (problem !== undefined) throw new StoreError('INVALID', `insert into ${table}: ${problem}`);
  }
}

function nullProblem(rows: readonly object[], nullable: ReadonlySet<string>): string | undefined {
  for (const [index, row] of rows.entries())
    for (const [column, value] of Object.entries(row))
      if (value === null && !nullable.has(column)) return `row ${index}, ${column}: must not be null, got null`;
  return undefined;
}
