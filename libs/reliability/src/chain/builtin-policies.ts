import type { PolicyDefinition } from '../core/policy-definition.js';
import { bulkheadPolicy } from '../bulkhead/bulkhead.js';
import { chaosPolicy } from '../chaos/chaos.js';
import { circuitBreakerPolicy } from '../circuit-breaker/circuit-breaker.js';
import { coalescePolicy } from '../coalesce/coalesce.js';
import { fallbackPolicy } from '../fallback/fallback.js';
import { hedgePolicy } from '../hedge/hedge.js';
import { loadBalancerPolicy } from '../load-balancer/load-balancer.js';
import { rateLimiterPolicy } from '../rate-limiter/rate-limiter.js';
import { retryPolicy } from '../retry/retry.js';
import { deadlinePolicy } from '../time-limit/deadline.js';
import { timeLimitPolicy } from '../time-limit/time-limit.js';

/** Every kind of policy that comes with the library. */
export const BUILTIN_POLICIES: readonly PolicyDefinition[] = [
  bulkheadPolicy,
  circuitBreakerPolicy,
  coalescePolicy,
  fallbackPolicy,
  hedgePolicy,
  loadBalancerPolicy,
  rateLimiterPolicy,
  retryPolicy,
  deadlinePolicy,
  timeLimitPolicy,
  chaosPolicy,
];
