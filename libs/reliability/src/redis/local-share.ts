import type { RateLimiterOptions } from '../rate-limiter/rate-limiter.options.js';
import { overrideOf, windowsOf } from '../rate-limiter/rate-limiter.options.js';
import type { ResolvedSharedRateLimiterOptions } from './shared-rate-limiter.options.js';

/** The same limits for one instance out of several, with nothing at hand at the start. At least one permit each. */
export function localShare(options: ResolvedSharedRateLimiterOptions): RateLimiterOptions {
  const share = <Window extends { readonly limit: number; readonly burst?: number }>(window: Window) => ({
    ...window,
    limit: Math.max(1, Math.floor(window.limit / options.instances)),
    burst: window.burst === undefined ? undefined : Math.max(1, Math.floor(window.burst / options.instances)),
    initialPermits: 0,
  });
  return {
    keys: options.keys,
    windows: windowsOf(options).map(share),
    overrides: Object.fromEntries(
      Object.entries(options.overrides).map(([key, override]) => [key, share(overrideOf(options, override))]),
    ),
  };
}
