import { AsyncLocalStorage } from 'node:async_hooks';
import { isExhaustion } from './retry-decision.js';
import { retryReportOf } from './attempts-of.js';

/**
 * Sent with a request by a caller that will repeat it if it fails: the number of the attempt, 1 for the first. Whoever
 * serves the request should not repeat its own calls for it, else the layers of a call graph multiply.
 */
export const RETRY_ATTEMPT_HEADER = 'x-retry-attempt';

/** `false` in an answer: somebody has retried already, do not repeat. Understood by {@link classify}. */
export const SHOULD_RETRY_HEADER = 'x-should-retry';

type PlainHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;
type IncomingHeaders = { get(name: string): string | null | undefined } | PlainHeaders;

const hop = new AsyncLocalStorage<number | undefined>();

/** Headers for a request made by an attempt that is repeated when it fails. */
export function retryHeaders({ attempt }: { readonly attempt: number }): Record<string, string> {
  return { [RETRY_ATTEMPT_HEADER]: String(attempt) };
}

/** The attempt that a request says it is, or `undefined` when its sender does not repeat it. */
export function attemptOfRequest(headers: IncomingHeaders): number | undefined {
  const given =
    typeof headers.get === 'function'
      ? headers.get(RETRY_ATTEMPT_HEADER)
      : (headers as PlainHeaders)[RETRY_ATTEMPT_HEADER];
  const text = String(Array.isArray(given) ? given[0] : given);
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined;
}

/**
 * Serves a request: when its sender repeats it, no retry within `serve` repeats anything. To be wrapped around the
 * handling of a request.
 */
export function withinRetryHop<T>(headers: IncomingHeaders, serve: () => T): T {
  return hop.run(attemptOfRequest(headers), serve);
}

/** Whether what is being done serves a request that its sender repeats. */
export function isRetriedUpstream(): boolean {
  return hop.getStore() !== undefined;
}

/** Headers for the answer that reports `error`: tells the caller not to repeat what was repeated here in vain. */
export function retryAnswerHeaders(error: unknown): Record<string, string> {
  const report = retryReportOf(error);
  return report !== undefined && isExhaustion(report.reason) ? { [SHOULD_RETRY_HEADER]: 'false' } : {};
}
