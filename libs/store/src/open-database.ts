import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

import { ClientDatabase, type Connection } from './client-database.js';
import { ClusterDatabase } from './cluster-database.js';
import type { Database } from './database.js';
import { asStoreError, StoreError } from './errors.js';
import { describeFeatures } from './features.js';
import { jsonOf } from './json-rows.js';
import { isolateCalls, type EngineConnection } from './isolated-calls.js';

const optionsSchema = z.strictObject({
  url: z
    .string()
    .refine(
      (value) => value.split(',').every((one) => z.url({ protocol: /^https?$/ }).safeParse(one.trim()).success),
      'must be an http:// or https:// address, or several with commas between',
    )
    .optional(),
  quorum: z.int().min(1).max(100).optional(),
  dataDir: z.string().min(1).optional(),
  readers: z.int().min(1).max(32).default(2),
  writers: z.int().min(1).max(32).optional(),
  deadlineMs: z.int().min(100).max(3_600_000).default(30_000),
  settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  log: z.custom<(line: string) => void>((value) => typeof value === 'function', 'must be a function').optional(),
});

/** How to open a database. Either `url` or `dataDir`; `url` wins. */
export interface DatabaseOptions {
  /**
   * A ClickHouse server: `http://user:password@host:8123/database`. Several, with commas between, are the replicas of a
   * cluster: tables are made replicated, an insert succeeds when a quorum has it, and calls fail over.
   */
  url?: string;
  /** Replicas of a cluster that must have an insert before it succeeds. Default: more than half, at least 2. */
  quorum?: number;
  /** A directory for the embedded engine. Made when it does not exist. One process at a time may have it open. */
  dataDir?: string;
  /** Connections for queries. Default 2, at most 32. */
  readers?: number;
  /** Connections for statements that change something. Default: 1 embedded, 8 on a server; at most 32. */
  writers?: number;
  /** Longest time for one call, in ms. Default 30,000; 100 to 3,600,000. */
  deadlineMs?: number;
  /** Engine settings sent with every call, for instance `{ insert_quorum: 2 }`. */
  settings?: Record<string, string | number>;
  /** Gets one line saying which engine was opened and what it can do. */
  log?: (line: string) => void;
}

/**
 * Opens ClickHouse: the server at `url` when one is given, otherwise the engine embedded in this process with its data in
 * `dataDir`. Either way the same client, the same SQL and the same results.
 *
 * @throws StoreError `INVALID` (options), `ENGINE_MISSING` (neither a server nor the embedded engine), `DIRECTORY_IN_USE`
 * (another process has it), `UNAVAILABLE` (the server does not answer), `OPEN_FAILED`
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success)
    throw new StoreError('INVALID', `database options are wrong:\n${problemsOf(parsed.error, options)}`);
  const { url, dataDir, readers, deadlineMs, settings, log } = parsed.data;
  const urls = url?.split(',').map((one) => one.trim()) ?? [];
  if (urls.length > 1) return openCluster(urls, parsed.data);
  const writers = parsed.data.writers ?? (url === undefined ? 1 : 8);
  const database =
    url !== undefined
      ? onServer(url, { readers, writers, deadlineMs, settings })
      : await embedded(dataDir, { readers, writers, deadlineMs, settings });
  try {
    await database.probe();
  } catch (error) {
    await database.close();
    throw asStoreError(error, `opening ${database.name}`);
  }
  log?.(`ClickHouse ${database.version}, ${database.kind}, ${database.name}: ${describeFeatures(database.features)}`);
  return database;
}

async function openCluster(urls: readonly string[], options: z.infer<typeof optionsSchema>): Promise<Database> {
  const { url: _, quorum, settings, ...each } = options;
  const cluster = new ClusterDatabase({
    deadlineMs: options.deadlineMs,
    replicas: urls.map((url) => ({
      name: nameOf(url),
      open: () =>
        openDatabase({
          ...each,
          url,
          settings: {
            insert_quorum: quorum ?? Math.max(2, Math.floor(urls.length / 2) + 1),
            insert_quorum_timeout: 5_000,
            select_sequential_consistency: 1,
            ...settings,
          },
        }),
    })),
  });
  try {
    await cluster.connect();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function nameOf(url: string): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return address.href;
}

interface Common {
  readers: number;
  writers: number;
  deadlineMs: number;
  settings: Record<string, string | number> | undefined;
}

/** Failures are thrown; the client would print them as well. */
const quiet = { level: ClickHouseLogLevel.OFF };

