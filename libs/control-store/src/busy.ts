import { buildChain, type StandaloneChain } from '@marketprism/reliability';

/** SQLite's own wait blocks the process, so it is short; the rest is waited here. */
export const BUSY_TIMEOUT_MS = 50;

/** Whether another connection holds the file. */
export function isBusy(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    (typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code === 'P1008')) ||
    (typeof message === 'string' && message.includes('database is locked'))
  );
}

/** Repeats what found the file held by another, for `withinMs`. */
export function whileBusy(withinMs: number): StandaloneChain {
  return buildChain({
    name: 'control-store',
    retry: {
      attempts: 1_000,
      withinMs,
      backoff: { kind: 'exponential', baseMs: 5, capMs: 100, jitter: 'full' },
      budget: false,
      rules: [(error) => (isBusy(error) ? { errorClass: 'server', retryable: true } : undefined)],
      retryIf: isBusy,
      history: { size: 0 },
    },
  });
}
