import { type Capabilities, systemCapabilities } from '../core/capabilities.js';
import { problemsOfCapabilities } from '../core/capability-problems.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { Instrumentation } from '../core/instrumentation.js';
import type { Policy, PolicySnapshot } from '../core/policy.js';
import { PLAIN_USE } from '../core/use.js';
import { BUILTIN_POLICIES } from './builtin-policies.js';
import { Chain, type CallOutcome } from './chain.js';
import { type ChainLine, explainChain } from './explain.js';
import { InstrumentedChain } from './instrumented-chain.js';
import { type ExecuteOptions, executeWork, runWorkBy, tryExecuteWork, type Work } from './execute.js';
import type { PolicyOptions } from './policy-options.js';
import { parsePolicySet, type PolicySet } from './policy-set.js';
import { PolicyFactory } from './policy-factory.js';

export interface ChainOptions extends PolicyOptions {
  /** Shown in events, errors and metrics. Default `chain`. */
  readonly name?: string;
  /** Policy types outermost first, where the canonical order is not wanted. */
  readonly order?: readonly string[];
}

/** A chain for functions, without Nest. */
export interface StandaloneChain {
  /** @throws what the work throws, or the error of the policy that refused */
  execute<T>(work: Work<T>, options?: ExecuteOptions): Promise<Awaited<T>>;
  /** The outcome as a value; a refusal by the outermost policies costs no error. */
  tryExecute<T>(work: Work<T>, options?: ExecuteOptions): CallOutcome | Promise<CallOutcome>;
  /** The policy of a type, for its manual controls. */
  policy(type: string): Policy | undefined;
  explain(): readonly ChainLine[];
  inspect(): readonly PolicySnapshot[];
  /** Stops background work and refuses everybody still queued. */
  close(): void;
}

/**
 * Builds a protection chain from options: `buildChain({ circuitBreaker: {}, retry: { attempts: 3 } })`.
 * @param instrumentation watches its calls
 * @throws InvalidOptionsError naming every problem
 */
export function buildChain(
  options: ChainOptions,
  capabilities: Capabilities = systemCapabilities(),
  instrumentation?: Instrumentation,
): StandaloneChain {
  const { name = 'chain', order, ...set } = options;
  const { clock, random, emit } = capabilities;
  const problems = problemsOfCapabilities({ clock, random, emit });
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  const factory = new PolicyFactory(BUILTIN_POLICIES, capabilities);
  const links = parsePolicySet(factory, set as PolicySet, '').map(({ definition, options: parsed }) => ({
    policy: factory.createParsed(definition, name, parsed),
    slot: definition.slot,
    use: PLAIN_USE,
  }));
  const invoke = runWorkBy(capabilities.clock);
  const chain =
    instrumentation === undefined
      ? new Chain(links, invoke, capabilities, order)
      : new InstrumentedChain(links, invoke, capabilities, order, instrumentation);
  return {
    execute: (work, executeOptions) => executeWork(chain, name, work, executeOptions),
    tryExecute: (work, executeOptions) => tryExecuteWork(chain, name, work, executeOptions),
    policy: (type) => chain.links.find(({ policy }) => policy.type === type)?.policy,
    explain: () => explainChain(chain),
    inspect: () => chain.links.map(({ policy }) => policy.inspect(capabilities.clock.now())),
    close: () => {
      for (const { policy } of chain.links) policy.close?.();
    },
  };
}
