import type { BulkheadOptions } from '../bulkhead/bulkhead.options.js';
import type { ChaosOptions } from '../chaos/chaos.options.js';
import type { CircuitBreakerOptions } from '../circuit-breaker/circuit-breaker.options.js';
import type { CoalesceOptions } from '../coalesce/coalesce.options.js';
import type { FallbackOptions } from '../fallback/fallback.options.js';
import type { HedgeOptions } from '../hedge/hedge.options.js';
import type { LoadBalancerOptions } from '../load-balancer/load-balancer.options.js';
import type { RateLimitSharing, RateLimiterOptions } from '../rate-limiter/rate-limiter.options.js';
import type { RetryOptions } from '../retry/retry.options.js';
import type { DeadlineOptions, TimeLimitOptions } from '../time-limit/time-limit.options.js';

/**
 * Options of the policies of one name, by option key. A policy of one's own adds its key:
 * `declare module '@marketprism/reliability' { interface PolicyOptions { tally?: TallyOptions } }`.
 */
export interface PolicyOptions {
  readonly coalesce?: CoalesceOptions;
  readonly fallback?: FallbackOptions;
  readonly deadline?: DeadlineOptions;
  readonly retry?: RetryOptions;
  readonly hedge?: HedgeOptions;
  readonly circuitBreaker?: CircuitBreakerOptions;
  readonly rateLimit?: RateLimiterOptions & RateLimitSharing;
  readonly bulkhead?: BulkheadOptions;
  readonly balancer?: LoadBalancerOptions;
  readonly timeLimit?: TimeLimitOptions;
  readonly chaos?: ChaosOptions;
}
