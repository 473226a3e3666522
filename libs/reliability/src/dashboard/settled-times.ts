import type { PolicySnapshot } from '../core/policy.js';
import { redactText } from '../core/redact.js';

/** Fields that hold a time from now or until now, and what they become. They would change with every look. */
const SINCE: Readonly<Record<string, string>> = { forMs: 'since' };
const UNTIL: Readonly<Record<string, string>> = {
  retryAfterMs: 'retryAt',
  returnsInMs: 'returnsAt',
  pausedForMs: 'pausedUntil',
  endsInMs: 'endsAt',
};
/** Text without any of these holds no secret that could be told; most text does not. */
const SUSPECT = /[:=]|eyJ|bearer|basic/i;
const DIGITS = 4;
/** Nothing in a snapshot is nested deeper. */
const DEEPEST = 8;

/**
 * A snapshot in which what did not change looks the same at any `now`: spans of time become points in time, fractions
 * lose the digits that nobody reads. Secrets in text are left out.
 */
export function settledTimes(snapshot: PolicySnapshot, now: number): PolicySnapshot {
  return settle(snapshot, now, 0) as PolicySnapshot;
}

function settle(value: unknown, now: number, depth: number): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : rounded(value);
  if (typeof value === 'string') return SUSPECT.test(value) ? redactText(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return null;
  if (Array.isArray(value)) return value.map((element) => settle(element, now, depth + 1));
  const settled: Record<string, unknown> = {};
  for (const [field, inner] of Object.entries(value)) {
    if (typeof inner === 'number' && field in SINCE) settled[SINCE[field]!] = Math.round(now - inner);
    else if (typeof inner === 'number' && field in UNTIL) settled[UNTIL[field]!] = pointAfter(inner, now);
    else settled[field] = settle(inner, now, depth + 1);
  }
  return settled;
}

/** Nothing to wait for is 0, for ever is null. */
function pointAfter(spanMs: number, now: number): number | null {
  if (spanMs <= 0) return 0;
  return Number.isFinite(spanMs) ? Math.round(now + spanMs) : null;
}

const rounded = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null);
