import type { Link } from '../chain/link.js';
import type { PolicyFactory } from '../chain/policy-factory.js';
import type { Policy, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { Change, Held } from './reconfiguration.js';
import { idOf, type TenantOptions } from './tenant-overrides.js';
import { routeTenants } from './tenant-routing.js';

/** What is shown of tenants. */
export interface TenantView {
  /** Tenants with settings of their own. */
  readonly configured: number;
  /** Of their policies, those that were called. */
  readonly called: number;
  readonly shown: readonly { readonly tenant: string; readonly policy: PolicySnapshot }[];
}

/** The policies of tenants that have settings of their own, made on their first call. */
export class TenantStates {
  /** By policy and type, then tenant. */
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(
    private readonly factory: PolicyFactory,
    private options: TenantOptions,
  ) {}

  /** A link as it is to be made: by key, where tenants override the policy and its use has a key. */
  route(link: Link): Link {
    const { policy, use } = link;
    const id = idOf(policy.type, policy.name);
    const options = this.options.get(id);
    if (options === undefined || use.key === undefined) return link;
    const definition = this.factory.definition(policy.type);
    const held = this.#held.get(id) ?? new Map<string, Held>();
    this.#held.set(id, held);
    const routed = routeTenants(policy, {
      waits: [...options.values()].some((each) => definition.waits?.(each) === true),
      of: (tenant) => held.get(tenant)?.policy ?? this.#create(id, definition, policy.name, tenant, held),
    });
    return { ...link, policy: routed };
  }

  /** What a change of configuration means for the policies that were made. */
  prepare(next: TenantOptions): { readonly changes: Change[]; readonly commit: () => Policy[] } {
    const changes: Change[] = [];
    const leaving: { readonly of: Map<string, Held>; readonly tenant: string; readonly policy: Policy }[] = [];
    for (const [id, of] of this.#held) {
      for (const [tenant, held] of of) {
        const options = next.get(id)?.get(tenant);
        if (options === undefined) leaving.push({ of, tenant, policy: held.policy });
        else changes.push({ held, options });
      }
    }
    return {
      changes,
      commit: () => {
        this.options = next;
        for (const { of, tenant } of leaving) of.delete(tenant);
        for (const [id, of] of this.#held) if (of.size === 0 && !next.has(id)) this.#held.delete(id);
        return leaving.map(({ policy }) => policy);
      },
    };
  }

  inspect(now: number, most: number): TenantView {
    const tenants = new Set([...this.options.values()].flatMap((byTenant) => [...byTenant.keys()]));
    const called = [...this.#held.values()].flatMap((of) => [...of]);
    return {
      configured: tenants.size,
      called: called.length,
      shown: called.slice(0, most).map(([tenant, { policy }]) => ({ tenant, policy: policy.inspect(now) })),
    };
  }

  close(): void {
    for (const of of this.#held.values()) for (const { policy } of of.values()) policy.close?.();
  }

  #create(
    id: string,
    definition: PolicyDefinition,
    name: string,
    tenant: string,
    held: Map<string, Held>,
  ): Policy | undefined {
    const options = this.options.get(id)?.get(tenant);
    if (options === undefined) return undefined;
    const policy = this.factory.createParsed(definition, `${name}[${tenant}]`, options);
    held.set(tenant, { policy, options });
    return policy;
  }
}
