import type { PolicyDefinition } from '../core/policy-definition.js';
import { SharedRateLimiter } from './shared-rate-limiter.js';
import { sharedRateLimiterOptions } from './shared-rate-limiter.options.js';
import type { SharedStore } from './shared-store.js';

/** The kind `rate-limiter` with its state in this store, to be registered in place of the built-in one. */
export function sharedRateLimiterPolicy(store: SharedStore, prefix?: string) {
  return {
    type: 'rate-limiter',
    optionKey: 'rateLimit',
    slot: 'rate-limiter',
    options: sharedRateLimiterOptions,
    create: (name, options, context) => new SharedRateLimiter(name, options, store, context, prefix),
    waits: () => true,
  } satisfies PolicyDefinition<typeof sharedRateLimiterOptions, SharedRateLimiter>;
}
