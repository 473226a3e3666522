import { parseOptions } from '../core/options.js';
import type { Algorithm, RateLimiterOptions, ResolvedWindow } from '../rate-limiter/rate-limiter.options.js';
import { rateLimiterOptions, windowsOf } from '../rate-limiter/rate-limiter.options.js';
import { Windows } from '../rate-limiter/windows.js';
import { LIMIT_SCRIPT } from './limit-script.js';
import type { SharedStore } from './shared-store.js';
import { script, StoreUnavailableError } from './shared-store.js';

const LIMIT = script(LIMIT_SCRIPT);

/** What the server says of a limit. */
export interface SharedAnswer {
  /** Permits taken or given back; 0 for none. */
  readonly permits: number;
  /** Ms until as many as were asked for can be taken; 0 when they were. */
  readonly waitMs: number;
  /** The server's time, in ms since 2026-01-01: what a refund is to name. */
  readonly takenAt: number;
  readonly remaining: number;
}

/**
 * One limit, several windows perhaps, whose state is in Redis: one string for each key, all of it under one hash tag,
 * so that a cluster keeps it on one node. Idle keys expire there by themselves.
 *
 * `cold` says that a key that the server does not know may be one whose state was lost, so that it starts with
 * `initialPermits`; otherwise it is one that was idle, and starts with all.
 */
export class SharedLimit {
  /** The largest cost that can ever be admitted. */
  readonly capacity: number;
  /** Ms without use after which a key's state is that of a new one. */
  readonly memoryMs: number;
  readonly #windows: readonly string[];
  readonly #warmWindows: readonly string[];
  readonly #keepMs: string;

  constructor(
    private readonly store: SharedStore,
    private readonly prefix: string,
    private readonly windows: readonly ResolvedWindow[],
    /** For tests: ms to use in place of the server's time. */
    private readonly now?: () => number,
  ) {
    const { meters, memoryMs, capacity } = new Windows(windows);
    this.capacity = capacity;
    this.memoryMs = memoryMs;
    this.#keepMs = String(Math.ceil(memoryMs) + 1_000);
    const describe = (initialPermits: (window: ResolvedWindow) => number | undefined) =>
      meters.flatMap(({ constants }, index) => [
        String(initialPermits(windows[index]!) ?? ''),
        String(constants.length),
        ...constants.map(String),
      ]);
    this.#windows = describe(({ initialPermits, algorithm }) => initialPermits ?? initiallyPaced(algorithm));
    this.#warmWindows = describe(({ algorithm }) => initiallyPaced(algorithm));
  }

  /** Takes `cost` permits or none. */
  take(key: string, cost: number, cold = true): Promise<SharedAnswer> {
    return this.#run('take', key, cost, '0', cold);
  }

  /** Takes up to `most` permits, or none when there are not even `least`. */
  lease(key: string, most: number, least: number, cold = true): Promise<SharedAnswer> {
    return this.#run('lease', key, most, String(least), cold);
  }

  /** Gives back permits that were taken together and not used. */
  refund(key: string, cost: number, takenAt: number): Promise<SharedAnswer> {
    return this.#run('refund', key, cost, String(takenAt), true);
  }

  /** Leaves at most so many permits in one window: the one of that length, or the first. */
  drain(key: string, permits: number, cold = true, windowMs?: number): Promise<SharedAnswer> {
    const index = this.windows.findIndex((window) => window.windowMs === windowMs);
    return this.#run('drain', key, permits, String(Math.max(0, index) + 1), cold);
  }

  /** What is left of the window of that length, or the first, when so many are used; `undefined` for one not ours. */
  leftOf(used: number, windowMs: number | undefined): number | undefined {
    const window = windowMs === undefined ? this.windows[0] : this.windows.find((one) => one.windowMs === windowMs);
    return window && Math.max(0, window.limit - used);
  }

  /** Leaves so many permits less in each window, as far as there are any: they were given out without asking. */
  owe(key: string, permits: readonly number[]): Promise<SharedAnswer> {
    return this.#run('owe', key, 0, permits.join(','), true);
  }

  /** Takes nothing. */
  look(key: string): Promise<SharedAnswer> {
    return this.#run('look', key, 0, '0', true);
  }

  async #run(operation: string, key: string, cost: number, extra: string, cold: boolean): Promise<SharedAnswer> {
    const args = [operation, String(cost), extra, String(this.now?.() ?? ''), this.#keepMs];
    args.push(...(cold ? this.#windows : this.#warmWindows));
    const answer = await this.store.run(LIMIT, [`${this.prefix}{${key}}`], args);
    if (!Array.isArray(answer) || answer.length !== 4) {
      throw new StoreUnavailableError(`unexpected answer ${JSON.stringify(answer)}`);
    }
    const [permits, waitMs, takenAt, remaining] = answer.map(Number);
    return { permits: permits!, waitMs: waitMs!, takenAt: takenAt!, remaining: remaining! };
  }
}

/**
 * A limit in Redis by itself, without leases, queue and fallback.
 * @throws InvalidOptionsError
 */
export function sharedLimit(
  store: SharedStore,
  name: string,
  options: RateLimiterOptions,
  /** ms to use in place of the server's time, for tests. */
  now?: () => number,
): SharedLimit {
  return new SharedLimit(store, `${name}:`, windowsOf(parseOptions(rateLimiterOptions, options, name)), now);
}

/** A pacer has saved up no slack. */
function initiallyPaced(algorithm: Algorithm): number | undefined {
  return algorithm === 'pacing' ? 1 : undefined;
}
