import type { Observable } from 'rxjs';
import type { Chain } from '../chain/chain.js';
import { handDownDeadline, inherit } from '../core/ambient.js';
import { Call } from '../core/call.js';
import type { PolicyRegistry } from '../manager/policy-registry.js';
import type { Begin } from './late-work.js';
import { lateObservable } from './late-observable.js';

/** Chains of configured names around handlers that have no decorators of their own. */
export class HandlerChains {
  readonly #chains = new Map<string, { readonly version: number; readonly chain: Chain }>();

  constructor(private readonly registry: PolicyRegistry) {}

  /** The handler's Observable, run through the chain of `name`: each attempt subscribes anew. */
  observe(
    name: string,
    site: string,
    args: readonly unknown[],
    handle: () => Observable<unknown>,
  ): Observable<unknown> {
    const { clock } = this.registry.factory.capabilities;
    return lateObservable((begin: Begin) => {
      const begins = (...[attempt]: [Call]) => begin(attempt, handle);
      const call = new Call(site, begins, undefined, args);
      call.abortable = true;
      inherit(call, clock);
      return { call, start: () => this.chain(name, site).execute(call) };
    }, 'completion');
  }

  chain(name: string, site: string): Chain {
    const { version, factory } = this.registry;
    const known = this.#chains.get(name);
    if (known?.version === version) return known.chain;
    this.registry.assertAdmitting(site, 'request');
    this.registry.refer(name, site);
    const links = (this.registry.bypassed ? [] : this.registry.set(name))
      .filter(({ policy }) => policy.type !== 'coalesce')
      .map(({ definition, policy }) => ({ policy, slot: definition.slot, use: { site } }));
    const { clock } = factory.capabilities;
    const begin = (call: Call) => (call.target as (attempt: Call) => unknown)(call);
    const invoke = (call: Call) =>
      call.deadline === Infinity ? begin(call) : handDownDeadline(call.deadline, clock, () => begin(call));
    const chain = this.registry.link(links, invoke);
    this.#chains.set(name, { version, chain });
    return chain;
  }
}
