import { z } from 'zod';

import { StreamError } from '../errors.js';
import { HEADERS_BYTES } from './frame.js';

export const journalOptionsSchema = z.strictObject({
  directory: z.string().min(1),
  maxBytes: z.int().min(1_048_576).default(1_073_741_824),
  segmentBytes: z.int().min(65_536).default(16_777_216),
  maxRecordBytes: z.int().min(1_024).max(67_108_864).default(1_048_576),
  maxBatchBytes: z.int().min(65_536).max(67_108_864).default(4_194_304),
  maxWaiting: z.int().min(1).default(10_000),
  waitMs: z.int().min(0).default(30_000),
  duplicateWindowMs: z.int().min(0).default(120_000),
  maxIds: z.int().min(0).default(100_000),
  onDamage: z.enum(['refuse', 'salvage']).default('refuse'),
});

/** How a journal behaves. */
export interface JournalOptions {
  /** Where its files are. One process at a time. */
  directory: string;
  /** Most bytes on disk. Appends wait beyond it. Default 1 GiB, at least 1 MiB. */
  maxBytes?: number;
  /** Size at which a new file is begun; a file goes when every consumer is done with all of it. Default 16 MiB. */
  segmentBytes?: number;
  /** Largest record. Default 1 MiB, at most 64 MiB. */
  maxRecordBytes?: number;
  /** Most bytes that one sync covers. Default 4 MiB. */
  maxBatchBytes?: number;
  /** Most appends that wait for room; more are refused. Default 10,000. */
  maxWaiting?: number;
  /** Longest wait of an append for room, in ms. Default 30,000. */
  waitMs?: number;
  /** For how long an id is remembered, in ms: appended again, it is stored once. Default 120,000. */
  duplicateWindowMs?: number;
  /** Most ids remembered, whatever their age. Default 100,000. */
  maxIds?: number;
  /**
   * What opening does when accepted records cannot be read. `refuse` (default): it throws, naming file, place and
   * sequences. `salvage`: the damaged file is copied aside, the loss is written down and reported in `stats()`, and
   * everything that can be read is kept.
   */
  onDamage?: 'refuse' | 'salvage';
}

export type ResolvedJournalOptions = z.infer<typeof journalOptionsSchema>;

/** @throws StreamError `INVALID` naming every wrong option */
export function resolveJournalOptions(options: JournalOptions): ResolvedJournalOptions {
  const parsed = journalOptionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOptions('journal', parsed.error, options);
  const { segmentBytes, maxBytes, maxRecordBytes } = parsed.data;
  const problems = [
    ...(segmentBytes * 2 > maxBytes
      ? [`segmentBytes: must be at most half of maxBytes (${maxBytes}), got ${segmentBytes}`]
      : []),
    ...(maxRecordBytes + HEADERS_BYTES > segmentBytes
      ? [`maxRecordBytes: must fit into a segment (${segmentBytes} less ${HEADERS_BYTES}), got ${maxRecordBytes}`]
      : []),
  ];
  if (problems.length > 0)
    throw new StreamError('INVALID', `journal options are wrong:\n${problems.map((line) => `  ${line}`).join('\n')}`);
  return parsed.data;
}

export function invalidOptions(what: string, error: z.ZodError, given: unknown): StreamError {
  const lines = error.issues.map(({ path, message }) => {
    const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], given);
    return `  ${path.join('.') || 'options'}: ${message}, got ${JSON.stringify(value)}`;
  });
  return new StreamError('INVALID', `${what} options are wrong:\n${lines.join('\n')}`);
}
