import type { RateLimitDecision } from './rate-limit-decision.js';

/** What is told of a limit: part of {@link RateLimiter.windows}. */
export interface TellableWindow {
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * The headers that tell a caller where it stands (draft-ietf-httpapi-ratelimit-headers): the policy of every window,
 * what is left and the seconds until all of it is back, and for a refused call `Retry-After`, in seconds, rounded up
 * so that whoever obeys is not refused again.
 */
export function rateLimitHeaders(
  name: string,
  windows: readonly TellableWindow[],
  { admitted, remaining, resetMs, retryAfterMs }: RateLimitDecision,
): Record<string, string> {
  const policyName = (index: number) =>
    JSON.stringify(windows.length === 1 ? tellable(name) : `${tellable(name)}-${index + 1}`);
  const policies = windows.map(
    ({ limit, windowMs }, index) => `${policyName(index)};q=${limit};w=${Math.max(1, Math.round(windowMs / 1_000))}`,
  );
  const headers: Record<string, string> = {
    'RateLimit-Policy': policies.join(', '),
    RateLimit: `${policyName(0)};r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
  };
  if (!admitted && retryAfterMs !== undefined)
    headers['Retry-After'] = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return headers;
}

/** A structured-field string holds printable ASCII only. */
function tellable(name: string): string {
  return name.replace(/[^ !#-[\]-~]/g, '_');
}
