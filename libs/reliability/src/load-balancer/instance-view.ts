import type { PolicySnapshot } from '../core/policy.js';
import type { Instance } from './instance.js';

/** Why an instance is not in service, or that it is. */
export type Service = 'in-service' | 'draining' | 'resting' | 'ejected' | 'unhealthy';

/** One endpoint as `inspect()` shows it. Times are ms from now. */
export interface InstanceView {
  readonly id: string;
  readonly url?: string;
  readonly zone?: string;
  readonly priority: number;
  readonly service: Service;
  /** Why it is ejected. */
  readonly cause?: string;
  /** When it is due to return by itself. */
  readonly returnsInMs?: number;
  readonly weight: number;
  /** Weight at the moment: adapted, and reduced during slow start. */
  readonly currentWeight: number;
  readonly inFlight: number;
  /** Expected duration of a call; 0 when the strategy measures none, or nothing is known. */
  readonly latencyMs: number;
  readonly errorRate: number;
  readonly picks: number;
  readonly successes: number;
  readonly failures: number;
  /** Of the failures, those without an answer. */
  readonly localFailures: number;
  readonly consecutiveFailures: number;
  /** Ejections so far, by cause. */
  readonly ejections: Readonly<Record<string, number>>;
  /** Its own breaker and limiter. */
  readonly policies?: readonly PolicySnapshot[];
}

export function serviceOf(instance: Instance, now: number): Service {
  if (instance.draining) return 'draining';
  if (instance.restUntil > now) return 'resting';
  if (instance.ejection.kind === 'ejected') return 'ejected';
  return instance.checked === 'unhealthy' ? 'unhealthy' : 'in-service';
}

export function viewOf(instance: Instance, now: number): InstanceView {
  const { ref, ejection, gates } = instance;
  const returnsAt = Math.max(instance.restUntil, ejection.kind === 'ejected' ? ejection.until : 0);
  return {
    id: ref.id,
    ...(ref.url !== undefined && { url: ref.url }),
    ...(ref.zone !== undefined && { zone: ref.zone }),
    priority: instance.priority,
    service: serviceOf(instance, now),
    ...(ejection.kind === 'ejected' && { cause: ejection.cause }),
    ...(returnsAt > now && { returnsInMs: returnsAt - now }),
    weight: instance.weight,
    currentWeight: instance.weightAt(now),
    inFlight: instance.inFlight,
    latencyMs: instance.costMs(now),
    errorRate: instance.errorRate(now),
    picks: instance.picks,
    successes: instance.successes,
    failures: instance.failures,
    localFailures: instance.localFailures,
    consecutiveFailures: instance.consecutiveFailures,
    ejections: { ...instance.ejections },
    ...(gates.length > 0 && { policies: gates.map((gate) => gate.inspect(now)) }),
  };
}
