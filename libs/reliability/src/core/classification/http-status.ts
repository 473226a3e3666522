import type { ErrorClass } from '../error-class.js';
import { verdict, type Verdict } from './verdict.js';

const EXCEPTIONS: Readonly<Record<number, ErrorClass>> = {
  401: 'auth',
  403: 'auth',
  407: 'auth',
  451: 'auth',
  511: 'auth',
  408: 'timeout',
  504: 'timeout',
  522: 'timeout',
  524: 'timeout',
  598: 'timeout',
  599: 'timeout',
  420: 'rateLimit',
  429: 'rateLimit',
  430: 'rateLimit',
  509: 'rateLimit',
  423: 'server',
  425: 'server',
};

/** Not implemented, unsupported version, negotiation loop, not extended: another attempt gets the same answer. */
const FINAL_SERVER_FAILURE: Verdict = Object.freeze({ errorClass: 'server', retryable: false });
const FINAL = new Set([501, 505, 506, 510]);

/**
 * RFC 9110 §15, RFC 6585 and the codes that large proxies and sites use beyond them. An error that carries a success
 * status says that the answer could not be used.
 */
export function byHttpStatus(status: number | undefined): Verdict | undefined {
  if (status === undefined) return undefined;
  const exception = EXCEPTIONS[status];
  if (exception !== undefined) return verdict(exception);
  if (FINAL.has(status)) return FINAL_SERVER_FAILURE;
  if (status >= 500) return verdict('server');
  if (status >= 300) return verdict('client');
  return status >= 200 ? verdict('data', 'name') : verdict('data');
}
