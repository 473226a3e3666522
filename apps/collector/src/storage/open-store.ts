import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@marketprism/reliability';
import {
  type Database,
  embeddedNode,
  migrate,
  type NodeSpec,
  openDatabase,
  RedundantStore,
  serverNode,
} from '@marketprism/store';
import { EmbeddedStream, Journal, type Stream } from '@marketprism/stream';
import type { CollectorConfig } from '../config/collector.config.js';
import { ConfigError } from '../config/load-config.js';
import { journalOptions } from './open-stream.js';
import { applyRetention, MIGRATIONS } from './schema.js';

/** A collector that was killed is replaced after this long, in ms. */
const LEASE_MS = 3_000;
/** Nodes that were left out are looked for, and filled from the others, this often, in ms. */
const REPAIR_EVERY_MS = 60_000;

export interface OpenedStore {
  readonly database: Database;
  /** The same, when it has several nodes. */
  readonly redundant: RedundantStore | undefined;
  close(): Promise<void>;
}

/** The store of a configuration, its schema up to date: a server, a cluster, one embedded engine, or several nodes. */
export async function openCollectorStore(
  config: CollectorConfig,
  stream: Stream,
  log: (line: string) => void,
): Promise<OpenedStore> {
  const { store, data, storage } = config;
  const several = store.nodes > 1 || store.servers.length > 0;
  const opened = several ? await openSeveral(config, stream, log) : await openOne(store.url, data, stream, log);
  try {
    await migrate(opened.database, MIGRATIONS);
    await applyRetention(opened.database, storage.observationDays);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openOne(
  url: string | null,
  data: string,
  stream: Stream,
  log: (line: string) => void,
): Promise<OpenedStore> {
  const nodes = join(data, 'nodes');
  if (url === null && existsSync(nodes))
    throw new ConfigError(
      `store.nodes: ${nodes} holds the nodes of an earlier run, and must be served by as many; got 1. ` +
        `To go on with one: stop while /health shows none behind, then move ${join(nodes, 'a')} to ${join(data, 'clickhouse')} and ${nodes} away`,
    );
  if (stream instanceof EmbeddedStream)
    for (const reader of stream.journal.absentReaders())
      if (reader.startsWith('node ')) await stream.journal.forget(reader);
  const database = await openDatabase({ ...(url === null ? { dataDir: join(data, 'clickhouse') } : { url }), log });
  return { database, redundant: undefined, close: () => database.close() };
}

/** Several nodes; their journal is the stream's own, or one under the data directory where the stream is on a server. */
async function openSeveral(config: CollectorConfig, stream: Stream, log: (line: string) => void): Promise<OpenedStore> {
  const { store, data } = config;
  const own =
    stream instanceof EmbeddedStream ? undefined : await Journal.open(journalOptions(join(data, 'writes'), config));
  try {
    const redundant = await RedundantStore.open({
      nodes: store.servers.length > 0 ? serverNodes(store.servers) : await embeddedNodes(data, store.nodes, log),
      journal: own ?? (stream as EmbeddedStream).journal,
      minReplicas: store.minReplicas,
      leaseMs: LEASE_MS,
      maxLagBytes: Math.floor(config.stream.maxBytes / 4),
      log,
    });
    const stopRepairs = keepRepaired(redundant, log);
    return {
      database: redundant,
      redundant,
      close: async () => {
        stopRepairs();
        await redundant.close();
        await own?.close();
      },
    };
  } catch (error) {
    await own?.close();
    throw error;
  }
}

const nameOf = (index: number): string => String.fromCodePoint('a'.codePointAt(0)! + index);

const serverNodes = (servers: readonly string[]): NodeSpec[] =>
  servers.map((url, index) => serverNode(nameOf(index), { url }));

/** The directories of the nodes. What a single engine has stored before becomes the first, and is copied to the others. */
async function embeddedNodes(data: string, count: number, log: (line: string) => void): Promise<NodeSpec[]> {
  const [single, nodes] = [join(data, 'clickhouse'), join(data, 'nodes')];
  const directories = Array.from({ length: count }, (_, index) => join(nodes, nameOf(index)));
  const [first = '', ...others] = directories;
  await mkdir(nodes, { recursive: true });
  if (existsSync(single) && !existsSync(first)) {
    for (const directory of others) {
      if (existsSync(directory)) continue;
      log(`copying ${single} to ${directory}`);
      const partial = `${directory}.partial`; // a crash leaves this, and the next start begins anew
      await rm(partial, { recursive: true, force: true });
      await cp(single, partial, { recursive: true, verbatimSymlinks: true });
      await rename(partial, directory);
    }
    await rename(single, first);
  }
  return directories.map((dataDir, index) => embeddedNode(nameOf(index), { dataDir }));
}

/** A node that was replaced, or away for too long, is filled again from the primary. */
function keepRepaired(store: RedundantStore, log: (line: string) => void): () => void {
  const stopped = new AbortController();
  const look = async (): Promise<void> => {
    if (store.snapshot().nodes.some(({ state }) => state === 'detached')) {
      const repaired = await store.repair().catch((error: unknown) => {
        log(`repair failed, to be tried again: ${(error as Error).message}`);
        return new Map<string, readonly unknown[]>();
      });
      for (const [node, parts] of repaired) log(`${node}: ${parts.length} partitions filled from the primary`);
    }
    if (!stopped.signal.aborted) next = systemClock.schedule(REPAIR_EVERY_MS, () => void look());
  };
  let next = systemClock.schedule(REPAIR_EVERY_MS, () => void look());
  return () => {
    stopped.abort();
    next.cancel();
  };
}
