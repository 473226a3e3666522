import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWorker, EmbeddedStream, type JournalOptions, openStream, type Stream } from '@marketprism/stream';
import type { CollectorConfig } from '../config/collector.config.js';
import { CONSUMER } from './stream-pipeline.js';

/** A block of a redundant store, in the same journal, holds the rows of a whole batch. */
const MAX_RECORD_BYTES = 8_388_608;
/** Ids remembered: a publish is repeated within seconds, and the tables deduplicate for good. */
const MAX_IDS = 20_000;
/** An append that finds no room for this long, in ms, fails, and is repeated. */
const ROOM_WAIT_MS = 5_000;

/** The journal in `directory`, with the bounds of the configuration. */
export function journalOptions(directory: string, { stream }: CollectorConfig): JournalOptions {
  return {
    directory,
    maxBytes: stream.maxBytes,
    maxRecordBytes: MAX_RECORD_BYTES,
    maxBatchBytes: MAX_RECORD_BYTES,
    maxIds: MAX_IDS,
    waitMs: ROOM_WAIT_MS,
  };
}

/** The stream of a configuration: on its NATS server, else a journal under the data directory. */
export async function openCollectorStream(config: CollectorConfig, log: (line: string) => void): Promise<Stream> {
  const { nats, name, replicas, maxBytes } = config.stream;
  const journal = journalOptions(join(config.data, 'stream'), config);
  if (nats === null) return openStream({ journal, log });
  const { NATS_USER: user, NATS_PASSWORD: password, NATS_TOKEN: token } = process.env;
  const servers = nats.split(',').map((one) => one.trim());
  const stream = await openStream({ nats: { servers, name, replicas, maxBytes, user, password, token }, log });
  try {
    if (existsSync(journal.directory)) await carryOver(journal, stream, log);
  } catch (error) {
    await stream.close();
    throw error;
  }
  return stream;
}

/** What an earlier run left in its journal goes on to the server, under the same ids. */
async function carryOver(options: JournalOptions, to: Stream, log: (line: string) => void): Promise<void> {
  const journal = await EmbeddedStream.open(options);
  try {
    let carried = 0;
    const worker = await BatchWorker.start(journal, { consumer: CONSUMER, subjects: 'funding.>' }, async (messages) => {
      await Promise.all(messages.map(({ subject, body, id }) => to.publish(subject, body, { id })));
      carried += messages.length;
    });
    for (;;) {
      const { outstanding, pending } = worker.snapshot();
      if (outstanding + pending === 0) break;
      await sleep(10);
    }
    await worker.stop();
    if (carried > 0) log(`${carried} messages of an earlier run were brought from ${options.directory} to ${to.name}`);
  } finally {
    await journal.close();
  }
}
