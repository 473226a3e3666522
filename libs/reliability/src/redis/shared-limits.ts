import { overrideOf, windowsOf } from '../rate-limiter/rate-limiter.options.js';
import { SharedLimit } from './shared-limit.js';
import type { ResolvedSharedRateLimiterOptions } from './shared-rate-limiter.options.js';
import type { SharedStore } from './shared-store.js';

/** Stands for the limiter as a whole among its keys. */
export const WHOLE = 'all';
const BY_KEY = 'key:';

/** A user's key as it stands among the keys of the store. */
export function sharedKey(key: string | undefined): string {
  return key === undefined ? WHOLE : BY_KEY + key;
}

/** A key as its user knows it. */
export function shown(key: string): string | undefined {
  return key === WHOLE ? undefined : key.slice(BY_KEY.length);
}

/** The limits in the store that one limiter's options amount to: one for whoever has none of their own, and the others. */
export class SharedLimits {
  readonly common: SharedLimit;
  readonly #overrides: ReadonlyMap<string, SharedLimit>;

  constructor(store: SharedStore, prefix: string, options: ResolvedSharedRateLimiterOptions) {
    this.common = new SharedLimit(store, prefix, windowsOf(options));
    this.#overrides = new Map(
      Object.entries(options.overrides).map(([key, override]) => [
        BY_KEY + key,
        new SharedLimit(store, prefix, [overrideOf(options, override)]),
      ]),
    );
  }

  of(key: string): SharedLimit {
    return this.#overrides.size === 0 ? this.common : (this.#overrides.get(key) ?? this.common);
  }

  /** Ms without use after which every key's state is that of a new one. */
  get memoryMs(): number {
    return Math.max(this.common.memoryMs, ...[...this.#overrides.values()].map(({ memoryMs }) => memoryMs));
  }
}
