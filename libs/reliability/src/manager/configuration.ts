import type { PolicyFactory } from '../chain/policy-factory.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import { type ParsedPolicy, type PolicySet, tryParsePolicySet } from '../chain/policy-set.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { isPlainObject } from './json.js';
import { parseTenants, type TenantOptions, type TenantOverrides } from './tenant-overrides.js';

/** Names that can be configured; a bound of memory, whoever changes the configuration. */
const MAX_POLICIES = 10_000;

/** Named policies and what they have in common. */
export interface ReliabilityConfiguration {
  /** Options that every named or inline policy of a kind starts from. */
  readonly defaults?: PolicyOptions;
  /** By name: what protects calls to one dependency; at most 10,000 names. */
  readonly policies?: { readonly [name: string]: PolicyOptions };
  /**
   * By tenant: what differs for calls whose key it is, at most 1,000 tenants. A tenant has a state of its own in every
   * policy that it overrides.
   */
  readonly tenants?: TenantOverrides;
}

/** A configuration that has been checked whole. */
export interface Configuration {
  readonly source: ReliabilityConfiguration;
  readonly policies: ReadonlyMap<string, readonly ParsedPolicy[]>;
  readonly tenants: TenantOptions;
}

/**
 * Checks a configuration whole.
 * @throws InvalidOptionsError naming every problem by path
 */
export function parseConfiguration(factory: PolicyFactory, source: ReliabilityConfiguration): Configuration {
  const problems: OptionProblem[] = [];
  const { defaults = {}, policies = {}, tenants = {} } = source;
  for (const part of ['defaults', 'policies', 'tenants'] as const) {
    if (source[part] !== undefined && !isPlainObject(source[part])) {
      throw new InvalidOptionsError([{ path: part, rule: 'must be an object', value: source[part] }]);
    }
  }
  tryParsePolicySet(factory, defaults as PolicySet, 'defaults', problems);
  const count = Object.keys(policies).length;
  if (count > MAX_POLICIES) {
    throw new InvalidOptionsError([{ path: 'policies', rule: `must be at most ${MAX_POLICIES} names`, value: count }]);
  }
  const parsed = new Map<string, readonly ParsedPolicy[]>();
  for (const [name, set] of Object.entries(policies)) {
    const path = `policies.${name}`;
    if (!isPlainObject(set)) problems.push({ path, rule: 'must be an object', value: set });
    else parsed.set(name, tryParsePolicySet(factory, withDefaults(defaults as PolicySet, set), path, problems));
  }
  const inputs = new Map(
    Object.entries(policies)
      .filter(([name]) => parsed.has(name))
      .map(([name, set]) => [name, withDefaults(defaults as PolicySet, set as PolicySet)]),
  );
  const ofTenants = parseTenants(factory, tenants, inputs, overDefaults, problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { source, policies: parsed, tenants: ofTenants };
}

/** The options of one kind of policy, laid over the defaults of that kind. */
export function overDefaults(defaults: unknown, options: unknown): unknown {
  if (!isPlainObject(defaults) || !isPlainObject(options)) return options ?? defaults ?? {};
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined) merged[key] = isPlainObject(value) ? overDefaults(merged[key], value) : value;
  }
  return merged;
}

function withDefaults(defaults: PolicySet, set: PolicySet): PolicySet {
  return Object.fromEntries(
    Object.entries(set)
      .filter(([, options]) => options !== undefined)
      .map(([key, options]) => [key, overDefaults(defaults[key], options)]),
  );
}
