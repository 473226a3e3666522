import { Logger } from '@nestjs/common';
import type { ReliabilityManager } from '@marketprism/reliability';
import type { RedundantSnapshot } from '@marketprism/store';
import { MeteredDatabase } from '@marketprism/store/prometheus';
import type { BatchWorkerSnapshot, Stream } from '@marketprism/stream';
import type { CollectorConfig } from '../config/collector.config.js';
import { STORE } from '../reliability.config.js';
import { type OpenedStore, openCollectorStore } from './open-store.js';
import { openCollectorStream } from './open-stream.js';
import { RowWriter } from './row-writer.js';
import { StreamPipeline } from './stream-pipeline.js';

/** Between two attempts to publish, in ms. */
const PUBLISH_PAUSE_MS = 500;
/** What is being stored when the collector stops gets this long, in ms. */
const STOP_MS = 5_000;

export interface StorageSnapshot {
  readonly stream: 'embedded' | 'nats';
  readonly consumer: BatchWorkerSnapshot;
  /** The nodes, when there are several. */
  readonly redundant: RedundantSnapshot | undefined;
}

/** Stream, store and what runs between them, opened and closed in their order. */
export class Storage {
  private constructor(
    readonly stream: Stream,
    readonly database: MeteredDatabase,
    readonly pipeline: StreamPipeline,
    private readonly store: OpenedStore,
  ) {}

  /** @throws StreamError, StoreError, ConfigError */
  static async open(config: CollectorConfig, manager: ReliabilityManager): Promise<Storage> {
    const logger = new Logger('Storage');
    const log = (line: string): void => logger.log(line);
    const stream = await openCollectorStream(config, log);
    try {
      const store = await openCollectorStore(config, stream, log);
      const database = new MeteredDatabase(store.database);
      const writer = new RowWriter(
        (table, rows, token) => database.insert(table, rows, { token }),
        (work) => manager.executeWithProtection(STORE, work),
      );
      try {
        const { batchRows, flushEveryMs, queueRows, writers } = config.storage;
        const options = { batchRows, flushEveryMs, queueRows, writers, pauseMs: PUBLISH_PAUSE_MS, stopMs: STOP_MS };
        return new Storage(stream, database, await StreamPipeline.start(stream, writer, options), store);
      } catch (error) {
        await store.close();
        throw error;
      }
    } catch (error) {
      await stream.close();
      throw error;
    }
  }

  inspect(): StorageSnapshot {
    return {
      stream: this.stream.kind,
      consumer: this.pipeline.inspect(),
      redundant: this.store.redundant?.snapshot(),
    };
  }

  /** What is in the stream and not stored stays there for the next start. */
  async close(): Promise<void> {
    await this.pipeline.drain(0);
    await this.store.close();
    await this.stream.close();
  }
}
