/** What there is to go by, averaged over the last interval. */
export interface ScalingSignals {
  /** Endpoints now. */
  readonly current: number;
  /** Calls under way, on average. */
  readonly inFlight: number;
  /** Calls waiting before the balancer. */
  readonly queued: number;
  /** Mean latency in ms; 0 when there were no calls. */
  readonly latencyMs: number;
}

export interface ScalingTargets {
  readonly min: number;
  readonly max: number;
  readonly capacity: number;
  readonly targetUtilization: number;
  readonly targetLatencyMs?: number;
  readonly tolerance: number;
  readonly upCooldownMs: number;
  readonly downCooldownMs: number;
  readonly stabilizationMs: number;
  readonly maxStep: number;
}

export type ScalingCause = 'utilization' | 'queue' | 'latency' | 'bounds';

/** How many endpoints there should be, and what asks for it. */
export interface ScalingAdvice {
  readonly desired: number;
  readonly cause: ScalingCause;
}

/**
 * The number that each signal asks for, the largest wins: current × measured / target, as the Kubernetes horizontal pod
 * autoscaler computes it, where a deviation within the tolerance asks for nothing.
 */
export function wantedEndpoints(signals: ScalingSignals, targets: ScalingTargets): ScalingAdvice {
  const { current, inFlight, queued, latencyMs } = signals;
  const { capacity, targetUtilization, targetLatencyMs, tolerance, min, max } = targets;
  const perEndpoint = capacity * targetUtilization;
  const asked: ScalingAdvice[] = [
    { desired: tolerated(inFlight / perEndpoint, current, tolerance), cause: 'utilization' },
  ];
  if (queued > 0) asked.push({ desired: Math.ceil((inFlight + queued) / perEndpoint - ROUNDING), cause: 'queue' });
  if (targetLatencyMs !== undefined && latencyMs > 0) {
    const byLatency = tolerated((current * latencyMs) / targetLatencyMs, current, tolerance);
    // Latency that is low says nothing about how few endpoints would do: it may only ask for more.
    if (byLatency > current) asked.push({ desired: byLatency, cause: 'latency' });
  }
  const most = asked.reduce((best, other) => (other.desired > best.desired ? other : best));
  const desired = Math.min(max, Math.max(min, most.desired));
  return { desired, cause: desired === most.desired ? most.cause : 'bounds' };
}

/** 0.1 × 4 is a little less than 4.4 − 4. */
const ROUNDING = 1e-9;

function tolerated(exact: number, current: number, tolerance: number): number {
  return Math.abs(exact - current) <= tolerance * current + ROUNDING ? current : Math.ceil(exact - ROUNDING);
}

interface Wanted {
  readonly at: number;
  readonly desired: number;
}

/**
 * Turns wishes into steps: up at once, but not twice within the cool-down; down only to the highest wish of the
 * stabilisation time and when nothing has changed for a while. Load that goes up and down therefore costs no restarts.
 */
export class ScalingAdvisor {
  #wanted: Wanted[] = [];
  #lastStepAt = -Infinity;
  #lastUpAt = -Infinity;

  constructor(
    private readonly targets: ScalingTargets,
    now: number,
  ) {
    // A process that has just started has seen no load yet: no reason to send endpoints away.
    this.#lastStepAt = now;
  }

  /** Advice as of `now`; a `desired` equal to `current` means that nothing is to be done. */
  advise(signals: ScalingSignals, now: number): ScalingAdvice {
    const { min, max, maxStep, upCooldownMs, downCooldownMs, stabilizationMs } = this.targets;
    const { current } = signals;
    const wanted = wantedEndpoints(signals, this.targets);
    this.#wanted = this.#wanted.filter(({ at, desired }) => now - at < stabilizationMs && desired > wanted.desired);
    this.#wanted.push({ at: now, desired: wanted.desired });
    if (current < min || current > max) {
      return this.#step({ desired: Math.min(max, Math.max(min, current)), cause: 'bounds' }, current, now);
    }
    if (wanted.desired > current) {
      if (now - this.#lastUpAt < upCooldownMs) return { desired: current, cause: wanted.cause };
      return this.#step({ ...wanted, desired: Math.min(wanted.desired, current + maxStep) }, current, now);
    }
    const steady = this.#wanted.reduce((most, { desired }) => Math.max(most, desired), 0);
    if (steady >= current || now - this.#lastStepAt < downCooldownMs) return { desired: current, cause: wanted.cause };
    return this.#step({ desired: Math.max(steady, current - maxStep), cause: wanted.cause }, current, now);
  }

  #step(advice: ScalingAdvice, current: number, now: number): ScalingAdvice {
    this.#lastStepAt = now;
    if (advice.desired > current) this.#lastUpAt = now;
    return advice;
  }
}
