import { classify, ERROR_CLASSES, type Classify } from '@marketprism/reliability';
import { z } from 'zod';

import { invalidOptions } from '../journal/journal.options.js';
import type { StreamMessage } from '../message.js';
import type { MovingLimit } from '../ordered/ordered-concurrency.options.js';
import { DEFAULT_RULES, type FailureRules } from './failure-plan.js';

type OfMessage = (message: StreamMessage) => string;
const ofMessage = z.custom<OfMessage>((value) => typeof value === 'function', 'must be a function of the message');
const rule = z.strictObject({
  action: z.enum(['hold', 'nak', 'dead-letter']).optional(),
  attempts: z.union([z.int().min(1), z.literal(Infinity)]).optional(),
  baseMs: z.number().min(0).max(3_600_000).optional(),
  capMs: z.number().min(0).max(3_600_000).optional(),
});

const schema = z.strictObject({
  consumer: z.string().regex(/^[\w-]+$/, 'must be letters, digits, _ and -'),
  subjects: z.string().min(1).default('>'),
  batchSize: z.int().min(1).max(100_000).default(500),
  batchBytes: z.int().min(1_024).default(4_194_304),
  waitMs: z.number().min(0).max(60_000).default(20),
  maxInFlight: z.int().min(1).max(1_000_000).optional(),
  maxInFlightBytes: z.int().min(1_024).default(67_108_864),
  concurrency: z.int().min(1).max(1_000).default(4),
  perTopic: z
    .union([
      z.int().min(1),
      z.custom<MovingLimit>((value) => typeof value === 'object' && value !== null && 'limit' in value),
    ])
    .optional(),
  perKey: z.int().min(1).default(1),
  topic: ofMessage.default(() => (message: StreamMessage) => message.subject),
  key: ofMessage.optional(),
  ackWaitMs: z.int().min(1_000).max(3_600_000).default(30_000),
  maxDeliveries: z.int().min(1).max(1_000).default(10),
  classify: z
    .custom<Classify>((value) => typeof value === 'function', 'must be a function of the error')
    .default(() => classify),
  failures: z.partialRecord(z.enum(ERROR_CLASSES), rule).default({}),
  drainMs: z.int().min(0).max(3_600_000).default(10_000),
});

/** How a consumer takes and handles messages. */
export interface BatchWorkerOptions {
  /** Durable name of the consumer: letters, digits, `_` and `-`. */
  consumer: string;
  /** Which subjects. Default all. */
  subjects?: string;
  /** Most messages in one call of the handler. Default 500. */
  batchSize?: number;
  /** Most bytes in one call of the handler. Default 4 MiB. */
  batchBytes?: number;
  /** How long a message waits at most for others to fill its batch, in ms. Default 20. */
  waitMs?: number;
  /** Most messages taken and not settled. Default 4 × batchSize. */
  maxInFlight?: number;
  /** Most bytes of them that wait. Default 64 MiB. */
  maxInFlightBytes?: number;
  /** Calls of the handler at once. Default 4. */
  concurrency?: number;
  /** Calls at once for one topic: a number, or an adaptive limit. Default: `concurrency`. */
  perTopic?: number | MovingLimit;
  /** Calls at once for one key. Default 1: a key's messages are handled in their order. */
  perKey?: number;
  /** What a topic is. Default: the subject. */
  topic?: (message: StreamMessage) => string;
  /**
   * What must stay in order. With it a failed message is held where it is, and later ones of its key wait. Without it
   * nothing is ordered, and a failed message may go back and come again later.
   */
  key?: (message: StreamMessage) => string;
  /** For how long a message is this consumer's without a sign of life, in ms. Signs are given every third of it. Default 30,000. */
  ackWaitMs?: number;
  /** After more deliveries than this a message is handled alone; after twice as many it is given up. Default 10. */
  maxDeliveries?: number;
  /** Tells the class of an error. Default: the library's `classify`. */
  classify?: Classify;
  /** What to do about failures, by class, over the defaults. */
  failures?: Partial<Record<keyof FailureRules, Partial<FailureRules[keyof FailureRules]>>>;
  /** Longest time for what is in work when stopping, in ms; then it goes back. Default 10,000. */
  drainMs?: number;
}

export type ResolvedBatchWorkerOptions = Omit<z.infer<typeof schema>, 'failures' | 'maxInFlight' | 'perTopic'> & {
  readonly rules: FailureRules;
  readonly maxInFlight: number;
  readonly perTopic: number | MovingLimit;
};

/** @throws StreamError `INVALID` naming every wrong option */
export function resolveBatchWorkerOptions(options: BatchWorkerOptions): ResolvedBatchWorkerOptions {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw invalidOptions('batch consumer', parsed.error, options);
  const { failures, maxInFlight, perTopic, ...rest } = parsed.data;
  const rules = Object.fromEntries(
    ERROR_CLASSES.map((name) => [name, { ...DEFAULT_RULES[name], ...failures[name] }]),
  ) as unknown as FailureRules;
  return {
    ...rest,
    rules,
    maxInFlight: maxInFlight ?? 4 * rest.batchSize,
    perTopic: perTopic ?? rest.concurrency,
  };
}
