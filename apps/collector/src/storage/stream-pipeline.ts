import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWorker, type BatchWorkerSnapshot, isStreamError, type Stream } from '@marketprism/stream';
import { ObservationFilter } from '../records/observation-filter.js';
import { contractOf, messagesOf, type RecordMessage } from './messages.js';
import type { Batch, Pipeline, PipelineSnapshot } from './pipeline.js';
import { classifyWrite, type RowWriter } from './row-writer.js';

export interface StreamPipelineOptions {
  /** Messages in one call of the writer at most. */
  readonly batchRows: number;
  /** Messages wait at most this long for others, in ms. */
  readonly flushEveryMs: number;
  /** Rows in memory, on their way into the stream, beyond which polls wait. */
  readonly queueRows: number;
  /** Calls of the writer at once. */
  readonly writers: number;
  /** Pause after a publish that failed, in ms. */
  readonly pauseMs: number;
  /** What is being stored when the pipeline ends gets this long, in ms; then it goes back into the stream. */
  readonly stopMs: number;
}

/** Durable name of the consumer that stores. */
export const CONSUMER = 'store';
/** A message whose collector died is somebody else's after this long, in ms. */
const ACK_WAIT_MS = 5_000;
const IN_FLIGHT_BYTES = 16_777_216;
const LOOK_EVERY_MS = 20;
/** Failures that the same message meets again for ever. */
const HOPELESS = new Set(['TOO_LARGE', 'INVALID', 'CLOSED']);

/**
 * Through a durable stream into the tables: publish, take batches with the contracts in order, store, acknowledge. A batch
 * is safe once it is published, and leaves the stream once it is stored.
 */
export class StreamPipeline implements Pipeline {
  readonly #observations = new ObservationFilter();
  readonly #stopped = new AbortController();
  readonly #room = new Set<() => void>();
  #inMemory = 0;
  #lastSeq = 0;
  #failures = 0;
  #refused: string | undefined;
  #drained: Promise<boolean> | undefined;

  private constructor(
    private readonly stream: Stream,
    private readonly writer: RowWriter,
    private readonly worker: BatchWorker,
    private readonly deadLettersBefore: number,
    private readonly options: StreamPipelineOptions,
  ) {}

  static async start(stream: Stream, writer: RowWriter, options: StreamPipelineOptions): Promise<StreamPipeline> {
    const worker = await BatchWorker.start(
      stream,
      {
        consumer: CONSUMER,
        subjects: 'funding.>',
        batchSize: options.batchRows,
        waitMs: options.flushEveryMs,
        maxInFlightBytes: IN_FLIGHT_BYTES,
        concurrency: options.writers,
        topic: () => 'rates', // batches may mix exchanges: the fewer blocks, the better for the tables
        key: contractOf,
        ackWaitMs: ACK_WAIT_MS,
        drainMs: options.stopMs,
        classify: classifyWrite,
      },
      (messages) => writer.write(messages),
    );
    return new StreamPipeline(stream, writer, worker, await stream.deadLetters.count(), options);
  }

  async accept({ observations, settlements, rejected }: Batch): Promise<void> {
    if (this.#stopped.signal.aborted) throw new Error('the pipeline is closed');
    const fresh = observations.filter((record) => this.#observations.changed(record));
    const messages = messagesOf({ observations: fresh, settlements, rejected });
    for (const { rows } of messages) this.#inMemory += rows;
    const published = await Promise.allSettled(messages.map((message) => this.#publish(message)));
    const failed = published.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #publish({ subject, id, body, rows }: RecordMessage): Promise<void> {
    for (;;) {
      try {
        const { seq } = await this.stream.publish(subject, body, { id });
        this.#lastSeq = Math.max(this.#lastSeq, seq);
        this.#refused = undefined;
        this.#inMemory -= rows;
        if (this.#inMemory < this.options.queueRows) for (const enter of this.#room) enter();
        return;
      } catch (error) {
        this.#failures += 1;
        this.#refused = error instanceof Error ? error.message : String(error);
        const hopeless = !isStreamError(error) || HOPELESS.has(error.code);
        if (hopeless) this.#inMemory -= rows;
        if (hopeless || this.#stopped.signal.aborted) throw error;
        await sleep(this.options.pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      }
    }
  }

  async whenRoom(signal: AbortSignal): Promise<void> {
    while (this.#inMemory >= this.options.queueRows && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const enter = (): void => {
          this.#room.delete(enter);
          signal.removeEventListener('abort', enter);
          resolve();
        };
        this.#room.add(enter);
        signal.addEventListener('abort', enter);
      });
    }
  }

  drain(capMs: number): Promise<boolean> {
    this.#drained ??= this.#drain(capMs);
    return this.#drained;
  }

  async #drain(capMs: number): Promise<boolean> {
    const until = performance.now() + capMs;
    let stored = false;
    do {
      stored = this.#inMemory === 0 && (await this.#isStored());
      if (!stored) await sleep(LOOK_EVERY_MS);
    } while (!stored && performance.now() < until);
    this.#stopped.abort();
    await this.worker.stop();
    return stored;
  }

  /** Whether nothing published so far is left in the stream. */
  async #isStored(): Promise<boolean> {
    const { outstanding, pending } = this.worker.snapshot();
    if (outstanding > 0) return false;
    if (this.stream.kind === 'embedded') return pending === 0;
    // Others may publish to the same stream; what they publish later is not waited for.
    const stats = await this.stream.stats().catch(() => undefined);
    return stats !== undefined && (stats.messages === 0 || stats.firstSeq > this.#lastSeq);
  }

  snapshot(): PipelineSnapshot {
    const { outstanding, pending, deadLettered } = this.worker.snapshot();
    return {
      queued: this.#inMemory + outstanding + pending,
      inMemory: this.#inMemory,
      written: { ...this.writer.written },
      failures: this.#failures + this.writer.failures,
      failing: this.#refused ?? this.writer.failing,
      accepting: this.#refused === undefined,
      deadLetters: this.deadLettersBefore + deadLettered,
    };
  }

  /** State and counters of the consumer. */
  inspect(): BatchWorkerSnapshot {
    return this.worker.snapshot();
  }
}
