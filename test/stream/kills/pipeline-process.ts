import { durableTableSettings, embeddedNode, openDatabase, RedundantStore, type Database } from '@marketprism/store';
import { BatchWorker, EmbeddedStream, openStream, textOf, type StreamOptions } from '@marketprism/stream';
import { Journal } from '@marketprism/stream/journal';
import { join } from 'node:path';

/** Publishes numbered messages and stores them, to be killed at any moment and started again. */
export interface PipelineTask {
  readonly directory: string;
  readonly natsUrl: string | undefined;
  /** Embedded nodes; 1 is an engine in this very process. */
  readonly nodes: number;
  readonly from: number;
  readonly to: number;
  /** Publishes under way at once. */
  readonly window: number;
}

export type PipelineReport = { readonly acked: number } | { readonly done: true };

const task = JSON.parse(process.argv[2] ?? '{}') as PipelineTask;
const tell = (report: PipelineReport) => process.send?.(report);
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const options: StreamOptions =
  task.natsUrl === undefined
    ? { journal: { directory: join(task.directory, 'stream') } }
    : { nats: { servers: task.natsUrl, name: 'kills', attemptMs: 1_000, deadlineMs: 120_000 } };
const stream = await openStream(options);

async function openStore(): Promise<Database> {
  if (task.nodes === 1) return openDatabase({ dataDir: join(task.directory, 'database') });
  // One journal for both: what is accepted and not yet on every node is kept in the same place.
  const journal =
    stream instanceof EmbeddedStream
      ? stream.journal
      : await Journal.open({ directory: join(task.directory, 'writes') });
  const nodes = Array.from({ length: task.nodes }, (_, index) =>
    embeddedNode(`node-${index}`, { dataDir: join(task.directory, `node-${index}`) }),
  );
  return RedundantStore.open({ nodes, journal, leaseMs: 1_000 });
}

const store = await openStore();
await store.command(
  `CREATE TABLE IF NOT EXISTS event (id String, n UInt64) ENGINE = ReplacingMergeTree ORDER BY id ${durableTableSettings(store.features)}`,
);
const worker = await BatchWorker.start(
  stream,
  { consumer: 'store', batchSize: 500, waitMs: 5, ackWaitMs: 5_000, topic: () => 'all', concurrency: 2 },
  (messages) =>
    store.insert(
      'event',
      messages.map((message) => ({ id: message.id, n: Number(textOf(message)) })),
    ),
);

let next = task.from;
let acked = task.from;
const finished = new Set<number>();
await Promise.all(
  Array.from({ length: task.window }, async () => {
    while (next < task.to) {
      const n = next++;
      await stream.publish('events', String(n), { id: `event-${n}` });
      finished.add(n);
      while (finished.delete(acked)) acked += 1;
      if (n % 100 === 0) tell({ acked });
    }
  }),
);
tell({ acked });
/** On a server, messages that an earlier process died with are in nobody's queue until their time is up: it counts them. */
const left = async (): Promise<number> => {
  const { outstanding, pending } = worker.snapshot();
  return stream.kind === 'nats' ? (await stream.stats()).messages : outstanding + pending;
};
while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
await worker.stop();
await store.close();
await stream.close();
process.send?.({ done: true } satisfies PipelineReport, () => process.exit(0)); // the channel would keep it alive
