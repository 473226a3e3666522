import {
  type AdmissionPolicy,
  bulkheadPolicy,
  circuitBreakerPolicy,
  loadBalancerPolicy,
  type PolicyContext,
  type PolicyDefinition,
  rateLimiterPolicy,
} from '@marketprism/reliability';
import type { z } from 'zod';
import { permitContract } from './permit.contract.js';

/** Makes policies of a kind from options as a user writes them. */
function made<Schema extends z.ZodType, P extends AdmissionPolicy>(
  definition: PolicyDefinition<Schema, P>,
  options: z.input<Schema>,
) {
  return (context: PolicyContext) => definition.create('subject', definition.options.parse(options), context);
}

permitContract('circuit breaker', { create: made(circuitBreakerPolicy, {}) });
permitContract('circuit breaker, ramping, by count', {
  create: made(circuitBreakerPolicy, { windowCalls: 5, minimumCalls: 5, rampMs: 10_000, openForMs: 1_000 }),
});
permitContract('circuit breaker, failures in a row only', {
  create: made(circuitBreakerPolicy, { failureRate: false, slowCallRate: false }),
});
permitContract('bulkhead', {
  create: made(bulkheadPolicy, { maxConcurrent: 3 }),
  capacity: 3,
  waits: true,
});
permitContract('rate limiter', {
  create: made(rateLimiterPolicy, { limit: 5, windowMs: 1_000 }),
  consumes: true,
  waits: true,
});
permitContract('load balancer', {
  create: made(loadBalancerPolicy, { endpoints: [{ id: 'a' }, { id: 'b' }] }),
  neverRefuses: true,
});
