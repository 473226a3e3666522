import { z } from 'zod';

import { invalidOptions } from '../journal/journal.options.js';

const schema = z.strictObject({
  servers: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  name: z
    .string()
    .regex(/^[\w-]+$/, 'must be letters, digits, _ and -')
    .default('marketprism'),
  user: z.string().optional(),
  password: z.string().optional(),
  token: z.string().optional(),
  replicas: z.int().min(1).max(5).default(1),
  maxBytes: z.int().min(1_048_576).default(1_073_741_824),
  deadLetterMaxBytes: z.int().min(1_048_576).default(268_435_456),
  duplicateWindowMs: z.int().min(100).max(86_400_000).default(120_000),
  maxInFlight: z.int().min(1).max(100_000).default(256),
  deadlineMs: z.int().min(100).max(3_600_000).default(30_000),
  attemptMs: z.int().min(50).max(60_000).default(2_000),
  connectMs: z.int().min(100).max(3_600_000).default(10_000),
});

/** A stream on a NATS server. */
export interface JetStreamOptions {
  /** `nats://host:4222`, one or several of a cluster. */
  servers: string | string[];
  /** Name of the stream; messages go to `<name>.<subject>`. Default `marketprism`. */
  name?: string;
  user?: string;
  password?: string;
  token?: string;
  /** Copies of the stream in a cluster, 1 to 5. Default 1. */
  replicas?: number;
  /** Most bytes of messages that are not done with. Publishing waits, then fails, beyond it. Default 1 GiB. */
  maxBytes?: number;
  /** Most bytes of dead letters. Default 256 MiB. */
  deadLetterMaxBytes?: number;
  /** For how long the server remembers ids, in ms. Default 120,000. */
  duplicateWindowMs?: number;
  /** Most publishes under way. More wait. Default 256. */
  maxInFlight?: number;
  /** Longest time for a publish, retries included, in ms. Default 30,000. */
  deadlineMs?: number;
  /** Longest wait for one answer of the server, in ms. Default 2,000. */
  attemptMs?: number;
  /** Longest time to connect at first, in ms. Default 10,000. */
  connectMs?: number;
}

export type ResolvedJetStreamOptions = z.infer<typeof schema>;

/** @throws StreamError `INVALID` naming every wrong option */
export function resolveJetStreamOptions(options: JetStreamOptions): ResolvedJetStreamOptions {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw invalidOptions('JetStream', parsed.error, { ...options, password: '…', token: '…' });
  return parsed.data;
}
