import type { Call } from '../core/call.js';
import type { Classification, ErrorClass } from '../core/error-class.js';
import type { PolicyContext } from '../core/policy.js';
import type { Use } from '../core/use.js';
import { adaptWeights } from './adaptive-weights.js';
import { eject, type EjectionCause, mayEject, readmit } from './ejection.js';
import type { Instance } from './instance.js';
import type { ResolvedLoadBalancerOptions } from './load-balancer.options.js';
import { findOutliers, noteFailure, noteSuccess, putOnProbation } from './passive-health.js';
import type { Avoided, Picker, Strategy } from './picker.js';
import { isAvoided } from './picker.js';
import type { RouteGroup } from './routing.js';
import { routeCalls } from './routing.js';
import { strategyOf } from './strategies.js';

interface Route extends RouteGroup {
  readonly picker: Picker;
}

/** A picker and what it was last told. */
interface Placed {
  readonly picker: Picker;
  readonly instances: readonly Instance[];
  readonly weights: readonly number[];
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}

/** Errors that say something about the request, not about the endpoint. */
const CALLERS_FAULT: ReadonlySet<ErrorClass> = new Set(['client', 'auth']);
/** Errors without an answer. */
const LOCAL: ReadonlySet<ErrorClass> = new Set(['network', 'timeout']);

/**
 * Which instances are in service and how calls are routed to them. Nothing here runs on a timer: what expires is looked
 * at when a call comes and {@link nextChangeAt} has passed.
 */
export class ServiceState {
  routes: readonly Route[] = [];
  /** Earliest time at which something changes by itself. */
  nextChangeAt = -Infinity;
  panic = false;
  /** Whether some endpoint only gets calls that others cannot take. */
  mayFailOver = false;
  strategy: Strategy;
  /** Totals by cause. */
  readonly ejections: Record<string, number> = {};

  #options: ResolvedLoadBalancerOptions;
  #pickers = new Map<string, Placed>();
  #nextSweepAt = Infinity;
  #nextWeighingAt = Infinity;
  #preferredPriority = 0;
  #routedTo: string | undefined;

  constructor(
    private readonly policy: string,
    options: ResolvedLoadBalancerOptions,
    private readonly context: PolicyContext,
  ) {
    this.#options = options;
    this.strategy = strategyOf(options.strategy);
    this.#startIntervals();
  }

  /** An instance by share and strategy; from another group when the chosen one has none left. */
  pick(now: number, avoided: Avoided, call: Call, use: Use): Instance | undefined {
    const { routes } = this;
    if (routes.length === 1) return routes[0]!.picker.pick(now, avoided, call, use) as Instance | undefined;
    const drawn = this.#draw();
    const picked = drawn?.picker.pick(now, avoided, call, use);
    if (picked !== undefined) return picked as Instance;
    for (const route of routes) {
      const other = route === drawn ? undefined : route.picker.pick(now, avoided, call, use);
      if (other !== undefined) return other as Instance;
    }
    return undefined;
  }

