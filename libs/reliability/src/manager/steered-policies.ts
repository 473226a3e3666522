import type { Policy, PolicySnapshot } from '../core/policy.js';
import { redactText } from '../core/redact.js';
import { ActionRefusedError } from './control.js';
import type { PolicyRegistry } from './policy-registry.js';

/** What can be done by hand to a circuit breaker. */
export interface SteeredBreaker extends Pick<Policy, 'name' | 'inspect'> {
  forceOpen(key?: string): void;
  isolate(forMs: number, key?: string): void;
  disable(key?: string): void;
  reset(key?: string): void;
  inspectKey(key: string, now: number): { readonly state: string } | undefined;
}

/** What can be done by hand to a balancer. */
export interface SteeredBalancer extends Pick<Policy, 'name'> {
  suspend(id: string): boolean;
  restore(id: string): boolean;
  pinWeight(id: string, weight: number): void;
  inspect(now: number): PolicySnapshot & {
    readonly endpoints: readonly { readonly id: string; readonly service: string; readonly weight: number }[];
    readonly suspended: readonly string[];
  };
}

/**
 * The policy of a type under a name, configured or private to a call site.
 * @throws ActionRefusedError `not-found`
 */
export function steered<P>(registry: PolicyRegistry, type: 'circuit-breaker' | 'load-balancer', name: string): P {
  const inUse = [...registry.all()].find(({ policy }) => policy.type === type && policy.name === name)?.policy;
  const found = inUse ?? (registry.names.includes(name) ? ofName(registry, type, name) : undefined);
  if (found === undefined) throw new ActionRefusedError('not-found', `there is no ${type} "${redactText(name)}"`);
  return found as P;
}

const ofName = (registry: PolicyRegistry, type: string, name: string) =>
  registry.set(name).find(({ policy }) => policy.type === type)?.policy;

/**
 * The id of an endpoint as the balancer knows it: it may have been shown without the secret in it.
 * @throws ActionRefusedError `not-found`
 */
export function endpointOf(balancer: SteeredBalancer, given: string, now: number): string {
  const { endpoints, suspended } = balancer.inspect(now);
  const ids = [...new Set([...endpoints.map(({ id }) => id), ...suspended])];
  const shown = ids.filter((id) => redactText(id) === given);
  if (ids.includes(given)) return given;
  if (shown.length === 1) return shown[0]!;
  throw new ActionRefusedError('not-found', `${balancer.name} has no endpoint "${redactText(given)}"`);
}
