import type { Attributes } from '@opentelemetry/api';
import type { EventType, ReliabilityEvent } from '../core/events.js';
import { endpointName, POLICY } from './attributes.js';

/** What a span is told of the events of its call's policies: refusals and failures it sees for itself. */
const SHOWN = {
  'retry.scheduled': ['attempt', 'delayMs', 'errorClass'],
  'retry.exhausted': ['attempts', 'errorClass', 'reason'],
  'hedge.sent': [],
  'hedge.won': [],
  'hedge.suppressed': ['reason'],
  'fallback.answered': ['source', 'ageMs'],
  'fallback.failed': ['source'],
  'chaos.injected': ['fault'],
  'circuit-breaker.transition': ['from', 'to', 'reason', 'retryAfterMs'],
  'rate-limiter.paused': ['forMs', 'reason'],
  'load-balancer.endpoint': ['endpoint', 'change', 'cause', 'forMs'],
  'load-balancer.failover': ['from', 'to'],
  'load-balancer.panic': ['active', 'healthy', 'total'],
} as const satisfies Partial<Record<EventType, readonly string[]>>;

export type ShownEventType = keyof typeof SHOWN;
export const SHOWN_EVENTS = Object.keys(SHOWN) as readonly ShownEventType[];

/** `reliability.circuit_breaker.transition` */
export const spanEventName = (type: EventType): string => `reliability.${type.replaceAll('-', '_')}`;

export function spanEventAttributes(event: Extract<ReliabilityEvent, { type: ShownEventType }>): Attributes {
  const attributes: Attributes = { [POLICY]: event.policy };
  const values = event as unknown as Readonly<Record<string, string | number | boolean | undefined>>;
  for (const field of SHOWN[event.type]) {
    const value = values[field];
    if (value === undefined) continue;
    attributes[attributeName(field)] = field === 'endpoint' ? endpointName(String(value)) : value;
  }
  return attributes;
}

const attributeName = (field: string) =>
  `reliability.${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
