import { InvalidOptionsError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import type { PolicyContext } from '../core/policy.js';
import { ErrorRate } from './error-rate.js';
import { Instance } from './instance.js';
import { createGates, sameGates } from './instance-gates.js';
import type { LatencyEstimate } from './instance-load.js';
import { EwmaLatency, PeakEwmaLatency, UNMEASURED } from './instance-load.js';
import type { ResolvedEndpointOptions, ResolvedLoadBalancerOptions } from './load-balancer.options.js';
import { endpointOptions } from './load-balancer.options.js';
import type { Strategy } from './picker.js';
import { strategyOf } from './strategies.js';

/** Who said that an endpoint belongs to the set. */
export type MembershipSource = 'configuration' | 'code' | 'discovery';

/**
 * The endpoints a balancer knows. An endpoint whose address changes is drained and joins anew under the same id;
 * a new weight applies in place.
 */
export class InstanceSet {
  #all: readonly Instance[] = [];
  readonly #byId = new Map<string, Instance>();
  readonly #sources = new Map<string, MembershipSource>();
  /** Taken out by hand, whatever configuration and discovery say, with what they say last. */
  readonly #suspended = new Map<string, { endpoint: ResolvedEndpointOptions; source: MembershipSource }>();
  /** Weights set by hand, whatever configuration and discovery say. */
  readonly #pinnedWeights = new Map<string, number>();
  /** Endpoints that were not taken in because the set was full. */
  overflow = 0;

  constructor(
    private readonly policy: string,
    private options: ResolvedLoadBalancerOptions,
    private readonly context: PolicyContext,
  ) {}

  /** Members, those included that drain. */
  get all(): readonly Instance[] {
    return this.#all;
  }

  /** Members that do not drain. */
  get size(): number {
    return this.#all.filter(({ draining }) => !draining).length;
  }

  /** Ids of the endpoints that were taken out by hand. */
  get suspended(): readonly string[] {
    return [...this.#suspended.keys()];
  }

  get(id: string): Instance | undefined {
    return this.#byId.get(id);
  }

  /**
   * Adds an endpoint or changes the one with its id.
   * @throws InvalidOptionsError when the set is full
   */
  put(given: ResolvedEndpointOptions, now: number, source: MembershipSource, returning = this.#all.length > 0): void {
    if (this.#suspended.has(given.id)) {
      this.#suspended.set(given.id, { endpoint: given, source });
      return;
    }
    const endpoint = { ...given, weight: this.#pinnedWeights.get(given.id) ?? given.weight };
    const known = this.#byId.get(endpoint.id);
    if (known !== undefined && !known.draining && sameEndpoint(known, endpoint)) {
      this.#sources.set(endpoint.id, source);
      if (known.weight !== endpoint.weight) this.#changeWeight(known, endpoint.weight, now, source);
      return;
    }
    if (known === undefined && this.#byId.size >= this.options.maxEndpoints) this.#refuseOneMore(endpoint.id);
    const instance = this.#create(endpoint, now, returning);
    if (known !== undefined) this.#retire(known, now, source);
    this.#byId.set(endpoint.id, instance);
    this.#sources.set(endpoint.id, source);
    this.#all = [...this.#all, instance];
    this.#announce(instance, 'added', source, now);
  }

  /**
   * Makes these the members that come from `source`; `everything` replaces those of other sources, too.
   * @throws InvalidOptionsError when they are too many; nothing is changed then
   */
  replace(
    endpoints: readonly ResolvedEndpointOptions[],
    now: number,
    source: MembershipSource,
    everything = false,
  ): void {
    const wanted = new Set(endpoints.map(({ id }) => id));
    const leaving = [...this.#byId.values()].filter(
      ({ id }) => !wanted.has(id) && (everything || this.#sources.get(id) === source),
    );
    for (const [id, suspended] of this.#suspended) {
      if (!wanted.has(id) && (everything || suspended.source === source)) this.#suspended.delete(id);
    }
    const joining = endpoints.filter(({ id }) => !this.#byId.has(id) && !this.#suspended.has(id));
    if (this.#byId.size - leaving.length + joining.length > this.options.maxEndpoints) {
      this.#refuseOneMore(endpoints[endpoints.length - 1]!.id);
    }
    for (const instance of leaving) this.#retire(instance, now, source);
    const returning = this.#all.length > 0;
    for (const endpoint of endpoints) this.put(endpoint, now, source, returning);
  }

  /** As many of them as fit are made the members that come from `source`. */
  replaceBounded(endpoints: readonly ResolvedEndpointOptions[], now: number, source: MembershipSource): void {
    const others = [...this.#sources.values()].filter((other) => other !== source).length;
    const own = endpoints.filter(({ id }) => (this.#sources.get(id) ?? source) === source);
    const room = Math.max(0, this.options.maxEndpoints - others);
    this.overflow += Math.max(0, own.length - room);
    this.replace(own.slice(0, room), now, source);
  }

  /** Resolves when the last call is over and the instance has left. */
  drain(instance: Instance, now: number, cause: string): Promise<void> {
    if (instance.drained !== undefined) return instance.drained;
    instance.drained = new Promise((resolve) => {
      instance.onIdle = () => {
        this.#drop(instance, 'drained', this.context.clock.now());
        resolve();
      };
    });
    instance.draining = true;
    this.#announce(instance, 'draining', cause, now);
    if (instance.inFlight === 0) instance.onIdle!();
    return instance.drained;
  }

  /** Drains an endpoint and keeps it out until it is restored. @returns whether there is one */
  suspend(id: string, now: number, cause: string): boolean {
    const instance = this.#byId.get(id);
    if (instance === undefined) return this.#suspended.has(id);
    const { ref, weight, priority } = instance;
    const source = this.#sources.get(id) ?? 'code';
    this.#suspended.set(id, { endpoint: { ...ref, weight, priority }, source });
    this.#retire(instance, now, cause);
    return true;
  }

  /** Takes an endpoint in again that was suspended. @returns whether it was */
  restore(id: string, now: number): boolean {
    const suspended = this.#suspended.get(id);
    if (suspended === undefined) return false;
    this.#suspended.delete(id);
    this.put(suspended.endpoint, now, suspended.source);
    return true;
  }

  /**
   * Changes a weight until it is pinned again, whatever configuration and discovery say.
   * @throws InvalidOptionsError for an unknown endpoint or an impossible weight
   */
  pinWeight(id: string, weight: number, now: number, cause: string): void {
    this.setWeight(id, weight, now, cause);
    this.#pinnedWeights.set(id, weight);
  }

  remove(id: string, now: number, cause: string): boolean {
    this.#pinnedWeights.delete(id);
    const wasSuspended = this.#suspended.delete(id);
    const instance = this.#byId.get(id);
    if (instance === undefined) return wasSuspended;
    this.#drop(instance, cause, now);
    return true;
  }

  /** @throws InvalidOptionsError for an unknown endpoint or an impossible weight */
  setWeight(id: string, weight: number, now: number, cause: string): void {
    const parsed = parseOptions(endpointOptions.shape.weight, weight, `${this.policy}.endpoints.${id}.weight`);
    const instance = this.#byId.get(id);
    if (instance === undefined) {
      const rule = `must be one of ${[...this.#byId.keys()].join(', ')}`;
      throw new InvalidOptionsError([{ path: `${this.policy}.endpoints`, rule, value: id }]);
    }
    if (instance.weight !== parsed) this.#changeWeight(instance, parsed, now, cause);
  }

  /** Measurements go on unless they would mean something else under the new options. */
  reconfigure(options: ResolvedLoadBalancerOptions): void {
    const before = this.options;
    this.options = options;
    const one = measuredBy(before);
    const other = measuredBy(options);
    const remeasure = one.latency !== other.latency || before.latency.decayMs !== options.latency.decayMs;
    const newGates = !sameGates(before, options);
    for (const instance of this.#all) {
      instance.slowStart = options.slowStart;
      if (options.adaptiveWeights === undefined) instance.weightFactor = 1;
      if (options.healthCheck === undefined) instance.checked = 'unknown';
      if (remeasure) instance.latency = this.#createLatency();
      if (remeasure || one.errorRate !== other.errorRate) instance.errors = this.#createErrorRate();
      if (newGates) this.#replaceGates(instance);
    }
  }

  close(): void {
    for (const instance of this.#all) for (const gate of instance.gates) gate.close?.();
  }

  #replaceGates(instance: Instance): void {
    for (const gate of instance.gates) gate.close?.();
    instance.gates = createGates(`${this.policy}/${instance.id}`, this.options, this.context);
  }

  #create(endpoint: ResolvedEndpointOptions, now: number, returning: boolean): Instance {
    const { id, target, url, zone, weight, priority } = endpoint;
    const instance = new Instance(
      Object.freeze({ id, target, url, zone }),
      weight,
      priority,
      this.#createLatency(),
      this.#createErrorRate(),
      this.options.slowStart,
      createGates(`${this.policy}/${id}`, this.options, this.context),
    );
    if (returning) instance.slowStartFrom = now;
    return instance;
  }

  #createLatency(): LatencyEstimate {
    const { decayMs } = this.options.latency;
    switch (measuredBy(this.options).latency) {
      case 'ewma':
        return new EwmaLatency(decayMs);
      case 'peak-ewma':
        return new PeakEwmaLatency(decayMs);
      case 'none':
        return UNMEASURED;
    }
  }

  #createErrorRate(): ErrorRate | undefined {
    return measuredBy(this.options).errorRate ? new ErrorRate(this.options.latency.decayMs) : undefined;
  }

  #retire(instance: Instance, now: number, cause: string): void {
    if (this.#byId.get(instance.id) === instance) this.#forget(instance.id);
    void this.drain(instance, now, cause);
  }

  #drop(instance: Instance, cause: string, now: number): void {
    if (this.#byId.get(instance.id) === instance) this.#forget(instance.id);
    this.#all = this.#all.filter((other) => other !== instance);
    for (const gate of instance.gates) gate.close?.();
    this.#announce(instance, 'removed', cause, now);
  }

  #forget(id: string): void {
    this.#byId.delete(id);
    this.#sources.delete(id);
  }

  #changeWeight(instance: Instance, weight: number, now: number, cause: string): void {
    instance.weight = weight;
    this.#announce(instance, 'weight', cause, now);
  }

  #announce(instance: Instance, change: 'added' | 'removed' | 'draining' | 'weight', cause: string, now: number): void {
    const { emit } = this.context;
    if (!emit.wants('load-balancer.endpoint')) return;
    emit.emit({ type: 'load-balancer.endpoint', policy: this.policy, at: now, endpoint: instance.id, change, cause });
  }

  #refuseOneMore(id: string): never {
    throw new InvalidOptionsError([
      {
        path: `${this.policy}.endpoints`,
        rule: `must be at most ${this.options.maxEndpoints} (maxEndpoints)`,
        value: id,
      },
    ]);
  }
}

/** What has to be measured: what the strategy looks at, and both for weights that adapt. */
function measuredBy({
  strategy,
  adaptiveWeights,
}: ResolvedLoadBalancerOptions): Pick<Strategy, 'latency' | 'errorRate'> {
  const { latency, errorRate } = strategyOf(strategy);
  if (adaptiveWeights === undefined) return { latency, errorRate };
  return { latency: latency === 'none' ? 'ewma' : latency, errorRate: true };
}

function sameEndpoint({ ref, priority }: Instance, endpoint: ResolvedEndpointOptions): boolean {
  return (
    ref.url === endpoint.url &&
    ref.target === endpoint.target &&
    ref.zone === endpoint.zone &&
    priority === endpoint.priority
  );
}