  firstNotIn(avoided: Avoided): Instance | undefined {
    for (const { instances } of this.routes) {
      const found = instances.find((instance) => !isAvoided(instance, avoided));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether calls to the instance are there because those that come first could not take them. */
  failoverOf(instance: Instance): 'priority' | 'zone' | undefined {
    if (instance.priority > this.#preferredPriority) return 'priority';
    const { zone } = this.#options;
    return zone !== undefined && instance.ref.zone !== zone ? 'zone' : undefined;
  }

  succeeded(instance: Instance, durationMs: number, now: number): void {
    instance.successes += 1;
    instance.latency.observe(durationMs, now);
    instance.errors?.observe(false, now);
    const { passiveHealth } = this.#options;
    if (passiveHealth !== false) noteSuccess(instance, passiveHealth);
  }

  failed(
    instance: Instance,
    { errorClass, retryAfterMs }: Classification,
    durationMs: number,
    now: number,
    all: readonly Instance[],
  ): void {
    if (CALLERS_FAULT.has(errorClass)) {
      this.succeeded(instance, durationMs, now);
      return;
    }
    const { latency, passiveHealth, maxRestMs } = this.#options;
    const local = LOCAL.has(errorClass);
    instance.failures += 1;
    if (local) instance.localFailures += 1;
    const askedMs = Math.min(retryAfterMs ?? 0, latency.maxPenaltyMs);
    instance.latency.observe(Math.max(durationMs, latency.failurePenaltyMs, askedMs), now);
    instance.castShadow(latency.failurePenaltyMs, now);
    instance.errors?.observe(true, now);
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      this.#rest(instance, errorClass, Math.min(retryAfterMs, maxRestMs), now, all);
    }
    if (passiveHealth === false) return;
    const cause = noteFailure(instance, local, passiveHealth);
    if (cause !== undefined) this.#eject(instance, cause, now, all);
  }

  /** What has expired takes effect, intervals that have ended are judged. */
  refresh(all: readonly Instance[], now: number): void {
    const { passiveHealth } = this.#options;
    for (const instance of all) {
      const { ejection } = instance;
      if (ejection.kind === 'ejected' && ejection.until <= now) {
        instance.ejection = readmit(ejection);
        this.#returned(instance, ejection.cause, now);
      }
      if (instance.restUntil !== 0 && instance.restUntil <= now) {
        instance.restUntil = 0;
        this.#announce(instance, 'returned', 'rest-over', now);
      }
      if (instance.slowStartUntil <= now) instance.slowStartFrom = -Infinity;
    }
    if (passiveHealth !== false && now >= this.#nextSweepAt) {
      const overdueMs = now - this.#nextSweepAt;
      const intervals = 1 + Math.floor(overdueMs / passiveHealth.intervalMs);
      this.#sweep(all, intervals, now);
      this.#nextSweepAt += intervals * passiveHealth.intervalMs;
    }
    const { adaptiveWeights } = this.#options;
    if (adaptiveWeights !== undefined && now >= this.#nextWeighingAt) {
      adaptWeights(all, adaptiveWeights, now);
      this.#nextWeighingAt = now + adaptiveWeights.intervalMs;
    }
    this.reroute(all, now);
  }

  /** The active checks have come to another verdict. */
  checked(instance: Instance, verdict: 'healthy' | 'unhealthy', now: number, all: readonly Instance[]): void {
    if (instance.checked === 'unhealthy') instance.slowStartFrom = now;
    instance.checked = verdict;
    this.reroute(all, now);
    this.#announce(instance, verdict, 'health-check', now);
  }

  /** Takes account of a change of members, weights or health. */
  reroute(all: readonly Instance[], now: number): void {
    const { panicThreshold, overprovisioning, zone } = this.#options;
    const groups = routeCalls(all, { panicThreshold, overprovisioning, zone, now });
    this.routes = groups.map((group) => ({ ...group, picker: this.#pickerFor(group, now) }));
    const priorities = all.filter(({ draining }) => !draining).map(({ priority }) => priority);
    this.#preferredPriority = priorities.length === 0 ? 0 : priorities.reduce((low, other) => Math.min(low, other));
    this.mayFailOver = all.some((instance) => this.failoverOf(instance) !== undefined);
    const keys = new Set(groups.map(({ key }) => key));
    for (const key of this.#pickers.keys()) if (!keys.has(key)) this.#pickers.delete(key);
    this.nextChangeAt = Math.min(this.#nextSweepAt, this.#nextWeighingAt);
    for (const { ejection, restUntil, slowStartUntil } of all) {
      if (ejection.kind === 'ejected') this.nextChangeAt = Math.min(this.nextChangeAt, ejection.until);
      if (restUntil > now) this.nextChangeAt = Math.min(this.nextChangeAt, restUntil);
      if (slowStartUntil > now) this.nextChangeAt = Math.min(this.nextChangeAt, slowStartUntil);
    }
    this.#announceRoute(groups, all, now);
  }

  reconfigure(options: ResolvedLoadBalancerOptions): void {
    const strategy = strategyOf(options.strategy);
    if (strategy !== this.strategy) this.#pickers = new Map();
    this.strategy = strategy;
    this.#options = options;
    this.#startIntervals();
  }

  /** When the first instance that is out returns by itself; `Infinity` when none does. */
  nextReturnAt(all: readonly Instance[]): number {
    return all.reduce((earliest, { ejection, restUntil, draining }) => {
      const until = Math.max(restUntil, ejection.kind === 'ejected' ? ejection.until : 0);
      return until === 0 || draining ? earliest : Math.min(earliest, until);
    }, Infinity);
  }

  #startIntervals(): void {
    const { passiveHealth, adaptiveWeights } = this.#options;
    const now = this.context.clock.now();
    this.#nextSweepAt = passiveHealth === false ? Infinity : now + passiveHealth.intervalMs;
    this.#nextWeighingAt = adaptiveWeights === undefined ? Infinity : now + adaptiveWeights.intervalMs;
  }

  #draw(): Route | undefined {
    let rest = this.context.random.next();
    for (const route of this.routes) {
      if (rest < route.share) return route;
      rest -= route.share;
    }
    return this.routes[0];
  }

  /** Tells the picker of a group what is new; building a hash ring for nothing would cost milliseconds. */
  #pickerFor({ key, instances }: RouteGroup, now: number): Picker {
    const before = this.#pickers.get(key);
    const picker = before?.picker ?? this.strategy.createPicker({ policy: this.policy, random: this.context.random });
    const weights = instances.map((instance) => instance.weightAt(now));
    if (before === undefined || !sameItems(before.instances, instances) || !sameItems(before.weights, weights)) {
      picker.update(instances, now);
      this.#pickers.set(key, { picker, instances, weights });
    }
    return picker;
  }

  #rest(instance: Instance, errorClass: ErrorClass, restMs: number, now: number, all: readonly Instance[]): void {
    if (now + restMs <= instance.restUntil || restMs === 0) return;
    instance.restUntil = now + restMs;
    this.reroute(all, now);
    this.#announce(instance, 'resting', errorClass, now, restMs);
  }

  #eject(instance: Instance, cause: EjectionCause, now: number, all: readonly Instance[]): void {
    const { passiveHealth } = this.#options;
    if (passiveHealth === false || instance.ejection.kind === 'ejected' || instance.draining) return;
    const staying = all.filter(({ draining }) => !draining);
    const out = staying.filter(({ ejection }) => ejection.kind === 'ejected').length;
    if (!mayEject(out, staying.length, passiveHealth.maxEjectedShare)) return;
    const times = { ...passiveHealth, jitter: passiveHealth.ejectionJitter };
    const ejected = eject(instance.ejection, cause, now, times, this.context.random.next());
    instance.ejection = ejected;
    instance.ejections[cause] = (instance.ejections[cause] ?? 0) + 1;
    this.ejections[cause] = (this.ejections[cause] ?? 0) + 1;
    this.reroute(all, now);
    this.#announce(instance, 'ejected', cause, now, ejected.until - now);
  }

  #returned(instance: Instance, cause: string, now: number): void {
    const { passiveHealth } = this.#options;
    instance.slowStartFrom = now;
    instance.clearInterval();
    if (passiveHealth !== false) putOnProbation(instance, passiveHealth);
    this.#announce(instance, 'returned', cause, now);
  }

  /** Counts older than one interval say nothing about now and are dropped. */
  #sweep(all: readonly Instance[], intervals: number, now: number): void {
    const { passiveHealth } = this.#options;
    if (passiveHealth === false) return;
    const outliers = intervals === 1 ? findOutliers(all, passiveHealth) : [];
    for (const instance of all) instance.clearInterval();
    for (const { instance, cause } of outliers) this.#eject(instance, cause, now, all);
  }

