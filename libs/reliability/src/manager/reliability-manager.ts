import type { CallOutcome, Chain } from '../chain/chain.js';
import {
  type ExecuteOptions,
  executeWork,
  keyOfExecution,
  runWorkBy,
  tryExecuteWork,
  type Work,
} from '../chain/execute.js';
import { type ChainLine, explainChain } from '../chain/explain.js';
import type { EventListener, Unsubscribe } from '../core/event-bus.js';
import type { EventType, ReliabilityEvent } from '../core/events.js';
import type { Policy, PolicySnapshot } from '../core/policy.js';
import { PLAIN_USE } from '../core/use.js';
import { scoreSystem, type SystemHealth } from './health-score.js';
import type { PolicyRegistry } from './policy-registry.js';
import type { ManagerSnapshot } from './snapshot-schema.js';
import { type SnapshotParts, takeSnapshot } from './take-snapshot.js';

type LinkedChains = Map<string, { readonly version: number; readonly chain: Chain }>;

/** Runs anything under a configured name, and shows the state of everything named. */
export class ReliabilityManager {
  readonly #chains: LinkedChains = new Map();
  /** For executions that bring a key. */
  readonly #keyedChains: LinkedChains = new Map();

  constructor(
    readonly registry: PolicyRegistry,
    private readonly parts: SnapshotParts = {},
  ) {}

  /**
   * Runs `work` through everything configured under `name`.
   * @throws as a rejection: what the work throws, the error of the policy that refused, or `UNKNOWN_POLICY`
   */
  executeWithProtection<T>(name: string, work: Work<T>, options?: ExecuteOptions): Promise<Awaited<T>> {
    let chain: Chain;
    try {
      chain = this.admitted(name, options);
    } catch (error) {
      return Promise.reject(error);
    }
    return executeWork(chain, name, work, options);
  }

  /** As {@link executeWithProtection}, with the outcome as a value; a refusal by the outermost policies costs no error. */
  tryExecuteWithProtection<T>(
    name: string,
    work: Work<T>,
    options?: ExecuteOptions,
  ): CallOutcome | Promise<CallOutcome> {
    return tryExecuteWork(this.admitted(name, options), name, work, options);
  }

  /** The chain of a name, outermost link first. */
  explain(name: string): readonly ChainLine[] {
    return explainChain(this.chain(name, this.#chains));
  }

  /** The policy of a type under a name, for its manual controls; `undefined` when the name has none of that type. */
  policy(type: string, name: string): Policy | undefined {
    return this.registry.set(name).find(({ policy }) => policy.type === type)?.policy;
  }

  /** State and counters of every policy in use. */
  inspect(): PolicySnapshot[] {
    return this.registry.inspect(this.#clock.now());
  }

  /** Scores from 0 to 100 of every dependency and of the whole, with the reasons that lower them. */
  health(): SystemHealth {
    return scoreSystem(this.inspect());
  }

  /** Everything at once, as JSON and without secrets: what {@link snapshotSchema} describes. */
  snapshot(): ManagerSnapshot {
    return takeSnapshot(this.registry, this.health(), this.parts);
  }

  on<T extends EventType>(type: T, listener: EventListener<Extract<ReliabilityEvent, { type: T }>>): Unsubscribe {
    return this.registry.factory.capabilities.emit.on(type, listener);
  }

  onAny(listener: EventListener): Unsubscribe {
    return this.registry.factory.capabilities.emit.onAny(listener);
  }

  /** The chain of a name, for a call. @throws ShuttingDownError when the application takes no new calls */
  private admitted(name: string, options: ExecuteOptions | undefined): Chain {
    const chains = options?.key === undefined ? this.#chains : this.#keyedChains;
    const known = chains.get(name);
    if (known?.version === this.registry.version) return known.chain;
    this.registry.assertAdmitting(name, 'manager');
    return this.chain(name, chains);
  }

  private chain(name: string, chains: LinkedChains): Chain {
    const { stopped, version } = this.registry;
    const known = chains.get(name);
    if (known !== undefined && (stopped || known.version === version)) return known.chain;
    const use = chains === this.#keyedChains ? { site: name, key: keyOfExecution } : PLAIN_USE;
    const links = (this.registry.bypassed ? [] : this.registry.set(name)).map(({ definition, policy }) => ({
      policy,
      slot: definition.slot,
      use,
    }));
    const chain = this.registry.link(links, runWorkBy(this.#clock));
    // While stopping every call has to be asked where it comes from.
    chains.set(name, { version: stopped ? Number.NaN : version, chain });
    return chain;
  }

  get #clock() {
    return this.registry.factory.capabilities.clock;
  }
}
