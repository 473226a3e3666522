import { EmbeddedStream } from './embedded/embedded-stream.js';
import { StreamError } from './errors.js';
import { JetStreamStream } from './jetstream/jetstream-stream.js';
import type { JetStreamOptions } from './jetstream/jetstream.options.js';
import type { JournalOptions } from './journal/journal.options.js';
import type { Stream } from './message.js';

/** Which stream to open. `nats` wins when both are given. */
export interface StreamOptions {
  /** A stream on a NATS server (NATS_URL). */
  nats?: JetStreamOptions;
  /** A journal in a directory of this machine. */
  journal?: JournalOptions;
  /** Gets one line saying which stream was opened. */
  log?: (line: string) => void;
}

/**
 * Opens a durable stream: on the NATS server when one is given, otherwise in a journal on disk. Publishing, consuming and
 * dead letters are the same on both.
 *
 * @throws StreamError
 */
export async function openStream({ nats, journal, log }: StreamOptions): Promise<Stream> {
  if (nats !== undefined) {
    const stream = await JetStreamStream.open(nats);
    const { version, termReason } = stream.server;
    log?.(
      `NATS ${version}, stream ${stream.name}: ${termReason ? 'all features' : 'without term reasons and metadata'}`,
    );
    return stream;
  }
  if (journal === undefined)
    throw new StreamError('INVALID', 'no stream: give a NATS server (NATS_URL) or a journal directory');
  const stream = await EmbeddedStream.open(journal);
  const { floor, lastSeq, bytes, damage } = stream.journal.stats();
  log?.(`journal ${stream.name}: records ${floor + 1} to ${lastSeq}, ${bytes} bytes, ${damage.length} damaged parts`);
  return stream;
}
