import { ofSeveral } from './policy-family.js';
import { capped, durations, each, field, fields, type Reading, seen } from './reading.js';

/** Reasons of one policy that have series of their own. */
const REASONS_SHOWN = 4;

/** A number under one fixed value of a label. */
const under = (label: string, value: string, path: string): Reading => fields(label, { [value]: path });

/** What several types of policies have in common. */
export const SHARED_FAMILIES = ofSeveral('', [
  [
    'refused_total',
    'counter',
    'Calls refused, by the policy that refused and why',
    {
      'circuit-breaker': under('reason', 'open', 'counters.refused'),
      'rate-limiter': capped('refused', 'reason', REASONS_SHOWN),
      bulkhead: capped('refused', 'reason', REASONS_SHOWN),
      'load-balancer': under('reason', 'no-endpoint', 'refused'),
      'time-limit': seen(under('reason', 'deadline-passed', 'refused')),
      deadline: seen(under('reason', 'deadline-passed', 'refused')),
    },
  ],
  [
    'call_duration_seconds',
    'histogram',
    'How long calls took, from admission to the result: single attempts at a breaker or a time limit, whole calls at a deadline',
    {
      'circuit-breaker': durations('durations'),
      'time-limit': durations('durations'),
      deadline: durations('durations'),
    },
  ],
  [
    'wait_duration_seconds',
    'histogram',
    'How long calls that had to wait did so before they were let through',
    { 'rate-limiter': durations('durations'), bulkhead: durations('durations') },
  ],
  [
    'waiting',
    'gauge',
    'Calls waiting, by priority',
    { 'rate-limiter': seen(each('waiting', 'priority')), bulkhead: seen(each('waiting', 'priority')) },
  ],
  [
    'keys',
    'gauge',
    'Keys with state of their own',
    { 'circuit-breaker': seen(field('keys.held')), 'rate-limiter': seen(field('keys')), bulkhead: seen(field('keys')) },
  ],
  [
    'keys_dropped_total',
    'counter',
    'Keys forgotten, or not taken, for want of room',
    {
      'circuit-breaker': seen(fields('cause', { evicted: 'keys.evicted', overflow: 'keys.overflowed' })),
      'rate-limiter': seen(under('cause', 'evicted', 'forgottenKeys')),
      bulkhead: seen(under('cause', 'overflow', 'keysOverflowed')),
      fallback: seen(under('cause', 'evicted', 'evicted')),
      coalesce: seen(under('cause', 'overflow', 'overflowed')),
    },
  ],
]);
