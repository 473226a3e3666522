import { STATUS_CODES } from 'node:http';
import type { ReliabilityError } from '../core/errors.js';
import { retryAnswerHeaders } from '../retry/retry-hop.js';
import { callersQuotaOf } from './callers-quota.js';

/** How an error of this library is told over HTTP. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly statusCode: number;
    readonly message: string;
    readonly code: string;
    readonly retryAfterMs?: number;
  };
}

/** The caller can do something about none of these but wait. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'CIRCUIT_OPEN',
  'RATE_LIMITED',
  'BULKHEAD_FULL',
  'NO_ENDPOINT',
  'RETRY_EXHAUSTED',
  'CHAOS_INJECTED',
  'SHUTTING_DOWN',
]);
const TOO_LATE: ReadonlySet<string> = new Set(['CALL_TIMEOUT', 'DEADLINE_EXCEEDED']);

/**
 * 429 when the caller exceeded its own quota; 503 when a dependency, a queue or our own quota towards somebody else
 * stands in the way; 504 when time was up; 500 for mistakes in the program. Names of policies are not told.
 */
export function httpAnswer(error: ReliabilityError): HttpAnswer {
  const quota = callersQuotaOf(error);
  const status = quota === undefined ? statusOf(error.code) : 429;
  const retryAfterMs = status === 503 || status === 429 ? error.retryAfterMs : undefined;
  return {
    status,
    headers: {
      ...(retryAfterMs !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
      ...(error.code === 'SHUTTING_DOWN' && { Connection: 'close' }),
      ...retryAnswerHeaders(error),
      ...quota,
    },
    body: {
      statusCode: status,
      message: STATUS_CODES[status]!,
      code: status === 500 ? 'INTERNAL' : error.code,
      ...(retryAfterMs !== undefined && { retryAfterMs: Math.ceil(retryAfterMs) }),
    },
  };
}

function statusOf(code: string): number {
  if (UNAVAILABLE.has(code)) return 503;
  return TOO_LATE.has(code) ? 504 : 500;
}
