import { retryAfterHeaderMs } from '../core/classification/wait-hint.js';
import type { LearnedQuota } from './gate.js';

/** One header of an answer by its lower-case name. */
export type HeaderReader = (name: string) => string | null | undefined;

const WINDOW_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const USED_WEIGHTS = ['1s', '10s', '1m', '3m', '5m', '1h', '1d'];
/** Numbers from here on are points in time in ms, those from {@link EPOCH_SECONDS_FROM} on in seconds, less a wait. */
const EPOCH_MS_FROM = 1e11;
const EPOCH_SECONDS_FROM = 1e9;

/**
 * What the headers of a server's answer say of our quota with it, for {@link RateLimiter.learn}: `Retry-After`,
 * `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers; up to its 7th version one
 * `RateLimit: limit=10, remaining=3, reset=5`), the older `RateLimit-*` and `X-RateLimit-*`,
 * used-weight headers (`X-MBX-USED-WEIGHT-1M`, and without a window: the first), and the exchanges' own (`X-Bapi-Limit-Status`, `gw-ratelimit-remaining`,
 * `X-Gate-RateLimit-Requests-Remain`). What cannot be read is left out.
 */
export function quotasFromHeaders(header: HeaderReader, wallNow: () => number): LearnedQuota[] {
  const quotas = [...standardQuotas(header), ...usedWeights(header)];
  const counted = countedQuota(header, wallNow);
  if (counted !== undefined) quotas.push(counted);
  const retryAfterMs = retryAfterHeaderMs(text(header, 'retry-after'), text(header, 'date'), wallNow);
  if (retryAfterMs !== undefined) quotas.push({ retryAfterMs });
  return quotas;
}

/** `RateLimit: "minute";r=12;t=30` with, perhaps, `RateLimit-Policy: "minute";q=100;w=60`. */
function standardQuotas(header: HeaderReader): LearnedQuota[] {
  const windows = new Map(
    items(text(header, 'ratelimit-policy')).map(({ name, parameters }) => [name, number(parameters['w'])]),
  );
  const limits = items(text(header, 'ratelimit'));
  const [older] = limits;
  if (older !== undefined && /^\w+=/.test(older.name)) return dictionaryQuota(limits.map(({ name }) => name));
  return limits.flatMap(({ name, parameters }) => {
    const remaining = number(parameters['r']);
    if (remaining === undefined) return [];
    const [window, reset] = [windows.get(name), number(parameters['t'])];
    return [{ remaining, windowMs: times(window, 1_000), resetMs: times(reset, 1_000) }];
  });
}

/** `RateLimit: limit=10, remaining=3, reset=5`. */
function dictionaryQuota(members: readonly string[]): LearnedQuota[] {
  const value = (name: string) =>
    number(members.find((member) => member.startsWith(`${name}=`))?.slice(name.length + 1));
  const remaining = value('remaining');
  return remaining === undefined ? [] : [{ remaining, resetMs: times(value('reset'), 1_000) }];
}

function usedWeights(header: HeaderReader): LearnedQuota[] {
  const weights = USED_WEIGHTS.flatMap((window) => {
    const used = number(text(header, `x-mbx-used-weight-${window}`));
    if (used === undefined) return [];
    return [{ used, windowMs: Number.parseInt(window, 10) * WINDOW_MS[window.at(-1)!]! }];
  });
  // The older header without a window says again what one of the others says.
  const used = weights.length > 0 ? undefined : number(text(header, 'x-mbx-used-weight'));
  return used === undefined ? weights : [{ used }];
}

function countedQuota(header: HeaderReader, wallNow: () => number): LearnedQuota | undefined {
  const first = (...names: string[]) =>
    names.map((name) => number(text(header, name))).find((found) => found !== undefined);
  const remaining = first(
    'x-ratelimit-remaining',
    'ratelimit-remaining',
    'x-bapi-limit-status',
    'gw-ratelimit-remaining',
    'x-gate-ratelimit-requests-remain',
  );
  if (remaining === undefined) return undefined;
  const waitMs = first('gw-ratelimit-reset');
  if (waitMs !== undefined) return { remaining, resetMs: waitMs };
  const reset = first(
    'x-ratelimit-reset',
    'ratelimit-reset',
    'x-bapi-limit-reset-timestamp',
    'x-gate-ratelimit-reset-timestamp',
  );
  return { remaining, resetMs: reset === undefined ? undefined : resetMs(reset, wallNow) };
}

function resetMs(reset: number, wallNow: () => number): number {
  if (reset >= EPOCH_MS_FROM) return Math.max(0, reset - wallNow());
  return reset >= EPOCH_SECONDS_FROM ? Math.max(0, reset * 1_000 - wallNow()) : reset * 1_000;
}

/** The members of a structured-field list (RFC 9651) of strings or tokens with number parameters. */
function items(list: string | undefined): { name: string; parameters: Record<string, string> }[] {
  return (list ?? '').split(',').flatMap((member) => {
    const [name = '', ...rest] = member.split(';').map((part) => part.trim());
    if (name === '') return [];
    const parameters = Object.fromEntries(
      rest.map((part) => part.split('=').map((side) => side.trim()) as [string, string]),
    );
    return [{ name: name.replace(/^"|"$/g, ''), parameters }];
  });
}

function text(header: HeaderReader, name: string): string | undefined {
  return header(name) ?? undefined;
}

function number(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined;
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
