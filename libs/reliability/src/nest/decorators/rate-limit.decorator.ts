import { rateLimiterPolicy } from '../../rate-limiter/rate-limiter.js';
import type { RateLimitSharing, RateLimiterOptions } from '../../rate-limiter/rate-limiter.options.js';
import { policyDecorator } from '../policy-decorator.js';

/** Keeps calls below a rate: callers wait in a bounded priority queue, or are refused (`mode`). */
export const RateLimit = policyDecorator<RateLimiterOptions & RateLimitSharing>('RateLimit', rateLimiterPolicy);
