import type { z } from 'zod';
import type { Policy, PolicyContext } from './policy.js';

/**
 * Places in the chain, outermost first. A policy of one's own names the place it belongs to; those that share a place
 * keep the order in which they were given.
 */
export const SLOTS = [
  'coalesce',
  'fallback',
  'deadline',
  'retry',
  'hedge',
  'circuit-breaker',
  'rate-limiter',
  'bulkhead',
  'load-balancer',
  'time-limit',
  'chaos',
] as const;

export type Slot = (typeof SLOTS)[number];

/** How a kind of policy is configured and made. The built-in ones and a user's own are described alike. */
export interface PolicyDefinition<Schema extends z.ZodType = z.ZodType, P extends Policy = Policy> {
  /** `circuit-breaker` */
  readonly type: string;
  /** Key under `policies.<name>` and `defaults`: `circuitBreaker` */
  readonly optionKey: string;
  readonly slot: Slot;
  /** Defaults, rules and JSON Schema in one. */
  readonly options: Schema;
  create(name: string, options: z.output<Schema>, context: PolicyContext): P;
  /** Whether a policy with these options may let its callers wait, so that a plain value becomes a promise. Default: no. */
  waits?(options: z.output<Schema>): boolean;
  /**
   * Looks at what the schema cannot: throws what making a policy with these options, or giving them to one, would
   * throw. Keeps and starts nothing.
   */
  check?(name: string, options: z.output<Schema>, context: PolicyContext): void;
}
