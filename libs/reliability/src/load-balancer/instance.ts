import type { EndpointRef } from '../core/endpoint.js';
import type { AdmissionPolicy } from '../core/policy.js';
import type { Ejection } from './ejection.js';
import { NOT_EJECTED } from './ejection.js';
import type { ErrorRate } from './error-rate.js';
import type { LatencyEstimate } from './instance-load.js';
import type { SlowStart } from './slow-start.js';
import { slowStartShare } from './slow-start.js';

/** What pickers may know of an instance. */
export interface Candidate {
  readonly ref: EndpointRef;
  /** Calls under way, abandoned ones that still run included. */
  readonly inFlight: number;
  /** Expected duration of a call in ms, 0 when unknown. */
  costMs(now: number): number;
  /**
   * Failures lately, each fading with e^(−age / penalty): to strategies that go by calls under way, a failed call
   * counts as one that is still there, so that fast errors do not pass for idleness.
   */
  failureShadow(now: number): number;
  /** Share of failed calls lately; 0 when the strategy does not ask for it. */
  errorRate(now: number): number;
  /** Weight at this moment: the configured one, adapted, and reduced during slow start. */
  weightAt(now: number): number;
}

/** Calls since the last sweep of passive health. */
export interface IntervalCounts {
  remoteCalls: number;
  remoteFailures: number;
  localCalls: number;
  localFailures: number;
}

/** One endpoint with everything the balancer knows of it. Fields are plain: they are read and written on every call. */
export class Instance implements Candidate {
  /** Itself: whatever a call holds as its permit leads to the instance by this name. */
  readonly instance: Instance = this;
  inFlight = 0;
  successes = 0;
  failures = 0;
  /** Of {@link failures}, those that never got an answer: connection refused or broken, no answer in time. */
  localFailures = 0;
  picks = 0;

  consecutiveFailures = 0;
  consecutiveLocalFailures = 0;
  readonly interval: IntervalCounts = { remoteCalls: 0, remoteFailures: 0, localCalls: 0, localFailures: 0 };
  ejection: Ejection = NOT_EJECTED;
  /** Totals by cause. */
  readonly ejections: Record<string, number> = {};
  /** Last verdict of the active checks; `unknown` counts as healthy. */
  checked: 'unknown' | 'healthy' | 'unhealthy' = 'unknown';
  /** Asked to be left alone until then; 0 when not. */
  restUntil = 0;
  draining = false;
  /** Start of its slow start; `-Infinity` when in full service. */
  slowStartFrom = -Infinity;
  /** Set by adaptive weights, 1 otherwise. */
  weightFactor = 1;
  /** Called when the last call of a draining instance is over. */
  onIdle: (() => void) | undefined = undefined;
  drained: Promise<void> | undefined = undefined;
  #shadow = 0;
  #shadowAt = 0;
  #shadowMs = 1;

  constructor(
    readonly ref: EndpointRef,
    public weight: number,
    readonly priority: number,
    public latency: LatencyEstimate,
    public errors: ErrorRate | undefined,
    public slowStart: SlowStart | undefined,
    /** Policies of this endpoint alone: its breaker, its limiter. */
    public gates: readonly AdmissionPolicy[],
  ) {}

  get id(): string {
    return this.ref.id;
  }

  costMs(now: number): number {
    return this.latency.costMs(now);
  }

  failureShadow(now: number): number {
    return this.#shadow === 0 ? 0 : this.#shadow * Math.exp((this.#shadowAt - now) / this.#shadowMs);
  }

  /** Adds one failure to the shadow, which fades over `penaltyMs`; 0: none. */
  castShadow(penaltyMs: number, now: number): void {
    if (penaltyMs === 0) return;
    this.#shadow = this.failureShadow(now) + 1;
    this.#shadowAt = now;
    this.#shadowMs = penaltyMs;
  }

  errorRate(now: number): number {
    return this.errors === undefined ? 0 : this.errors.rate(now);
  }

  weightAt(now: number): number {
    const weight = this.weight * this.weightFactor;
    if (this.slowStartFrom === -Infinity || this.slowStart === undefined) return weight;
    return weight * slowStartShare(now - this.slowStartFrom, this.slowStart);
  }

  /** When its slow start is over; `-Infinity` when it is not in one. */
  get slowStartUntil(): number {
    return this.slowStart === undefined ? -Infinity : this.slowStartFrom + this.slowStart.windowMs;
  }

  /** Takes calls and, as far as is known, answers them. */
  get healthy(): boolean {
    return this.ejection.kind === 'none' && this.checked !== 'unhealthy';
  }

  /** May get calls when the balancer has to disregard health. */
  usable(now: number): boolean {
    return !this.draining && this.restUntil <= now;
  }

  clearInterval(): void {
    const { interval } = this;
    interval.remoteCalls = interval.remoteFailures = interval.localCalls = interval.localFailures = 0;
  }
}
