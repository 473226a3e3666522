import { join } from 'node:path';

import { Journal, type Appended } from '../journal/journal.js';
import type { JournalOptions } from '../journal/journal.options.js';
import type { PublishOptions, SourceOptions, Stream, StreamStats } from '../message.js';
import { JournalDeadLetters } from './journal-dead-letters.js';
import { JournalSource } from './journal-source.js';

/** A stream in this process: a journal on disk, its consumers, and its dead letters beside it. */
export class EmbeddedStream implements Stream {
  readonly kind = 'embedded';
  readonly name: string;
  /** The journal itself, for whoever shares it. */
  readonly journal: Journal;
  readonly #sources = new Set<JournalSource>();
  #deadLetters: JournalDeadLetters | undefined;

  private constructor(name: string, journal: Journal) {
    this.name = name;
    this.journal = journal;
  }

  /** @throws StreamError as {@link Journal.open} does */
  static async open(options: JournalOptions): Promise<EmbeddedStream> {
    const journal = await Journal.open(options);
    const stream = new EmbeddedStream(options.directory, journal);
    try {
      const { onDamage, waitMs, maxRecordBytes = 1_048_576 } = options;
      stream.#deadLetters = await JournalDeadLetters.open(
        {
          directory: join(options.directory, 'dead-letters'),
          maxBytes: 268_435_456,
          maxRecordBytes: Math.min(67_108_864, maxRecordBytes * 2 + 65_536),
          segmentBytes: Math.max(16_777_216, maxRecordBytes * 2 + 131_072),
          duplicateWindowMs: 86_400_000,
          onDamage,
          waitMs,
        },
        stream,
      );
    } catch (error) {
      await journal.close();
      throw error;
    }
    return stream;
  }

  get deadLetters(): JournalDeadLetters {
    if (this.#deadLetters === undefined) throw new Error('the stream is not open');
    return this.#deadLetters;
  }

  publish(subject: string, body: Uint8Array | string, options: PublishOptions = {}): Promise<Appended> {
    return this.journal.append({
      subject,
      body: typeof body === 'string' ? Buffer.from(body) : body,
      id: options.id,
      headers: options.headers,
    });
  }

  async source(options: SourceOptions): Promise<JournalSource> {
    const source = await JournalSource.open(this.journal, options);
    this.#sources.add(source);
    return source;
  }

  async stats(): Promise<StreamStats> {
    const { floor, lastSeq, bytes } = this.journal.stats();
    return { messages: lastSeq - floor, bytes, firstSeq: floor + 1, lastSeq };
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await this.#deadLetters?.close();
    await this.journal.close();
  }
}
