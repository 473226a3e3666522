export { isStreamError, StreamError, type StreamErrorCode } from './errors.js';
export { Journal, type Appended, type JournalStats, type Retention } from './journal/journal.js';
export { JournalReader } from './journal/journal-reader.js';
export { SlotFile } from './journal/slot-file.js';
export type { JournalOptions } from './journal/journal.options.js';
export type { JournalEntry, JournalRecord } from './journal/record.js';
export type { Damage } from './journal/recovery.js';
export { openStream, type StreamOptions } from './open-stream.js';
export { EmbeddedStream } from './embedded/embedded-stream.js';
export { JetStreamStream } from './jetstream/jetstream-stream.js';
export type { JetStreamOptions } from './jetstream/jetstream.options.js';
export {
  jsonOf,
  textOf,
  type DeadLetter,
  type DeadLetterReason,
  type DeadLetters,
  type Delivery,
  type MessageSource,
  type Publisher,
  type PublishOptions,
  type Stream,
  type StreamMessage,
  type StreamStats,
} from './message.js';
export {
  BatchWorker,
  type BatchContext,
  type BatchHandler,
  type BatchWorkerSnapshot,
} from './consumer/batch-worker.js';
export type { BatchWorkerOptions } from './consumer/batch-worker.options.js';
export { PartialFailure } from './consumer/partial-failure.js';
export type { FailureRule, FailureRules } from './consumer/failure-plan.js';
export { OrderedConcurrency, type OrderedConcurrencySnapshot, type Room } from './ordered/ordered-concurrency.js';
export type { MovingLimit, OrderedConcurrencyOptions } from './ordered/ordered-concurrency.options.js';
export { WAIT_BUCKETS_MS, type WaitSnapshot } from './ordered/wait-histogram.js';
export { NatsConfigSource, type NatsConfigSourceOptions } from './nats-config-source.js';