  #announce(
    instance: Instance,
    change: 'ejected' | 'returned' | 'resting' | 'healthy' | 'unhealthy',
    cause: string,
    now: number,
    forMs?: number,
  ): void {
    const { emit } = this.context;
    if (!emit.wants('load-balancer.endpoint')) return;
    emit.emit({
      type: 'load-balancer.endpoint',
      policy: this.policy,
      at: now,
      endpoint: instance.id,
      change,
      cause,
      ...(forMs !== undefined && { forMs }),
    });
  }

  #announceRoute(groups: readonly RouteGroup[], all: readonly Instance[], now: number): void {
    const { emit } = this.context;
    const panic = groups.some((group) => group.panic && group.share > 0);
    if (panic !== this.panic) {
      this.panic = panic;
      const healthy = all.filter((instance) => !instance.draining && instance.healthy).length;
      emit.emit({
        type: 'load-balancer.panic',
        policy: this.policy,
        at: now,
        active: panic,
        healthy,
        total: all.length,
      });
    }
    const first = groups.find(({ share }) => share > 0)?.key;
    const from = this.#routedTo;
    this.#routedTo = first;
    if (from !== undefined && first !== from) {
      emit.emit({ type: 'load-balancer.failover', policy: this.policy, at: now, from, to: first ?? 'none' });
    }
  }
}
