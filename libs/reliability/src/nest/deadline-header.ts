import { remainingMs } from '../core/ambient.js';

export const DEFAULT_DEADLINE_HEADER = 'x-deadline-ms';

/**
 * Headers that hand the deadline of the call in whose course this runs to the service that is called: whole ms that
 * are left. Empty without a deadline. For any client: `fetch(url, { headers: { ...deadlineHeaders() } })`.
 */
export function deadlineHeaders(header: string = DEFAULT_DEADLINE_HEADER): Record<string, string> {
  const leftMs = remainingMs();
  return leftMs === undefined ? {} : { [header]: String(Math.floor(leftMs)) };
}

/** The ms that a caller will wait, at most `maxMs`; `undefined` when the header says nothing usable. */
export function readDeadline(value: unknown, maxMs: number): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,12}$/.test(value.trim())) return undefined;
  return Math.min(Number(value), maxMs);
}
