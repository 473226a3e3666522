import { z } from 'zod';

import { invalidOptions } from '../journal/journal.options.js';

/** A limit that moves by itself; the library's `AdaptiveConcurrency` is one. */
export interface MovingLimit {
  readonly limit: number;
  /** Learns from one batch: how long it took, how many were in work, whether it was lost to overload. */
  observe(durationMs: number, inFlight: number, dropped: boolean, now: number): unknown;
}

const isMovingLimit = (value: unknown): value is MovingLimit =>
  typeof value === 'object' && value !== null && 'limit' in value && 'observe' in value;

const schema = z.strictObject({
  perTopic: z
    .union([z.int().min(1).max(10_000), z.custom<MovingLimit>(isMovingLimit)], {
      error: 'must be a whole number from 1 to 10,000 or an adaptive limit',
    })
    .default(4),
  perKey: z.int().min(1).max(1_000).default(1),
  total: z.int().min(1).max(100_000).default(64),
  maxQueued: z.int().min(1).max(10_000_000).default(10_000),
  maxQueuedBytes: z.int().min(1_024).default(67_108_864),
  batchSize: z.int().min(1).max(1_000_000).default(1),
  batchBytes: z.int().min(1).default(8_388_608),
  waitMs: z.number().min(0).max(60_000).default(0),
});

/** How much runs at once, and how much may wait. */
export interface OrderedConcurrencyOptions {
  /** Batches of one topic at once: a number, 1 to 10,000, or a limit that adapts. Default 4. */
  perTopic?: number | MovingLimit;
  /** Batches of one key at once. Default 1, which keeps the order of each key; at most 1,000. */
  perKey?: number;
  /** Batches at once over all topics. Default 64. */
  total?: number;
  /** Most items that wait. Default 10,000. */
  maxQueued?: number;
  /** Most bytes that wait. Default 64 MiB. */
  maxQueuedBytes?: number;
  /** Most items in one batch. Default 1. */
  batchSize?: number;
  /** Most bytes in one batch; a larger single item is a batch by itself. Default 8 MiB. */
  batchBytes?: number;
  /** How long an item waits at most for others to fill its batch, in ms. Default 0. */
  waitMs?: number;
}

export type ResolvedOrderedConcurrencyOptions = z.infer<typeof schema>;

/** @throws StreamError `INVALID` naming every wrong option */
export function resolveOrderedConcurrencyOptions(
  options: OrderedConcurrencyOptions,
): ResolvedOrderedConcurrencyOptions {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw invalidOptions('ordered concurrency', parsed.error, options);
  return parsed.data;
}
