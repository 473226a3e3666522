import type { Alert } from './alert.js';
import type { ErrorClass } from './error-class.js';
import type { Priority } from './priority.js';

/**
 * Everything that is announced: transitions, refusals and decisions, never ordinary calls.
 * `at` is monotonic ms ({@link Clock.now}). A kind of policy adds its events to its own group below.
 */
export type ReliabilityEvent =
  | CircuitBreakerEvent
  | RateLimiterEvent
  | BulkheadEvent
  | RetryEvent
  | BalancerEvent
  | TimeLimitEvent
  | FallbackEvent
  | HedgeEvent
  | ChaosEvent
  | AlertEvent
  | ConfigurationEvent
  | DecisionEvent
  | CustomEvent;

export type EventType = ReliabilityEvent['type'];

interface Base {
  /** Name of the policy. */
  readonly policy: string;
  readonly at: number;
  readonly key?: string;
}

/** States of a circuit breaker, as events, snapshots and metrics name them. */
export type CircuitBreakerState = 'closed' | 'open' | 'half-open' | 'ramping' | 'forced-open' | 'disabled';

export type CircuitBreakerEvent = Base &
  (
    | {
        readonly type: 'circuit-breaker.transition';
        readonly from: CircuitBreakerState;
        readonly to: CircuitBreakerState;
        readonly reason: string;
        /** How long it stays open, when that is known. */
        readonly retryAfterMs?: number;
        /** The failure that opened it. */
        readonly error?: unknown;
      }
    | {
        readonly type: 'circuit-breaker.refused';
        readonly state: CircuitBreakerState;
        /** `false` when it was only counted (mode `metrics-only`). */
        readonly enforced: boolean;
        readonly retryAfterMs?: number;
      }
    | {
        /** A function given in the options threw. The call is not affected. */
        readonly type: 'circuit-breaker.predicate-failed';
        readonly predicate: string;
        readonly error: unknown;
      }
  );

export type RateLimiterEvent = Base &
  (
    | {
        readonly type: 'rate-limiter.refused';
        readonly reason: string;
        readonly priority: Priority;
        readonly retryAfterMs?: number;
      }
    /** Nothing is admitted for a while, at all or for `key`: abuse, or the other side asked for it. */
    | { readonly type: 'rate-limiter.paused'; readonly forMs: number; readonly reason: string }
    /** The limits are now at `factor` times the configured ones. */
    | { readonly type: 'rate-limiter.adapted'; readonly from: number; readonly factor: number; readonly reason: string }
    /** Shared state was lost (`fallback` says what applies meanwhile) or is back. */
    | {
        readonly type: 'rate-limiter.store';
        readonly available: boolean;
        readonly fallback: string;
        readonly error?: unknown;
      }
  );

export type BulkheadEvent = Base &
  (
    | { readonly type: 'bulkhead.refused'; readonly reason: string; readonly priority: Priority }
    | { readonly type: 'bulkhead.limit'; readonly from: number; readonly to: number }
  );

export type RetryEvent = Base &
  (
    | {
        readonly type: 'retry.scheduled';
        readonly call: string;
        /** The attempt that is to come, 2 for the first repetition. */
        readonly attempt: number;
        readonly delayMs: number;
        readonly errorClass: ErrorClass;
      }
    | {
        readonly type: 'retry.exhausted';
        readonly call: string;
        readonly attempts: number;
        readonly errorClass: ErrorClass;
        readonly reason: string;
        readonly error: unknown;
      }
  );

