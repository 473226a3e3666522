import { Chain } from '../chain/chain.js';
import { InstrumentedChain } from '../chain/instrumented-chain.js';
import type { Link } from '../chain/link.js';
import type { PolicyFactory } from '../chain/policy-factory.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import type { PolicySet } from '../chain/policy-set.js';
import { InvalidOptionsError, ReliabilityError, ShuttingDownError } from '../core/errors.js';
import type { Unsubscribe } from '../core/event-bus.js';
import type { Instrumentation } from '../core/instrumentation.js';
import { parseOptions } from '../core/options.js';
import type { Next, Policy, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import {
  type Configuration,
  overDefaults,
  parseConfiguration,
  type ReliabilityConfiguration,
} from './configuration.js';

/** How often a drain looks whether calls are under way, in ms. */
const DRAIN_CHECK_MS = 25;

/** A policy in use, and the definition that made it. */
export interface RegisteredPolicy {
  readonly definition: PolicyDefinition;
  readonly policy: Policy;
}

/**
 * All policies of an application by name and kind, each made on first use and then shared by everybody who names it.
 */
export class PolicyRegistry {
  #configuration: Configuration;
  readonly #policies = new Map<string, RegisteredPolicy>();
  readonly #chains = new Set<Chain>();
  #bypassed = false;
  readonly #added = new Map<string, PolicyOptions>();
  #stopped = false;
  #instrumentation: Instrumentation | undefined;
  #measured = false;
  /** Rises whenever chains have to be linked anew. A plain field: it is read with every call. */
  version = 0;

  constructor(
    readonly factory: PolicyFactory,
    configuration: ReliabilityConfiguration,
  ) {
    this.#configuration = parseConfiguration(factory, configuration);
  }

  get names(): readonly string[] {
    return [...this.#configuration.policies.keys()];
  }

  /** The whole configuration as it was given. */
  get configuration(): ReliabilityConfiguration {
    return this.#configuration.source;
  }

  /**
   * The policy of a kind under a configured name, with the defaults where the name says nothing of that kind.
   * @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names
   */
  named(definition: PolicyDefinition, name: string): Policy {
    const id = idOf(definition, name);
    const existing = this.#policies.get(id);
    if (existing !== undefined) return existing.policy;
    const configured = this.#configured(name).find((parsed) => parsed.definition === definition);
    const options = configured?.options ?? this.#parseOverDefaults(definition, {}, `policies.${name}`);
    return this.#register(id, definition, this.factory.createParsed(definition, name, options));
  }

  /**
   * A policy of a call site's own. `name` is unique to the site.
   * @throws InvalidOptionsError naming every problem below `path`
   */
  inline(definition: PolicyDefinition, name: string, options: unknown, path: string): Policy {
    const id = idOf(definition, name);
    const existing = this.#policies.get(id);
    if (existing !== undefined) return existing.policy;
    const parsed = this.#parseOverDefaults(definition, options, path);
    return this.#register(id, definition, this.factory.createParsed(definition, name, parsed));
  }

  /**
   * The policy that a call site means: shared under a configured name, its own with options, or both, where its options
   * win over the configured ones and the state is its own.
   * @param site unique to the call site
   * @throws InvalidOptionsError naming every problem below `path`, or `UNKNOWN_POLICY`
   */
  policyOf(
    definition: PolicyDefinition,
    name: string | undefined,
    options: object | undefined,
    site: string,
    path: string,
  ): Policy {
    if (name === undefined) return this.inline(definition, site, options ?? {}, path);
    if (options === undefined) return this.named(definition, name);
    return this.inline(definition, `${name}@${site}`, this.#over(definition, name, options), path);
  }

  /**
   * Everything configured under a name.
   * @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names
   */
  set(name: string): readonly RegisteredPolicy[] {
    return this.#configured(name).map(({ definition }) => ({ definition, policy: this.named(definition, name) }));
  }

  /** @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names */
  assertKnown(name: string, site: string): void {
    if (!this.#configuration.policies.has(name)) throw this.#unknown(name, `${site}: `);
  }

  /** Policies in use. */
  all(): IterableIterator<RegisteredPolicy> {
    return this.#policies.values();
  }

  inspect(now: number): PolicySnapshot[] {
    return [...this.#policies.values()].map(({ policy }) => policy.inspect(now));
  }

  /**
   * Replaces the whole configuration, or nothing: windows, permits and queues of policies that stay are kept.
   * @throws InvalidOptionsError naming every problem; nothing has changed then
   */
  reconfigure(configuration: ReliabilityConfiguration): void {
    const next = parseConfiguration(this.factory, {
      ...configuration,
      policies: { ...Object.fromEntries(this.#added), ...configuration.policies },
    });
    for (const chain of this.#chains) if (chain.inFlight === 0) this.#chains.delete(chain);
    this.#configuration = next;
    for (const [name, parsed] of next.policies) {
      for (const { definition, options } of parsed) {
        this.#policies.get(idOf(definition, name))?.policy.reconfigure(options as never);
      }
    }
    this.version += 1;
  }

  /**
   * Adds named policies beside the configured ones.
   * @throws InvalidOptionsError naming every problem and every name that is taken; nothing has changed then
   */
  add(policies: Readonly<Record<string, PolicyOptions>>): void {
    const taken = Object.keys(policies).filter((name) => this.#configuration.policies.has(name));
    if (taken.length > 0) {
      throw new InvalidOptionsError(
        taken.map((name) => ({ path: `policies.${name}`, rule: 'is configured already', value: policies[name] })),
      );
    }
    const { source } = this.#configuration;
    this.#configuration = parseConfiguration(this.factory, {
      ...source,
      policies: { ...source.policies, ...policies },
    });
    for (const [name, options] of Object.entries(policies)) this.#added.set(name, options);
    this.version += 1;
  }

  /**
   * Links a chain whose calls shutting down waits for.
   * @throws ReliabilityError `INVALID_OPTIONS` when `order` does not fit the links
   */
  link(links: readonly Link[], invoke: Next, order?: readonly string[]): Chain {
    const { capabilities } = this.factory;
    const chain =
      this.#instrumentation === undefined || links.length === 0
        ? new Chain(links, invoke, capabilities, order)
        : new InstrumentedChain(links, invoke, capabilities, order, this.#instrumentation);
    this.#chains.add(chain);
    return chain;
  }

  /**
   * Has every call that begins from now on watched, in place of who watched before.
   * @returns ends it
   */
  instrument(instrumentation: Instrumentation): Unsubscribe {
    this.#instrumentation = instrumentation;
    this.version += 1;
    return () => {
      if (this.#instrumentation !== instrumentation) return;
      this.#instrumentation = undefined;
      this.version += 1;
    };
  }

  /** Whether calls go past every policy: for tests of what is protected. */
  get bypassed(): boolean {
    return this.#bypassed;
  }

  bypass(on: boolean): void {
    this.#bypassed = on;
    this.version += 1;
  }

  /** Lets every policy keep durations in histograms, for metrics. */
  measure(): void {
    if (this.#measured) return;
    this.#measured = true;
    for (const { policy } of this.#policies.values()) policy.measure?.();
    this.version += 1; // what is measured looks at the clock
  }

  /** Calls under way, over all chains. */
  get inFlight(): number {
    let total = 0;
    for (const chain of this.#chains) total += chain.inFlight;
    return total;
  }

  /** Refuses every call from now on; those under way go on. */
  stop(): void {
    this.#stopped = true;
    this.version += 1;
  }

  /** @throws ShuttingDownError after {@link stop} */
  assertAdmitting(site: string): void {
    if (this.#stopped) throw new ShuttingDownError('application', site);
  }

  /**
   * Waits until no call is under way, at most `capMs`.
   * @returns whether none is
   */
  async drain(capMs: number): Promise<boolean> {
    const { clock } = this.factory.capabilities;
    const until = clock.now() + capMs;
    while ([...this.#chains].some(({ inFlight }) => inFlight > 0)) {
      const leftMs = until - clock.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        clock.schedule(Math.min(DRAIN_CHECK_MS, leftMs), resolve);
      });
    }
    return true;
  }

  close(): void {
    for (const { policy } of this.#policies.values()) policy.close?.();
  }

  #over(definition: PolicyDefinition, name: string, options: object): unknown {
    this.assertKnown(name, definition.type);
    const configured = this.configuration.policies?.[name] as PolicySet | undefined;
    return overDefaults(configured?.[definition.optionKey], options);
  }

  #configured(name: string): NonNullable<ReturnType<Configuration['policies']['get']>> {
    const parsed = this.#configuration.policies.get(name);
    if (parsed === undefined) throw this.#unknown(name, '');
    return parsed;
  }

  #parseOverDefaults(definition: PolicyDefinition, options: unknown, path: string): unknown {
    const { defaults = {} } = this.#configuration.source;
    return parseOptions(definition.options, overDefaults((defaults as PolicySet)[definition.optionKey], options), path);
  }

  #register(id: string, definition: PolicyDefinition, policy: Policy): Policy {
    this.#policies.set(id, { definition, policy });
    if (this.#measured) policy.measure?.();
    return policy;
  }

  #unknown(name: string, prefix: string): ReliabilityError {
    const known = this.names.length === 0 ? 'none are configured' : `configured: ${this.names.join(', ')}`;
    return new ReliabilityError(`${prefix}no policy is configured under the name "${name}"; ${known}`, {
      code: 'UNKNOWN_POLICY',
      policyType: 'registry',
      policy: name,
      refused: true,
    });
  }
}

const idOf = (definition: PolicyDefinition, name: string) => `${definition.type}:${name}`;
