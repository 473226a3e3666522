/** JSON of a row as the engine reads it: integers beyond 2^53 as strings, instants in ISO 8601. */
export const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));

/** Rows as lines of JSON. */
export const jsonLines = (rows: readonly object[]): Buffer => Buffer.from(rows.map(jsonOf).join('\n'));
