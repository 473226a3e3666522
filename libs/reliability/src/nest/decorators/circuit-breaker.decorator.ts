import { circuitBreakerPolicy } from '../../circuit-breaker/circuit-breaker.js';
import type { CircuitBreakerOptions } from '../../circuit-breaker/circuit-breaker.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Stops calling what keeps failing, and tries again later. */
export const CircuitBreaker = policyDecorator<CircuitBreakerOptions>('CircuitBreaker', circuitBreakerPolicy);
