/** What the other side said about trying again. */
export interface WaitHint {
  /** ms, at least 0. */
  readonly retryAfterMs?: number;
  /** `false`: do not retry. `true`: do. */
  readonly retryable?: boolean;
}

const NO_HINT: WaitHint = Object.freeze({});

/** Unix times in seconds are below this until the year 5138, those in ms have been above it since 1973. */
const EPOCH_MS_FROM = 1e11;
/** A reset value above this many seconds is a date, not a wait. */
const LONGEST_RESET_SECONDS = 366 * 86_400;

/**
 * Reads the headers (a `Headers`, a plain object, gRPC metadata) for, in this order: `grpc-retry-pushback-ms` (gRPC
 * proposal A6: negative or unreadable means "do not retry"), `x-should-retry`, `retry-after-ms`, `x-ms-retry-after-ms`,
 * `Retry-After` (RFC 9110 §10.2.3: seconds or a date, which is compared with the answer's own `Date` when it has one),
 * and the reset headers of quota answers.
 */
export function waitHintOf(headerSets: readonly unknown[], wallNow: () => number): WaitHint {
  for (const headers of headerSets) {
    if (headers === undefined) continue;
    const hint = hintIn((name) => headerOf(headers, name), wallNow);
    if (hint !== undefined) return hint;
  }
  return NO_HINT;
}

function hintIn(header: (name: string) => string | undefined, wallNow: () => number): WaitHint | undefined {
  const pushback = header('grpc-retry-pushback-ms');
  if (pushback !== undefined) {
    const ms = /^\s*\d+\s*$/.test(pushback) ? Number(pushback) : Number.NaN;
    return Number.isFinite(ms) ? { retryAfterMs: ms, retryable: true } : { retryable: false };
  }
  const retryable = flag(header('x-should-retry') ?? header('stripe-should-retry'));
  const retryAfterMs =
    milliseconds(header('retry-after-ms') ?? header('x-ms-retry-after-ms')) ??
    retryAfterHeaderMs(header('retry-after'), header('date'), wallNow) ??
    resetMs(header, wallNow);
  if (retryAfterMs === undefined && retryable === undefined) return undefined;
  return { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(retryable !== undefined && { retryable }) };
}

/**
 * The wait that a `Retry-After` header asks for, in ms: seconds (fractions are tolerated) or an HTTP date.
 * `undefined` for anything else, negative numbers included; 0 for a date that has passed.
 */
export function retryAfterHeaderMs(
  value: string | undefined,
  date: string | undefined,
  wallNow: () => number,
): number | undefined {
  if (value === undefined) return undefined;
  const trimmed = value.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    const seconds = Number(trimmed);
    return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
  const until = httpDate(trimmed);
  if (Number.isNaN(until)) return undefined;
  const sent = date === undefined ? Number.NaN : httpDate(date.trim());
  return Math.max(0, until - (Number.isNaN(sent) ? wallNow() : sent));
}

/**
 * ms since the epoch of a date in one of the three formats of HTTP (RFC 9110 §5.6.7); NaN for anything else, of which
 * `Date.parse` would make something. One without a zone, as that of `asctime`, is in UTC, not in ours.
 */
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return Number.NaN;
  return Date.parse(/:\d\d(?: \d{4})?$/.test(text) ? `${text} GMT` : text);
}

function resetMs(header: (name: string) => string | undefined, wallNow: () => number): number | undefined {
  const inMs = milliseconds(header('gw-ratelimit-reset'));
  if (inMs !== undefined) return inMs;
  const reset = header('ratelimit-reset') ?? header('x-ratelimit-reset') ?? header('x-bapi-limit-reset-timestamp');
  if (reset === undefined || !/^\d+(\.\d+)?$/.test(reset.trim())) return undefined;
  // These accompany every answer, spent or not: they are a wait only when nothing is left.
  const remaining = header('ratelimit-remaining') ?? header('x-ratelimit-remaining') ?? header('x-bapi-limit-status');
  if (Number(remaining) > 0) return undefined;
  const value = Number(reset);
  if (value >= EPOCH_MS_FROM) return Math.max(0, value - wallNow());
  return value > LONGEST_RESET_SECONDS ? Math.max(0, value * 1_000 - wallNow()) : value * 1_000;
}

function milliseconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d+(\.\d+)?$/.test(value.trim())) return undefined;
  const ms = Number(value);
  return Number.isFinite(ms) ? ms : undefined;
}

function flag(value: string | undefined): boolean | undefined {
  const word = value?.trim().toLowerCase();
  return word === 'false' ? false : word === 'true' ? true : undefined;
}

function headerOf(headers: unknown, name: string): string | undefined {
  try {
    const { get } = headers as { readonly get?: (name: string) => unknown };
    if (typeof get === 'function') return asText(get.call(headers, name));
    const key = Object.keys(headers as object).find((candidate) => candidate.toLowerCase() === name) ?? name;
    return asText((headers as Record<string, unknown>)[key]);
  } catch {
    // It does not let itself be looked at.
  }
  return undefined;
}

function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? asText(value[0]) : undefined;
}
