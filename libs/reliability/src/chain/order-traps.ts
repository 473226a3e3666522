import type { Link } from './link.js';

/** A pair of policies that works against what people mean when `outer` lies outside `inner`. */
interface Trap {
  readonly outer: string;
  readonly inner: string;
  readonly consequence: string;
}

const TRAPS: readonly Trap[] = [
  {
    outer: 'retry',
    inner: 'fallback',
    consequence: 'the fallback answers each failed attempt, so nothing is ever repeated',
  },
  {
    outer: 'circuit-breaker',
    inner: 'retry',
    consequence: 'the breaker sees one failure per operation, however many attempts failed, and opens late',
  },
  {
    outer: 'rate-limiter',
    inner: 'retry',
    consequence: 'repetitions take no permit and may exceed the limit',
  },
  {
    outer: 'bulkhead',
    inner: 'retry',
    consequence: 'a call keeps its slot while it waits for its next attempt',
  },
  {
    outer: 'load-balancer',
    inner: 'retry',
    consequence: 'all attempts go to the same endpoint',
  },
  {
    outer: 'time-limit',
    inner: 'retry',
    consequence: 'one limit covers all attempts and the waiting between them: that is what a deadline is for',
  },
  {
    outer: 'time-limit',
    inner: 'rate-limiter',
    consequence: 'waiting in the queue counts as time of the attempt',
  },
  {
    outer: 'time-limit',
    inner: 'bulkhead',
    consequence: 'waiting in the queue counts as time of the attempt',
  },
  {
    outer: 'rate-limiter',
    inner: 'circuit-breaker',
    consequence: 'calls that an open breaker refuses have used up permits',
  },
  {
    outer: 'circuit-breaker',
    inner: 'fallback',
    consequence: 'the breaker sees the answers of the fallback as successes and never opens',
  },
];

/** Likely mistakes in how the policies of a chain work together, one sentence each. */
export function orderTraps(links: readonly Link[], now: number): string[] {
  const types = links.map(({ policy }) => policy.type);
  const found = TRAPS.filter(({ outer, inner }) => {
    const inside = types.lastIndexOf(inner);
    const outside = types.indexOf(outer);
    return outside >= 0 && outside < inside;
  }).map(({ outer, inner, consequence }) => `${outer} lies outside ${inner}: ${consequence}`);
  return [...found, ...limitTraps(links, now)];
}

/** Limits that cannot take effect. */
function limitTraps(links: readonly Link[], now: number): string[] {
  const limitOf = (type: string): number | undefined => {
    const link = links.find(({ policy }) => policy.type === type);
    const limitMs: unknown = link?.policy.inspect(now)['limitMs'];
    return typeof limitMs === 'number' ? limitMs : undefined;
  };
  const attemptMs = limitOf('time-limit');
  const deadlineMs = limitOf('deadline');
  if (attemptMs === undefined || deadlineMs === undefined || attemptMs < deadlineMs) return [];
  return [`the time limit of an attempt (${attemptMs} ms) is not below the deadline of the call (${deadlineMs} ms)`];
}
