import { stringify } from 'csv-stringify/sync';

/** Rows as CSV with a header; `null` is an empty field, times are ISO 8601 beside nothing else. */
export function csv(rows: readonly object[], columns: readonly string[]): string {
  return stringify([...rows], { header: true, columns: [...columns], cast: { boolean: String } });
}
