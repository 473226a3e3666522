import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../core/call.js';
import { Ignored, type Outcome } from '../core/outcome.js';
import type { AdmissionPolicy, Permit, PolicyContext } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import type { Instance } from './instance.js';
import type { ResolvedLoadBalancerOptions } from './load-balancer.options.js';

type GateOptions = Pick<ResolvedLoadBalancerOptions, 'circuitBreaker' | 'rateLimit'>;

/**
 * What a call holds of an instance with policies of its own: their permits, in the order in which they were given. Of
 * an instance without any, a call holds the instance itself.
 */
export class GatedPermit {
  constructor(
    readonly instance: Instance,
    /** Those that gave the permits: the instance may have others by the time the call is over. */
    readonly gates: readonly AdmissionPolicy[],
    readonly permits: readonly Permit[],
  ) {}
}

/** Whether endpoints would get the same policies under both. */
export function sameGates(one: GateOptions, other: GateOptions): boolean {
  return (
    isDeepStrictEqual(one.circuitBreaker, other.circuitBreaker) && isDeepStrictEqual(one.rateLimit, other.rateLimit)
  );
}

/** The breaker and the limiter of one endpoint, made by the caller's factory and named `balancer/endpoint`. */
export function createGates(
  name: string,
  { circuitBreaker, rateLimit }: GateOptions,
  context: PolicyContext,
): AdmissionPolicy[] {
  const gates: AdmissionPolicy[] = [];
  if (circuitBreaker !== undefined) gates.push(admissionPolicy(context, 'circuit-breaker', name, circuitBreaker));
  if (rateLimit !== undefined) {
    gates.push(admissionPolicy(context, 'rate-limiter', name, { ...rateLimit, mode: 'reject' }));
  }
  return gates;
}

function admissionPolicy(context: PolicyContext, type: string, name: string, options: object): AdmissionPolicy {
  const policy = context.create(type, name, options);
  if (policy.kind !== 'admission') throw new TypeError(`${type} "${name}" decides on no admission`);
  return policy;
}

/** Asks every gate; what was given before a refusal is given back. */
export function passGates(instance: Instance, call: Call, now: number, use: Use): GatedPermit | Refusal {
  const { gates } = instance;
  for (const gate of gates) {
    const refusal = gate.precheck?.(call, now, use);
    if (refusal !== undefined) return refusal;
  }
  const permits: Permit[] = [];
  const permit = new GatedPermit(instance, gates, permits);
  for (const gate of gates) {
    const admission = gate.admit(call, now, use);
    if (admission instanceof Promise) throw new TypeError(`${gate.type} "${gate.name}" of an endpoint must not queue`);
    if (admission instanceof Refusal) {
      settleGates(permit, new Ignored(undefined), call, now);
      endGates(permit, now);
      return admission;
    }
    permits.push(admission);
  }
  return permit;
}

export function settleGates({ gates, permits }: GatedPermit, outcome: Outcome, call: Call, now: number): void {
  for (const [index, permit] of permits.entries()) gates[index]!.settle(permit, outcome, call, now);
}

export function endGates({ gates, permits }: GatedPermit, now: number): void {
  for (const [index, permit] of permits.entries()) gates[index]!.end?.(permit, now);
}