export type BalancerEvent = Base &
  (
    | {
        /** An endpoint joined, left, or went out of service or back into it. */
        readonly type: 'load-balancer.endpoint';
        readonly endpoint: string;
        readonly change:
          'added' | 'removed' | 'draining' | 'weight' | 'ejected' | 'returned' | 'resting' | 'unhealthy' | 'healthy';
        /** Who or what caused it: `code`, `configuration`, `discovery`, a kind of failure. */
        readonly cause: string;
        /** How long it stays out, in ms. */
        readonly forMs?: number;
      }
    | {
        /** Calls now go to another priority level or zone first. */
        readonly type: 'load-balancer.failover';
        readonly from: string;
        readonly to: string;
      }
    | {
        /** Too few endpoints are healthy: from now on, or no longer, health is disregarded. */
        readonly type: 'load-balancer.panic';
        readonly active: boolean;
        readonly healthy: number;
        readonly total: number;
      }
    | { readonly type: 'load-balancer.refused'; readonly reason: string }
    | {
        /** A refresh of the endpoints failed; they stay as they are. */
        readonly type: 'load-balancer.discovery-failed';
        readonly error: unknown;
      }
    | {
        /** Advice: so many endpoints there should be. */
        readonly type: 'load-balancer.scaling';
        readonly desired: number;
        readonly current: number;
        readonly cause: string;
      }
    | {
        readonly type: 'load-balancer.provisioning-failed';
        readonly what: 'start' | 'stop';
        readonly error: unknown;
      }
  );

export type TimeLimitEvent = Base & {
  readonly type: 'time-limit.exceeded' | 'time-limit.late-result' | 'deadline.exceeded' | 'deadline.late-result';
  readonly call: string;
  readonly limitMs: number;
  readonly elapsedMs: number;
};

export type FallbackEvent = Base & {
  readonly call: string;
  /** `last-good`, `method`, `handler` or `value`. */
  readonly source: string;
  /** The error that is answered; `undefined` where keeping a good value failed. */
  readonly error: unknown;
} & (
    | {
        readonly type: 'fallback.answered';
        /** Age of a kept value. */
        readonly ageMs?: number;
      }
    | { readonly type: 'fallback.failed'; readonly failure: unknown }
  );

export type HedgeEvent = Base & {
  readonly type: 'hedge.sent' | 'hedge.won' | 'hedge.suppressed';
  readonly call: string;
  readonly reason?: string;
};

export type ChaosEvent = Base &
  (
    | {
        readonly type: 'chaos.injected';
        readonly call: string;
        /** `fault`, `latency`, `result` or `behaviour`. */
        readonly fault: string;
      }
    | { readonly type: 'chaos.switched'; readonly on: boolean }
  );

/** `policy` is '' where an alert is about none. */
export type AlertEvent = Base &
  (
    | {
        /** It fired, or was escalated: it fires again, with a higher severity. */
        readonly type: 'alert.firing';
        readonly alert: Alert;
      }
    | { readonly type: 'alert.resolved'; readonly alert: Alert }
  );

/** From a policy of one's own. */
export type CustomEvent = Base & { readonly type: 'custom'; readonly name: string; readonly data?: unknown };

/** About the configuration as a whole: `policy` is `configuration`. */
export type ConfigurationEvent = Base &
  (
    | {
        /** Another version is in force. */
        readonly type: 'configuration.applied';
        readonly version: number;
        readonly source: string;
        readonly who: string;
        readonly why: string;
        /** Paths that changed, at most 50. */
        readonly changed: readonly string[];
      }
    /** What a source says is not put in force; nothing has changed. */
    | { readonly type: 'configuration.rejected'; readonly source: string; readonly error: unknown }
    | {
        /** A source cannot be read, or can be again. Meanwhile what it said last stays in force. */
        readonly type: 'configuration.source';
        readonly source: string;
        readonly available: boolean;
        readonly error?: unknown;
      }
    /** A version or a line of the audit trail could not be kept. */
    | { readonly type: 'configuration.not-kept'; readonly what: 'version' | 'audit'; readonly error: unknown }
  );

/** The manager has decided something by rule about `policy`. */
export type DecisionEvent = Base & {
  readonly type: 'decision';
  readonly rule: string;
  /** `suggested`: nothing was changed. `failed`: it was not possible. */
  readonly change: 'suggested' | 'applied' | 'reverted' | 'failed';
  /** Why, in words, with the figures. */
  readonly explanation: string;
  /** Path of the option: `policies.okx.circuitBreaker.openForMs`. */
  readonly setting: string;
  readonly from: unknown;
  readonly to: unknown;
};
