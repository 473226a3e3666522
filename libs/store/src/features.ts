/** What an engine can do. Read from the engine itself at start; everything absent has another way or a clear refusal. */
export interface Features {
  /** `{name:Type}` bound by the engine. Without it values are written into the statement as escaped literals. */
  readonly queryParams: boolean;
  /** `insert_deduplication_token`. An extra only: tables deduplicate by key as well. */
  readonly insertToken: boolean;
  /** Tokens remembered by tables without replication. */
  readonly tokenWindow: boolean;
  /** `fsync_after_insert` and `fsync_part_directory`: an acknowledged insert survives a power cut. */
  readonly fsync: boolean;
  /** `async_insert` exists, and so must be switched off: it may acknowledge before anything is written. */
  readonly asyncInsert: boolean;
  /** Decimals can be asked for as strings. Without it a query that returns a Decimal column is refused. */
  readonly quotedDecimals: boolean;
  /** `input_format_null_as_default` exists, and is switched off: null in a column without null is an error. */
  readonly strictNulls: boolean;
  /** `session_timezone`: times read the same on every machine. Without it give columns a zone: `DateTime64(3, 'UTC')`. */
  readonly sessionTimezone: boolean;
  /** `insert_quorum` with replicated tables. */
  readonly insertQuorum: boolean;
}

/** The settings whose presence decides a feature. */
export const PROBED_SETTINGS = [
  'insert_deduplication_token',
  'async_insert',
  'output_format_json_quote_decimals',
  'input_format_null_as_default',
  'session_timezone',
  'insert_quorum',
] as const;

export const PROBED_TABLE_SETTINGS = ['fsync_after_insert', 'non_replicated_deduplication_window'] as const;

export function featuresOf(probe: {
  settings: ReadonlySet<string>;
  tableSettings: ReadonlySet<string>;
  queryParams: boolean;
}): Features {
  return {
    queryParams: probe.queryParams,
    insertToken: probe.settings.has('insert_deduplication_token'),
    tokenWindow: probe.tableSettings.has('non_replicated_deduplication_window'),
    fsync: probe.tableSettings.has('fsync_after_insert'),
    asyncInsert: probe.settings.has('async_insert'),
    quotedDecimals: probe.settings.has('output_format_json_quote_decimals'),
    strictNulls: probe.settings.has('input_format_null_as_default'),
    sessionTimezone: probe.settings.has('session_timezone'),
    insertQuorum: probe.settings.has('insert_quorum'),
  };
}

/** One line for the log: what is used and what is not. */
export function describeFeatures(features: Features): string {
  const entries = Object.entries(features) as [keyof Features, boolean][];
  const list = (wanted: boolean) => entries.flatMap(([name, has]) => (has === wanted ? [name] : [])).join(', ');
  return `with ${list(true) || 'none'}; without ${list(false) || 'none'}`;
}

/**
 * The `SETTINGS` of a MergeTree table whose acknowledged inserts are on disk, as far as the engine can: fsync of every
 * part and of its directory, and a window of remembered insert tokens.
 *
 * @param tokens how many insert tokens the table remembers; default 10,000
 */
export function durableTableSettings(features: Features, tokens = 10_000): string {
  const settings = [
    ...(features.fsync
      ? ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'min_rows_to_fsync_after_merge = 1']
      : []),
    ...(features.tokenWindow ? [`non_replicated_deduplication_window = ${tokens}`] : []),
    'index_granularity = 8192',
  ];
  return `SETTINGS ${settings.join(', ')}`;
}
