import type { ClickHouseClientConfigOptions } from '@clickhouse/client';

/** The connection that a client is given in place of HTTP. */
export type EngineConnection = NonNullable<ClickHouseClientConfigOptions['connection']>;

type Settings = Record<string, unknown>;

/** Sent by the client for HTTP only; the embedded engine has no such settings and cannot reset them. */
const HTTP_ONLY = new Set([
  'wait_end_of_query',
  'send_progress_in_http_headers',
  'http_response_buffer_size',
  'http_headers_progress_interval_ms',
  'http_send_progress_interval_ms',
  'enable_http_compression',
  'http_zlib_compression_level',
  'http_response_compression_method',
  'http_native_compression_disable_checksumming_on_decompress',
  'default_format',
]);

/** An embedded engine's connection whose calls leave nothing behind for the next one. */
export interface IsolatedConnection extends EngineConnection {
  /** Runs work that goes round this connection to the same engine session, in turn with the calls. */
  aside<R>(work: () => Promise<R>): Promise<R>;
}

/**
 * Keeps the calls of an embedded connection apart. The bare connection mixes them in two ways, each of which loses or
 * falsifies data without an error:
 *
 * - The settings of a call become `SET` statements that are never taken back: an insert without a deduplication token that
 *   follows one with a token inherits it and is dropped, with success returned. Here every setting ever sent that a call
 *   does not give goes back to its default, in the same statement.
 * - The output that a failing query had already produced is put in front of the next query's result. Here a failed call
 *   is followed by a query of no interest whose result is thrown away.
 *
 * Calls run one after another, so that none sees half of another's settings.
 */
export function isolateCalls(inner: EngineConnection): IsolatedConnection {
  const sent = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  let soiled = false;

  const cleanly = async <R>(work: () => Promise<R>): Promise<R> => {
    if (soiled) {
      await inner.command({ query: 'SELECT 1 FORMAT Null' });
      const { stream } = await inner.query({ query: 'SELECT 1 FORMAT TabSeparated' });
      await stream.toArray();
      soiled = false;
    }
    try {
      return await work();
    } catch (error) {
      soiled = true;
      throw error;
    }
  };

  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const turn = last.then(() => cleanly(work));
    last = turn.catch(() => undefined);
    return turn;
  };

  const isolated = <P extends { query: string; clickhouse_settings?: Settings }>(params: P): P => {
    const given = new Set<string>();
    for (const [name, value] of Object.entries(params.clickhouse_settings ?? {}))
      if (value !== undefined && !HTTP_ONLY.has(name)) given.add(name);
    const resets = [...sent].filter((name) => !given.has(name)).map((name) => `${name} = DEFAULT`);
    for (const name of given) sent.add(name);
    return resets.length === 0 ? params : { ...params, query: `SET ${resets.join(', ')}; ${params.query}` };
  };

  return {
    ping: (params) => inTurn(() => inner.ping(params)),
    query: (params) => inTurn(() => inner.query(isolated(params))),
    insert: (params) => inTurn(() => inner.insert(isolated(params))),
    exec: (params) => inTurn(() => inner.exec(isolated(params))),
    command: (params) => inTurn(() => inner.command(isolated(params))),
    close: () => last.then(() => inner.close()),
    aside: inTurn,
  };
}
