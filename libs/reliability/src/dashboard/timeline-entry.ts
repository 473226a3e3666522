import type { ReliabilityEvent } from '../core/events.js';
import type { TimelineEntry } from './wire.js';

/** Events that are transitions. Refusals and repetitions are not: with nobody listening, nobody builds them. */
export const TIMELINE_EVENTS = [
  'circuit-breaker.transition',
  'load-balancer.endpoint',
  'load-balancer.panic',
  'load-balancer.failover',
  'rate-limiter.paused',
  'rate-limiter.adapted',
  'rate-limiter.store',
  'bulkhead.limit',
  'chaos.switched',
] as const satisfies readonly ReliabilityEvent['type'][];

/** How a timeline shows an event; `undefined` for one that is no transition. */
export function timelineEntry(event: ReliabilityEvent): TimelineEntry | undefined {
  const base = {
    at: Math.round(event.at),
    name: event.policy,
    ...(event.key !== undefined && { key: event.key }),
  };
  switch (event.type) {
    case 'circuit-breaker.transition':
      return { ...base, kind: 'circuit', from: event.from, to: event.to, text: event.reason };
    case 'load-balancer.endpoint':
      return {
        ...base,
        kind: 'endpoint',
        to: event.change,
        text: `${event.endpoint} ${event.change}${because(event.change, event.cause)}`,
      };
    case 'load-balancer.panic':
      return {
        ...base,
        kind: 'balancer',
        text: event.active
          ? `health is disregarded: ${event.healthy} of ${event.total} endpoints are healthy`
          : 'health is regarded again',
      };
    case 'load-balancer.failover':
      return { ...base, kind: 'balancer', text: `calls go to ${event.to} instead of ${event.from}` };
    case 'rate-limiter.paused':
      return { ...base, kind: 'limiter', text: `paused for ${Math.round(event.forMs)} ms (${event.reason})` };
    case 'rate-limiter.adapted':
      return { ...base, kind: 'limiter', text: `limits at ${Math.round(event.factor * 100)} % (${event.reason})` };
    case 'rate-limiter.store':
      return { ...base, kind: 'limiter', text: event.available ? 'shared state is back' : 'shared state is away' };
    case 'bulkhead.limit':
      return { ...base, kind: 'bulkhead', text: `limit ${event.from} → ${event.to}` };
    case 'chaos.switched':
      return { ...base, kind: 'chaos', text: event.on ? 'chaos is on' : 'chaos is off' };
    default:
      return undefined;
  }
}

/** In words: `code` is whoever steers endpoints while running, a person at this page among them. */
function because(change: string, cause: string): string {
  if (cause === 'code') return ', as was asked for';
  const words = cause.replaceAll('-', ' ');
  return change === 'returned' ? `, after ${words}` : `: ${words}`;
}
