import type { Call } from '../core/call.js';
import { classifyBy } from '../core/classification/classify-by.js';
import type { EndpointRef } from '../core/endpoint.js';
import type { Classification } from '../core/error-class.js';
import { parseOptions } from '../core/options.js';
import type { Outcome } from '../core/outcome.js';
import type { AdmissionPolicy, Permit, PolicyContext, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { announceMistake } from '../core/policy-mistake.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import type { ScalingView } from './autoscaler.js';
import { BackgroundWork } from './background-work.js';
import { createGates, endGates, type GatedPermit, passGates, settleGates } from './instance-gates.js';
import type { Instance } from './instance.js';
import { InstanceSet } from './instance-set.js';
import type { InstanceView } from './instance-view.js';
import { viewOf } from './instance-view.js';
import type { EndpointOptions, ResolvedLoadBalancerOptions } from './load-balancer.options.js';
import { endpointList, endpointOptions, loadBalancerOptions } from './load-balancer.options.js';
import { NoEndpoint } from './no-endpoint-error.js';
import { ServiceState } from './service-state.js';
import type { Usage } from './usage.js';

/** Refusals by endpoints' own policies after which the rest is walked through instead of picked from. */
const PICKS_BEFORE_WALK = 8;

/** Why calls went elsewhere than they would have at first. */
export type FailoverCause = 'retry' | 'refused' | 'priority' | 'zone';

/** What `inspect()` gives. */
export interface LoadBalancerSnapshot extends PolicySnapshot {
  readonly strategy: string;
  /** Whether health is disregarded at the moment. */
  readonly panic: boolean;
  readonly picks: number;
  readonly refused: number;
  readonly failovers: Readonly<Record<FailoverCause, number>>;
  /** Totals by cause, over all endpoints there ever were. */
  readonly ejections: Readonly<Record<string, number>>;
  readonly endpoints: readonly InstanceView[];
  /** Ids of the endpoints that were taken out by hand and can be restored. */
  readonly suspended: readonly string[];
  readonly healthChecks?: { readonly checks: number; readonly failed: number };
  readonly discovery?: {
    readonly refreshes: number;
    readonly failures: number;
    /** Endpoints found for which there was no room. */
    readonly overflow: number;
  };
  readonly scaling?: ScalingView;
}

/**
 * Chooses an endpoint for each attempt and learns from its outcome. Sets `call.endpoint`; avoids `call.tried` as long
 * as another endpoint can take the call.
 */
export class LoadBalancer implements AdmissionPolicy {
  readonly kind = 'admission';
  readonly type = 'load-balancer';
  readonly waits = false;
  readonly timed = true;

  #options: ResolvedLoadBalancerOptions;
  #picks = 0;
  #refused = 0;
  readonly #failovers: Record<FailoverCause, number> = { retry: 0, refused: 0, priority: 0, zone: 0 };
  readonly #set: InstanceSet;
  readonly #state: ServiceState;
  readonly #background: BackgroundWork;
  /** Set while there is an autoscaler, which wants to know. */
  #usage: Usage | undefined;

  /** @throws InvalidOptionsError when a strategy or an endpoint's own policy rejects its options */
  constructor(
    readonly name: string,
    options: ResolvedLoadBalancerOptions,
    private readonly context: PolicyContext,
  ) {
    this.#options = options;
    this.#state = new ServiceState(name, options, context);
    this.#set = new InstanceSet(name, options, context);
    const now = context.clock.now();
    this.#set.replace(options.endpoints, now, 'configuration');
    this.#background = new BackgroundWork(name, options, context, {
      onVerdict: (instance, verdict, at) => this.#state.checked(instance, verdict, at, this.#set.all),
      discovered: (endpoints) => {
        this.#set.replaceBounded(endpoints, context.clock.now(), 'discovery');
        this.#changed(context.clock.now());
      },
      size: () => this.#set.size,
      underWay: () => this.#set.all.reduce((sum, { inFlight }) => sum + inFlight, 0),
      inFlight: (id) => this.#set.get(id)?.inFlight ?? 0,
      join: (endpoint) => this.add(endpoint),
      leave: (id) => void this.remove(id),
      drain: (id) => this.drain(id),
    });
    this.#usage = this.#background.autoscaler?.usage;
    this.#changed(now);
  }

  precheck(_call: Call, now: number): Refusal | undefined {
    this.#refresh(now);
    return this.#state.routes.length === 0 ? this.#refuse('unavailable', undefined, now) : undefined;
  }

  admit(call: Call, now: number, use: Use): Permit | Refusal {
    this.#refresh(now);
    const tried = call.tried !== undefined && call.tried.length > 0 ? call.tried : undefined;
    let refused: EndpointRef[] | undefined;
    let avoided: readonly EndpointRef[] | undefined = tried;
    let retryAfterMs = Infinity;
    for (;;) {
      const instance =
        refused !== undefined && refused.length > PICKS_BEFORE_WALK
          ? this.#state.firstNotIn(avoided)
          : this.#state.pick(now, avoided, call, use);
      if (instance === undefined) {
        if (avoided === refused) {
          return this.#refuse(refused === undefined ? 'unavailable' : 'refused', retryAfterMs, now);
        }
        avoided = refused;
        continue;
      }
      const permit = this.#take(instance, call, now, use);
      if (!(permit instanceof Refusal)) {
        if (tried !== undefined) this.#failovers.retry += 1;
        if (refused !== undefined) this.#failovers.refused += 1;
        return permit;
      }
      if (permit.retryAfterMs !== undefined) retryAfterMs = Math.min(retryAfterMs, permit.retryAfterMs);
      const onlyRefused = avoided === refused;
      (refused ??= []).push(instance.ref);
      avoided = onlyRefused ? refused : [...tried!, ...refused];
    }
  }

  settle(permit: Permit, outcome: Outcome, call: Call, now: number): void {
    const { instance } = permit as Instance | GatedPermit;
    if (permit !== instance) settleGates(permit as GatedPermit, outcome, call, now);
    if (outcome.kind === 'ignored') return;
    this.#usage?.took(outcome.durationMs);
    if (outcome.kind === 'failure') {
      const classification = classifyBy(this.#options.classify, outcome.error, (thrown) =>
        announceMistake(this.context, this, 'classify', thrown),
      );
      this.#learn(instance, classification, outcome.durationMs, now);
    } else {
      const classification = this.#failureIn(outcome.value);
      if (classification === undefined) this.#state.succeeded(instance, outcome.durationMs, now);
      else this.#learn(instance, classification, outcome.durationMs, now);
    }
  }

  end(permit: Permit, now: number): void {
    const { instance } = permit as Instance | GatedPermit;
    if (permit !== instance) endGates(permit as GatedPermit, now);
    instance.inFlight -= 1;
    this.#usage?.ended(now);
    if (instance.draining && instance.inFlight === 0) instance.onIdle?.();
  }

  /**
   * Adds an endpoint, or changes the one with that id.
   * @throws InvalidOptionsError for an invalid endpoint, or one too many
   */
  add(endpoint: EndpointOptions): void {
    const now = this.context.clock.now();
    this.#set.put(parseOptions(endpointOptions, endpoint, `${this.name}.endpoints`), now, 'code');
    this.#changed(now);
  }

  /** Takes an endpoint out at once; calls under way are not touched. Gives whether there was one. */
  remove(id: string): boolean {
    const now = this.context.clock.now();
    const removed = this.#set.remove(id, now, 'code');
    this.#changed(now);
    return removed;
  }

  /** Gives an endpoint no new calls and removes it when the last one under way is over. Resolves then. */
  drain(id: string): Promise<void> {
    const instance = this.#set.get(id);
    if (instance === undefined) return Promise.resolve();
    const now = this.context.clock.now();
    const drained = this.#set.drain(instance, now, 'code');
    this.#changed(now);
    return drained;
  }

  /**
   * Gives an endpoint no new calls until {@link restore}, whatever configuration and discovery say; calls under way go
   * on. Gives whether there is such an endpoint.
   */
  suspend(id: string): boolean {
    const now = this.context.clock.now();
    const suspended = this.#set.suspend(id, now, 'code');
    this.#changed(now);
    return suspended;
  }

  /** Takes a suspended endpoint in again, as configuration and discovery say it is now. Gives whether it was suspended. */
  restore(id: string): boolean {
    const now = this.context.clock.now();
    const restored = this.#set.restore(id, now);
    this.#changed(now);
    return restored;
  }

  /**
   * As {@link setWeight}, and keeps the weight when configuration or discovery say another one.
   * @throws InvalidOptionsError for an unknown endpoint or a weight that is not above 0
   */
  pinWeight(id: string, weight: number): void {
    const now = this.context.clock.now();
    this.#set.pinWeight(id, weight, now, 'code');
    this.#changed(now);
  }

  /**
   * Changes a weight; the strategy keeps its place.
   * @throws InvalidOptionsError for an unknown endpoint or a weight that is not above 0
   */
  setWeight(id: string, weight: number): void {
    const now = this.context.clock.now();
    this.#set.setWeight(id, weight, now, 'code');
    this.#changed(now);
  }

  /**
   * Makes these the endpoints: adds, changes and drains what differs, keeps what is known of the others.
   * @throws InvalidOptionsError for invalid endpoints
   */
  setEndpoints(endpoints: readonly EndpointOptions[]): void {
    const now = this.context.clock.now();
    const parsed = parseOptions(endpointList, endpoints, `${this.name}.endpoints`);
    this.#set.replace(parsed, now, 'code', true);
    this.#changed(now);
  }

  reconfigure(options: ResolvedLoadBalancerOptions): void {
    const now = this.context.clock.now();
    this.#options = options;
    this.#state.reconfigure(options);
    this.#set.reconfigure(options);
    this.#background.reconfigure(options);
    this.#usage = this.#background.autoscaler?.usage;
    this.#set.replace(options.endpoints, now, 'configuration');
    this.#changed(now);
  }

  inspect(now: number): LoadBalancerSnapshot {
    this.#refresh(now);
    const { checker, discovery, autoscaler } = this.#background;
    return {
      type: this.type,
      name: this.name,
      strategy: this.#state.strategy.name,
      panic: this.#state.panic,
      picks: this.#picks,
      refused: this.#refused,
      failovers: { ...this.#failovers },
      ejections: { ...this.#state.ejections },
      endpoints: this.#set.all.map((instance) => viewOf(instance, now)),
      suspended: this.#set.suspended,
      ...(checker !== undefined && { healthChecks: { checks: checker.checks, failed: checker.failedChecks } }),
      ...(discovery !== undefined && {
        discovery: { refreshes: discovery.refreshes, failures: discovery.failures, overflow: this.#set.overflow },
      }),
      ...(autoscaler !== undefined && { scaling: autoscaler.view() }),
    };
  }

  /** Asks discovery now instead of at its next turn. Never rejects. */
  async refresh(): Promise<void> {
    await this.#background.discovery?.refresh();
  }

  /** Ends checks, discovery and scaling. Endpoints that were started are stopped when their calls are over. */
  close(): void {
    this.#background.close();
    this.#set.close();
  }

  #changed(now: number): void {
    this.#state.reroute(this.#set.all, now);
    this.#background.membersChanged(this.#set.all);
  }

  #refresh(now: number): void {
    if (now >= this.#state.nextChangeAt) this.#state.refresh(this.#set.all, now);
  }

  #take(instance: Instance, call: Call, now: number, use: Use): Permit | Refusal {
    const { maxInFlight } = this.#options;
    if (maxInFlight !== undefined && instance.inFlight >= maxInFlight) {
      return new NoEndpoint(this.name, 'refused', 1, undefined);
    }
    let permit: Permit = instance;
    if (instance.gates.length > 0) {
      const passed = passGates(instance, call, now, use);
      if (passed instanceof Refusal) return passed;
      permit = passed;
    }
    this.#picks += 1;
    instance.picks += 1;
    instance.inFlight += 1;
    this.#usage?.started(now);
    call.endpoint = instance.ref;
    // Forks of a hedged call share this list; without it they would not know of each other.
    call.tried?.push(instance.ref);
    if (this.#state.mayFailOver) {
      const elsewhere = this.#state.failoverOf(instance);
      if (elsewhere !== undefined) this.#failovers[elsewhere] += 1;
    }
    return permit;
  }

  /** A function that throws has found no failure. */
  #failureIn(value: unknown): Classification | undefined {
    try {
      return this.#options.classifyResult?.(value);
    } catch (thrown) {
      announceMistake(this.context, this, 'classifyResult', thrown);
      return undefined;
    }
  }

  #learn(instance: Instance, classification: Classification, durationMs: number, now: number): void {
    this.#state.failed(instance, classification, durationMs, now, this.#set.all);
  }

  #refuse(reason: 'unavailable' | 'refused', retryAfterMs: number | undefined, now: number): NoEndpoint {
    this.#refused += 1;
    const { all } = this.#set;
    const why = all.length === 0 ? 'empty' : reason;
    const waitMs = Math.min(retryAfterMs ?? Infinity, this.#state.nextReturnAt(all) - now);
    if (this.context.emit.wants('load-balancer.refused')) {
      this.context.emit.emit({ type: 'load-balancer.refused', policy: this.name, at: now, reason: why });
    }
    return new NoEndpoint(this.name, why, all.length, waitMs < Infinity ? Math.max(0, waitMs) : undefined);
  }
}

export const loadBalancerPolicy = {
  type: 'load-balancer',
  optionKey: 'balancer',
  slot: 'load-balancer',
  options: loadBalancerOptions,
  create: (name, options, context) => new LoadBalancer(name, options, context),
  check: (name, options, context) => {
    for (const gate of createGates(`${name}/checked`, options, context)) gate.close?.();
  },
} satisfies PolicyDefinition<typeof loadBalancerOptions, LoadBalancer>;
