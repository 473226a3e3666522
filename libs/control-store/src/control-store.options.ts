import { z } from 'zod';
import { ControlStoreError } from './errors.js';

const count = (most: number, byDefault: number) => z.int().min(1).max(most).default(byDefault);

export const controlStoreOptions = z.strictObject({
  /** `file:…` or `postgresql://…`. */
  url: z.string().min(1).default('file:./control.db'),
  /** Tells instances that share the tables apart. Two that run at the same time need two names. */
  instance: z.string().min(1).max(100).default('default'),
  /** How much is kept for each instance; older entries are removed as new ones come. */
  keep: z
    .strictObject({
      versions: count(1_000_000, 1_000),
      auditEntries: count(10_000_000, 100_000),
      alerts: count(10_000_000, 100_000),
    })
    .prefault({}),
  /** Longest time for one statement, and for a connection, in ms. */
  timeoutMs: z.int().min(100).max(60_000).default(5_000),
  /** Longest wait for another process that makes the tables, in ms. */
  migrationWaitMs: z.int().min(100).max(600_000).default(30_000),
});

export type ControlStoreOptions = z.input<typeof controlStoreOptions>;
export type ResolvedControlStoreOptions = z.output<typeof controlStoreOptions>;

/** @throws ControlStoreError `INVALID` naming every problem by path and rule */
export function parseControlStoreOptions(options: unknown): ResolvedControlStoreOptions {
  const parsed = controlStoreOptions.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${['controlStore', ...path].join('.')}: ${message}`);
  throw new ControlStoreError('INVALID', problems.join('; '));
}