const json = {
  parse: <T>(text: string): T => JSON.parse(text) as T,
  stringify: jsonOf,
};

function onServer(url: string, common: Common): ClientDatabase {
  const client = (connections: number) =>
    createClient({
      url,
      request_timeout: common.deadlineMs + 5_000,
      max_open_connections: connections,
      compression: { request: false, response: false },
      log: quiet,
      json,
    });
  const shared = (count: number): Connection[] => {
    const connection: Connection = { client: client(count) };
    return Array.from({ length: count }, () => connection);
  };
  return new ClientDatabase({
    kind: 'server',
    name: nameOf(url),
    writers: shared(common.writers),
    readers: shared(common.readers * 4),
    deadlineMs: common.deadlineMs,
    settings: common.settings,
  });
}

async function embedded(dataDir: string | undefined, common: Common): Promise<ClientDatabase> {
  const chdb = await import('chdb/connection').catch((cause: unknown) => {
    throw new StoreError(
      'ENGINE_MISSING',
      'no ClickHouse to store in: give the address of a server (CLICKHOUSE_URL), or install the optional dependency "chdb", which embeds one',
      { cause },
    );
  });
  if (dataDir === undefined)
    throw new StoreError(
      'INVALID',
      'database options are wrong:\n  dataDir: needed when no url is given, got undefined',
    );
  const path = resolve(dataDir);
  mkdirSync(path, { recursive: true });
  const opened: Connection[] = [];
  const connect = (): Connection => {
    const raw = chdb.createChdbConnection({ path });
    // The engine was built against another copy of the same interface, whose setting classes have private members.
    const apart = isolateCalls(raw as unknown as EngineConnection);
    const connection: Connection = {
      client: createClient({ connection: apart, json, log: quiet }),
      insertBytes: (into, body, settings) => apart.aside(() => raw.chdb.rawInsert({ ...into, values: body, settings })),
    };
    opened.push(connection);
    return connection;
  };
  try {
    return new ClientDatabase({
      kind: 'embedded',
      name: path,
      writers: Array.from({ length: common.writers }, connect),
      readers: Array.from({ length: common.readers }, connect),
      deadlineMs: common.deadlineMs,
      settings: common.settings,
    });
  } catch (cause) {
    await Promise.all(opened.map(({ client }) => client.close()));
    throw openingFailed(path, cause);
  }
}

function openingFailed(path: string, cause: unknown): StoreError {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (text.includes('one active data directory'))
    return new StoreError(
      'OPEN_FAILED',
      `${path}: this process already has another embedded database open; it can hold one at a time`,
      { cause },
    );
  const holder = holderOf(path);
  if (holder !== undefined)
    return new StoreError('DIRECTORY_IN_USE', `${path}: another process has it open (process id ${holder})`, { cause });
  return new StoreError('OPEN_FAILED', `${path}: ${text}`, { cause });
}

/** The live process named in the engine's lock file, other than this one. */
function holderOf(path: string): number | undefined {
  try {
    const pid = Number(/PID: (\d+)/.exec(readFileSync(join(path, 'status'), 'utf8'))?.[1]);
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? -1 : undefined;
  }
}

function problemsOf(error: z.ZodError, given: unknown): string {
  return error.issues
    .map(({ path, message }) => {
      const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
      const shown = path[0] === 'url' ? 'another value' : JSON.stringify(value);
      return `  ${path.join('.') || 'options'}: ${message}, got ${shown}`;
    })
    .join('\n');
}
