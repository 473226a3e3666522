import type { Timer } from '../core/timer.js';
import type { EndpointRef } from '../core/endpoint.js';
import type { PolicyContext } from '../core/policy.js';
import type { ScalingOptions } from './load-balancer.options.js';
import type { Provisioned } from './provisioner.js';
import type { ScalingAdvice } from './scaling-advice.js';
import { ScalingAdvisor } from './scaling-advice.js';
import { Usage } from './usage.js';

/** What the autoscaler needs of the balancer it looks after. */
export interface Scalable {
  /** Endpoints that take calls or will as soon as they are well. */
  size(): number;
  join(endpoint: Provisioned['endpoint']): void;
  leave(id: string): void;
  drain(id: string): Promise<void>;
  /** Calls under way to all endpoints. */
  underWay(): number;
  /** Calls under way to an endpoint. */
  inFlight(id: string): number;
}

export interface ScalingView {
  readonly desired: number;
  readonly current: number;
  /** Being started. */
  readonly starting: number;
  /** Being drained and stopped. */
  readonly stopping: number;
  /** Calls under way over capacity, 0–1 and above. */
  readonly utilization: number;
  readonly startFailures: number;
}

/** Looks at the load at intervals, announces how many endpoints there should be, and lets a provisioner see to it. */
export class Autoscaler {
  readonly usage: Usage;
  #advisor: ScalingAdvisor;
  readonly #own = new Map<string, EndpointRef>();
  /** One for each start under way: on a signal shared by all, many listeners at once would look like a leak. */
  readonly #starts = new Set<AbortController>();
  #closed = false;
  #timer: Timer | undefined;
  #desired: number;
  #stopping = 0;
  #utilization = 0;
  #startFailures = 0;

  constructor(
    private readonly policy: string,
    private options: ScalingOptions,
    private readonly context: PolicyContext,
    private readonly balancer: Scalable,
  ) {
    const now = context.clock.now();
    this.usage = new Usage(now, balancer.underWay());
    this.#advisor = new ScalingAdvisor(options, now);
    this.#desired = balancer.size();
    this.#scheduleNext(0);
  }

  view(): ScalingView {
    return {
      desired: this.#desired,
      current: this.balancer.size(),
      starting: this.#starts.size,
      stopping: this.#stopping,
      utilization: this.#utilization,
      startFailures: this.#startFailures,
    };
  }

  /** What has been started stays; the time since the last step starts anew. */
  reconfigure(options: ScalingOptions): void {
    this.options = options;
    this.#advisor = new ScalingAdvisor(options, this.context.clock.now());
  }

  /** Starts no more, and stops what was started once its calls are over. */
  close(): void {
    this.#timer?.cancel();
    this.#closed = true;
    for (const start of this.#starts) start.abort();
    for (const id of this.#own.keys()) void this.#stop(id);
  }

  #scheduleNext(delayMs: number): void {
    this.#timer = this.context.clock.schedule(delayMs, () => {
      this.#look();
      this.#scheduleNext(this.options.intervalMs);
    });
  }

  #look(): void {
    const now = this.context.clock.now();
    const { inFlight, latencyMs } = this.usage.read(now);
    const current = this.balancer.size() + this.#starts.size;
    const queued = this.options.queueDepth?.() ?? 0;
    this.#utilization = current === 0 ? 0 : inFlight / (current * this.options.capacity);
    const advice = this.#advisor.advise({ current, inFlight, queued, latencyMs }, now);
    if (advice.desired !== this.#desired) this.#announce(advice, current, now);
    this.#desired = advice.desired;
    if (this.options.provisioner !== undefined) this.#follow(advice.desired - current);
  }

  #follow(difference: number): void {
    for (let count = difference; count > 0; count -= 1) void this.#start();
    if (difference >= 0) return;
    const idlest = [...this.#own.keys()].sort(
      (one, other) => this.balancer.inFlight(one) - this.balancer.inFlight(other),
    );
    for (const id of idlest.slice(0, -difference)) void this.#stop(id);
  }

  async #start(): Promise<void> {
    const abort = new AbortController();
    this.#starts.add(abort);
    try {
      const { endpoint, lost } = await this.options.provisioner!.start(abort.signal);
      const { id, url, target, zone } = endpoint;
      this.#own.set(id, { id, url, target, zone });
      if (this.#isClosed()) {
        await this.#stop(id);
        return;
      }
      this.balancer.join(endpoint);
      void lost?.then(() => {
        if (this.#own.delete(id)) this.balancer.leave(id);
      });
    } catch (error) {
      if (this.#isClosed()) return;
      this.#startFailures += 1;
      this.#announceFailure('start', error);
    } finally {
      this.#starts.delete(abort);
    }
  }

  /** Asked anew after each await: closing may come in between. */
  #isClosed(): boolean {
    return this.#closed;
  }

  async #stop(id: string): Promise<void> {
    const endpoint = this.#own.get(id);
    if (endpoint === undefined) return;
    this.#own.delete(id);
    this.#stopping += 1;
    try {
      await this.balancer.drain(id);
      await this.options.provisioner!.stop(endpoint);
    } catch (error) {
      this.#announceFailure('stop', error);
    } finally {
      this.#stopping -= 1;
    }
  }

  #announce({ desired, cause }: ScalingAdvice, current: number, now: number): void {
    this.context.emit.emit({ type: 'load-balancer.scaling', policy: this.policy, at: now, desired, current, cause });
  }

  #announceFailure(what: 'start' | 'stop', error: unknown): void {
    const at = this.context.clock.now();
    this.context.emit.emit({ type: 'load-balancer.provisioning-failed', policy: this.policy, at, what, error });
  }
}
