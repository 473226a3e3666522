import { Chain } from '../chain/chain.js';
import { InstrumentedChain } from '../chain/instrumented-chain.js';
import type { Link } from '../chain/link.js';
import type { PolicyFactory } from '../chain/policy-factory.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import type { PolicySet } from '../chain/policy-set.js';
import { InvalidOptionsError, ReliabilityError, ShuttingDownError } from '../core/errors.js';
import type { Unsubscribe } from '../core/event-bus.js';
import type { Instrumentation } from '../core/instrumentation.js';
import type { OptionProblem } from '../core/option-problem.js';
import { parseOptions, tryParseOptions } from '../core/options.js';
import type { Next, Policy, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { Timer } from '../core/timer.js';
import {
  type Configuration,
  overDefaults,
  parseConfiguration,
  type ReliabilityConfiguration,
} from './configuration.js';
import { CallSites } from './call-sites.js';
import { type Change, reconfigureAll, type Transition } from './reconfiguration.js';
import { idOf } from './tenant-overrides.js';
import { TenantStates, type TenantView } from './tenant-states.js';

/** How a call came in: from outside, by the manager, or by a function whose caller has to be looked for. */
type Entrance = 'request' | 'manager' | ((...args: never[]) => unknown);

/** How often a drain, and whoever waits for the last call of a policy that was removed, looks at it, in ms. */
const DRAIN_CHECK_MS = 25;

/** A policy in use, and the definition that made it. */
export interface RegisteredPolicy {
  readonly definition: PolicyDefinition;
  readonly policy: Policy;
}

/** What the registry knows of a policy in use. */
interface Entry extends RegisteredPolicy {
  readonly id: string;
  /** As they were parsed last. */
  options: unknown;
  /** Whether a call site or a handle has asked for this kind by name, so that it stays when its name loses it. */
  asked: boolean;
  /** Its options under another configuration; `undefined` when that has no place for it. */
  readonly optionsUnder: (configuration: Configuration, asked: boolean, problems: OptionProblem[]) => unknown;
}

/** A policy that is in no configuration any more, but perhaps in calls under way. */
interface Leaving {
  readonly policy: Policy;
  /** Version of the registry from which on it has no place. */
  readonly since: number;
}

/**
 * All policies of an application by name and kind, each made on first use and then shared by everybody who names it.
 */
export class PolicyRegistry {
  #configuration: Configuration;
  readonly #policies = new Map<string, Entry>();
  readonly #tenants: TenantStates;
  readonly #sites: CallSites;
  /** Chains and the version at which they were linked. */
  readonly #chains = new Map<Chain, number>();
  #leaving: Leaving[] = [];
  #leavingCheck: Timer | undefined = undefined;
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
    this.#tenants = new TenantStates(factory, this.#configuration.tenants);
    this.#sites = new CallSites();
  }

  get names(): readonly string[] {
    return [...this.#configuration.policies.keys()];
  }

  /** The whole configuration as it was given. */
  get configuration(): ReliabilityConfiguration {
    return this.#configuration.source;
  }

  /** What modules have added. */
  get added(): Readonly<Record<string, PolicyOptions>> {
    return Object.fromEntries(this.#added);
  }

  /**
   * The policy of a kind under a configured name, with the defaults where the name says nothing of that kind.
   * @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names
   */
  named(definition: PolicyDefinition, name: string): Policy {
    return this.#named(definition, name, true).policy;
  }

  /**
   * A policy of a call site's own. `name` is unique to the site.
   * @throws InvalidOptionsError naming every problem below `path`
   */
  inline(definition: PolicyDefinition, name: string, options: unknown, path: string): Policy {
    return this.#inline(definition, name, undefined, options, path);
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
    this.assertKnown(name, definition.type);
    return this.#inline(definition, `${name}@${site}`, name, options, path);
  }

  /**
   * Everything configured under a name.
   * @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names
   */
  set(name: string): readonly RegisteredPolicy[] {
    return this.#configured(name).map(({ definition }) => this.#named(definition, name, false));
  }

  /** The complete options of what is configured under a name; `undefined` when it has none of that type. */
  optionsOf(type: string, name: string): Readonly<Record<string, unknown>> | undefined {
    const parsed = this.#configuration.policies.get(name)?.find(({ definition }) => definition.type === type);
    return parsed?.options as Readonly<Record<string, unknown>> | undefined;
  }

  /** @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names */
  assertKnown(name: string, site: string): void {
    if (!this.#configuration.policies.has(name)) throw this.#unknown(name, `${site}: `);
  }

  /**
   * As {@link assertKnown}, of a site that means this name for good: the name cannot be removed while running.
   * @throws ReliabilityError `UNKNOWN_POLICY`, listing the configured names
   */
  refer(name: string, site: string): void {
    this.assertKnown(name, site);
    this.#sites.refer(name, site);
  }

  /** A site gives plain values: none of its policies may come to wait while running. */
  givesPlainValue(site: string, policies: readonly Policy[], names: readonly string[]): void {
    this.#sites.givesPlainValue(site, policies, names);
  }

  /** Policies in use. */
  all(): IterableIterator<RegisteredPolicy> {
    return this.#policies.values();
  }

  inspect(now: number): PolicySnapshot[] {
    return [...this.#policies.values()].map(({ policy }) => policy.inspect(now));
  }

  /** Tenants with settings of their own, and the state of those seen, at most `most`. */
  inspectTenants(now: number, most: number): TenantView {
    return this.#tenants.inspect(now, most);
  }

  /**
   * Replaces the whole configuration, or nothing: windows, permits and queues of policies that stay are kept. Policies
   * added by modules stay.
   * @throws InvalidOptionsError naming every problem; nothing has changed then
   */
  reconfigure(configuration: ReliabilityConfiguration): void {
    this.prepare({
      ...configuration,
      policies: { ...Object.fromEntries(this.#added), ...configuration.policies },
    })();
  }

  /**
   * Checks a configuration against everything in use, and changes nothing.
   * @returns puts it in force, as long as nothing else was put in force in between
   * @throws InvalidOptionsError naming every problem
   */
  prepare(configuration: ReliabilityConfiguration): () => void {
    const next = parseConfiguration(this.factory, configuration);
    const problems = this.#sites.problemsOf(next);
    const staying: Change[] = [];
    const leaving: Entry[] = [];
    for (const entry of this.#policies.values()) {
      const options = entry.optionsUnder(next, entry.asked, problems);
      if (options === undefined) leaving.push(entry);
      else staying.push({ held: entry, options });
    }
    const tenants = this.#tenants.prepare(next.tenants);
    for (const [name, parsed] of next.policies) {
      for (const { definition, options } of parsed) this.factory.check(definition, name, options, problems);
    }
    if (problems.length > 0) throw new InvalidOptionsError(problems);
    return () => this.#put(next, { changes: [...staying, ...tenants.changes] }, leaving, tenants.commit);
  }

  #put(next: Configuration, transition: Transition, leaving: readonly Entry[], commitTenants: () => Policy[]): void {
    reconfigureAll(transition);
    for (const [chain] of this.#chains) if (chain.inFlight === 0) this.#chains.delete(chain);
    this.#configuration = next;
    this.version += 1;
    for (const { id } of leaving) this.#policies.delete(id);
    const gone = [...leaving.map(({ policy }) => policy), ...commitTenants()];
    this.#leaving.push(...gone.map((policy) => ({ policy, since: this.version })));
    this.#closeTheIdle();
  }

  /** Closing refuses whoever is queued: a policy that was removed is closed when the last call that knows it is over. */
  #closeTheIdle(): void {
    const oldest = Math.min(Infinity, ...[...this.#chains].flatMap(([chain, at]) => (chain.inFlight > 0 ? [at] : [])));
    this.#leaving = this.#leaving.filter(({ policy, since }) => {
      if (oldest < since) return true;
      policy.close?.();
      return false;
    });
    if (this.#leaving.length === 0 || this.#leavingCheck !== undefined) return;
    this.#leavingCheck = this.factory.capabilities.clock.schedule(DRAIN_CHECK_MS, () => {
      this.#leavingCheck = undefined;
      this.#closeTheIdle();
    });
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
    const routed = links.map((link) => this.#tenants.route(link));
    const chain =
      this.#instrumentation === undefined || links.length === 0
        ? new Chain(routed, invoke, capabilities, order)
        : new InstrumentedChain(routed, invoke, capabilities, order, this.#instrumentation);
    this.#chains.set(chain, this.version);
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
    for (const chain of this.#chains.keys()) total += chain.inFlight;
    return total;
  }

  /** Whether a call that begins now is part of one under way: only who runs the calls can tell. */
  isPartOfCall: (entrance: Entrance) => boolean = () => false;

  /** Whether calls are refused that are not part of others. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Refuses every call from now on; those under way go on, with what they call. */
  stop(): void {
    this.#stopped = true;
    this.version += 1;
  }

  /** @throws ShuttingDownError after {@link stop}, unless the call is part of one under way */
  assertAdmitting(site: string, entrance: Entrance): void {
    if (!this.#stopped || this.isPartOfCall(entrance)) return;
    throw new ShuttingDownError('application', site);
  }

  /**
   * Waits until no call is under way, at most `capMs`.
   * @returns whether none is
   */
  async drain(capMs: number): Promise<boolean> {
    const { clock } = this.factory.capabilities;
    const until = clock.now() + capMs;
    while ([...this.#chains.keys()].some(({ inFlight }) => inFlight > 0)) {
      const leftMs = until - clock.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => {
        clock.schedule(Math.min(DRAIN_CHECK_MS, leftMs), resolve);
      });
    }
    return true;
  }

  close(): void {
    this.#leavingCheck?.cancel();
    for (const { policy } of [...this.#policies.values(), ...this.#leaving]) policy.close?.();
    this.#tenants.close();
  }

  #named(asFor: PolicyDefinition, name: string, asked: boolean): Entry {
    const definition = this.factory.inForce(asFor);
    const id = idOf(definition.type, name);
    const existing = this.#policies.get(id);
    if (existing !== undefined) {
      existing.asked ||= asked;
      return existing;
    }
    const configured = this.#configured(name).find((parsed) => parsed.definition === definition);
    const { optionKey } = definition;
    const path = `policies.${name}`;
    const options = configured?.options ?? this.#parseOverDefaults(definition, {}, path);
    return this.#register({
      id,
      definition,
      policy: this.factory.createParsed(definition, name, options),
      options,
      asked,
      optionsUnder: ({ policies, source }, wanted, problems) => {
        const set = policies.get(name);
        const found = set?.find((parsed) => parsed.definition === definition)?.options;
        if (found !== undefined || set === undefined || !wanted) return found;
        if (isSet(source.policies?.[name], optionKey)) return null; // has problems that are reported already
        return (
          tryParseOptions(definition.options, overDefaults(defaultsOf(source, optionKey), {}), path, problems) ?? null
        );
      },
    });
  }

  #inline(asFor: PolicyDefinition, name: string, base: string | undefined, options: unknown, path: string): Policy {
    const definition = this.factory.inForce(asFor);
    const id = idOf(definition.type, name);
    const existing = this.#policies.get(id);
    if (existing !== undefined) return existing.policy;
    const { optionKey } = definition;
    const inputUnder = (source: ReliabilityConfiguration) => {
      const configured =
        base === undefined ? undefined : (source.policies?.[base] as PolicySet | undefined)?.[optionKey];
      return overDefaults(defaultsOf(source, optionKey), overDefaults(configured, options));
    };
    const parsed = parseOptions(definition.options, inputUnder(this.configuration), path);
    return this.#register({
      id,
      definition,
      policy: this.factory.createParsed(definition, name, parsed),
      options: parsed,
      asked: true,
      optionsUnder: ({ source, policies }, _, problems) =>
        base !== undefined && !policies.has(base)
          ? undefined
          : (tryParseOptions(definition.options, inputUnder(source), path, problems) ?? null),
    }).policy;
  }

  #configured(name: string): NonNullable<ReturnType<Configuration['policies']['get']>> {
    const parsed = this.#configuration.policies.get(name);
    if (parsed === undefined) throw this.#unknown(name, '');
    return parsed;
  }

  #parseOverDefaults(definition: PolicyDefinition, options: unknown, path: string): unknown {
    const input = overDefaults(defaultsOf(this.configuration, definition.optionKey), options);
    return parseOptions(definition.options, input, path);
  }

  #register(entry: Entry): Entry {
    this.#policies.set(entry.id, entry);
    if (this.#measured) entry.policy.measure?.();
    return entry;
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

const defaultsOf = ({ defaults = {} }: ReliabilityConfiguration, optionKey: string) =>
  (defaults as PolicySet)[optionKey];

const isSet = (set: unknown, optionKey: string) => (set as PolicySet | undefined)?.[optionKey] !== undefined;
