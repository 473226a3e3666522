import type { Timer } from '../core/timer.js';
import type { PolicyContext } from '../core/policy.js';
import type { Discover, Discovered } from './discover.js';
import type { DiscoveryOptions } from './load-balancer.options.js';

const FIRST_RETRY_MS = 1_000;

/**
 * Time until the next refresh: the answer's own time to live within bounds, the usual interval without one; after
 * failures 1 s, doubled each time, at most the usual interval.
 */
export function nextRefreshMs(
  { refreshMs, minRefreshMs, maxRefreshMs }: Pick<DiscoveryOptions, 'refreshMs' | 'minRefreshMs' | 'maxRefreshMs'>,
  ttlMs: number | undefined,
  failures: number,
): number {
  if (failures > 0) return Math.min(refreshMs, FIRST_RETRY_MS * 2 ** (failures - 1));
  return ttlMs === undefined ? refreshMs : Math.min(maxRefreshMs, Math.max(minRefreshMs, ttlMs));
}

/** Refreshes a set of endpoints at intervals, one refresh at a time. */
export class DiscoveryLoop<E> {
  refreshes = 0;
  failures = 0;
  #failuresInARow = 0;
  #timer: Timer | undefined;
  #running: AbortController | undefined;
  #closed = false;

  /**
   * @param apply takes the endpoints in; what it throws makes the refresh a failure
   * @param onFailure told of each failed refresh; the set stays as it is
   */
  constructor(
    private readonly discover: Discover<E>,
    private readonly options: DiscoveryOptions,
    private readonly context: PolicyContext,
    private readonly apply: (endpoints: readonly E[]) => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = this.context.clock.schedule(0, () => void this.refresh());
  }

  /** Refreshes now; waits for the refresh under way instead if there is one. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#closed || this.#running !== undefined) return;
    this.#timer?.cancel();
    const abort = new AbortController();
    this.#running = abort;
    let ttlMs: number | undefined;
    try {
      const found = await this.#withinTime(abort);
      const endpoints = 'endpoints' in found ? found.endpoints : found;
      if (this.#isClosed()) return;
      if (endpoints.length === 0 && !this.options.allowEmpty) throw new Error('Discovery found no endpoint');
      this.apply(endpoints);
      ttlMs = 'endpoints' in found ? found.ttlMs : undefined;
      this.refreshes += 1;
      this.#failuresInARow = 0;
    } catch (error) {
      if (this.#isClosed()) return;
      this.failures += 1;
      this.#failuresInARow += 1;
      this.onFailure(error);
    } finally {
      this.#running = undefined;
    }
    this.#scheduleNext(ttlMs);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#running?.abort();
  }

  /** Asked anew after each await: closing may come in between. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #withinTime(abort: AbortController): Promise<Discovered<E>> {
    const { timeoutMs } = this.options;
    return new Promise((resolve, reject) => {
      const timer = this.context.clock.schedule(timeoutMs, () => {
        const error = new Error(`Discovery took longer than ${timeoutMs} ms`);
        reject(error);
        abort.abort(error);
      });
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error), { once: true });
      Promise.resolve()
        .then(() => this.discover(abort.signal))
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  #scheduleNext(ttlMs: number | undefined): void {
    if (this.#closed) return;
    const delayMs = nextRefreshMs(this.options, ttlMs, this.#failuresInARow);
    const jittered = delayMs * (1 + this.options.jitter * this.context.random.next());
    this.#timer = this.context.clock.schedule(jittered, () => void this.refresh());
  }
}
