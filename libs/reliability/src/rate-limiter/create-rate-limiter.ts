import type { Capabilities } from '../core/capabilities.js';
import { systemCapabilities } from '../core/capabilities.js';
import { parseOptions } from '../core/options.js';
import { RateLimiter } from './rate-limiter.js';
import type { RateLimiterOptions } from './rate-limiter.options.js';
import { rateLimiterOptions } from './rate-limiter.options.js';

/**
 * A limiter of one's own, outside any chain.
 * @throws InvalidOptionsError
 */
export function createRateLimiter(
  options: RateLimiterOptions = {},
  { name = 'rate-limiter', ...capabilities }: Partial<Capabilities> & { readonly name?: string } = {},
): RateLimiter {
  const resolved = parseOptions(rateLimiterOptions, options, name);
  return new RateLimiter(name, resolved, { ...systemCapabilities(), ...capabilities });
}
