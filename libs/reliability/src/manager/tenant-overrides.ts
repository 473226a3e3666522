import type { PolicyFactory } from '../chain/policy-factory.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import { type PolicySet, tryParsePolicySet } from '../chain/policy-set.js';
import type { OptionProblem } from '../core/option-problem.js';
import { isPlainObject } from './json.js';

/** Tenants that can have settings of their own; a bound of memory, since each has a state of its own. */
export const MAX_TENANTS = 1_000;

/** By tenant, then policy: the options that differ. */
export interface TenantOverrides {
  readonly [tenant: string]: { readonly policies?: { readonly [name: string]: PolicyOptions } };
}

/** By policy and type (`circuit-breaker:okx`), then tenant: complete, parsed options. */
export type TenantOptions = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

export const idOf = (type: string, name: string): string => `${type}:${name}`;

/**
 * Parses what tenants override, over what the policies say for everybody.
 * @param inputs by name: the options for everybody, not parsed
 */
export function parseTenants(
  factory: PolicyFactory,
  tenants: TenantOverrides,
  inputs: ReadonlyMap<string, PolicySet>,
  over: (base: unknown, options: unknown) => unknown,
  problems: OptionProblem[],
): TenantOptions {
  const parsed = new Map<string, Map<string, unknown>>();
  const names = Object.keys(tenants);
  if (names.length > MAX_TENANTS) {
    problems.push({ path: 'tenants', rule: `must be at most ${MAX_TENANTS}`, value: names.length });
    return parsed;
  }
  for (const tenant of names) {
    for (const [name, set, path] of overridesOf(tenant, tenants[tenant], problems)) {
      const base = inputs.get(name);
      if (base === undefined) {
        problems.push({ path, rule: 'overrides a policy that is not configured', value: set });
        continue;
      }
      for (const { definition, options } of tryParsePolicySet(factory, overridden(base, set, path), path, problems)) {
        const id = idOf(definition.type, name);
        parsed.set(id, (parsed.get(id) ?? new Map<string, unknown>()).set(tenant, options));
      }
    }
  }
  return parsed;

  function overridden(base: PolicySet, set: PolicySet, path: string): PolicySet {
    const merged: [string, unknown][] = [];
    for (const [key, options] of Object.entries(set)) {
      if (options === undefined) continue;
      if (key in base) merged.push([key, over(base[key], options)]);
      else problems.push({ path: `${path}.${key}`, rule: 'overrides what the policy does not have', value: options });
    }
    return Object.fromEntries(merged);
  }
}

function overridesOf(tenant: string, given: unknown, problems: OptionProblem[]): [string, PolicySet, string][] {
  const path = `tenants.${tenant}`;
  if (!isPlainObject(given)) {
    problems.push({ path, rule: 'must be an object', value: given });
    return [];
  }
  for (const key of Object.keys(given)) {
    if (key !== 'policies') problems.push({ path: `${path}.${key}`, rule: 'is not an option', value: given[key] });
  }
  const { policies = {} } = given;
  if (!isPlainObject(policies)) {
    problems.push({ path: `${path}.policies`, rule: 'must be an object', value: policies });
    return [];
  }
  return Object.entries(policies).flatMap(([name, set]) => {
    if (isPlainObject(set)) return [[name, set, `${path}.policies.${name}`]] as [string, PolicySet, string][];
    problems.push({ path: `${path}.policies.${name}`, rule: 'must be an object', value: set });
    return [];
  });
}
