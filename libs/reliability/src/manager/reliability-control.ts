import type { z } from 'zod';
import { InvalidOptionsError, isReliabilityError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';
import { redactText } from '../core/redact.js';
import { type Action, actionSchema, type CheckedAction } from './actions.js';
import { type AuditEntry, type AuditListOptions, type AuditTrail, MemoryAuditTrail } from './audit-trail.js';
import { checkData } from './check-document.js';
import type { ConfigurationVersion, ListOptions } from './configuration-history.js';
import { ActionRefusedError, type ActionResult, type Actor, type ConfigurationView, type Control } from './control.js';
import type { DecisionMaker } from './decision-maker.js';
import { isPlainObject, shownError, shownJson, shownJsonAt } from './json.js';
import type { LiveConfiguration } from './live-configuration.js';
import { changedPaths, valueAt } from './overlay.js';
import type { PolicyRegistry } from './policy-registry.js';
import { RefusalQuota } from './refusal-quota.js';
import { endpointOf, steered, type SteeredBalancer, type SteeredBreaker } from './steered-policies.js';

const LONGEST_NAME = 200;
const LONGEST_REASON = 1_000;

/** What an action has done, before it is shown to anybody. */
interface Done {
  readonly target: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** An action of another room, offered beside the built-in ones: silencing an alert. */
export interface OfferedAction<Schema extends z.ZodType<{ kind: string; reason: string }>> {
  readonly schema: Schema;
  perform(action: z.output<Schema>, actor: Actor): Promise<Done> | Done;
}

/** Carries out what people and rules want done, and keeps account of it. */
export class ReliabilityControl implements Control {
  readonly #offered = new Map<string, OfferedAction<z.ZodType<{ kind: string; reason: string }>>>();
  readonly #refusals = new RefusalQuota();

  constructor(
    private readonly registry: PolicyRegistry,
    private readonly live: LiveConfiguration,
    private readonly decisions: DecisionMaker,
    private readonly trail: AuditTrail = new MemoryAuditTrail(),
  ) {
    decisions.steerBy((action) => this.perform(action, { who: 'manager', via: 'manager' }));
  }

  /** Adds a kind of action, or replaces the one of that name. */
  offer<Schema extends z.ZodType<{ kind: string; reason: string }>>(kind: string, action: OfferedAction<Schema>): void {
    this.#offered.set(kind, action);
  }

  async perform(action: unknown, actor: Actor): Promise<ActionResult> {
    let checked: { kind: string; reason: string } | undefined;
    try {
      checked = this.#check(action);
      const { target, before, after } = await this.#carryOut(checked, actor);
      const shown = {
        target: redactText(target),
        ...(before !== undefined && { before: shownJson(before) }),
        ...(after !== undefined && { after: shownJson(after) }),
      };
      this.#audit(checked, actor, { ...shown, outcome: 'done' });
      return { kind: checked.kind as Action['kind'], ...shown, version: this.live.version };
    } catch (error) {
      const refusal = refusalOf(error);
      const failed = refusal === undefined || refusal.kind === 'unavailable';
      const problem = shownError(refusal ?? error);
      this.#audit(checked ?? action, actor, {
        target: targetOf(action),
        outcome: failed ? 'failed' : 'refused',
        problem,
      });
      throw refusal ?? error;
    }
  }

  refused(action: unknown, actor: Actor, why: string): void {
    const lost = this.#refusals.take(this.#clock.now());
    if (lost === undefined) return;
    const more = lost === 0 ? '' : ` (and ${lost} more that were not written down)`;
    this.#audit(action, actor, { target: targetOf(action), outcome: 'refused', problem: redactText(why) + more });
  }

  configuration(): ConfigurationView {
    return this.live.view();
  }

  async versions(options?: ListOptions): Promise<readonly ConfigurationVersion[]> {
    return (await this.live.history.list(options)).map(shownVersion);
  }

  async version(version: number): Promise<ConfigurationVersion | undefined> {
    const found = await this.live.history.get(version);
    return found === undefined ? undefined : shownVersion(found);
  }

  async audit(options?: AuditListOptions): Promise<readonly AuditEntry[]> {
    return this.trail.list(options);
  }

  #check(action: unknown): { kind: string; reason: string } {
    const problems = checkData(action);
    if (problems.length > 0) throw new InvalidOptionsError(problems);
    const kind: unknown = isPlainObject(action) ? action['kind'] : undefined;
    const offered = typeof kind === 'string' ? this.#offered.get(kind) : undefined;
    return parseOptions<z.ZodType<{ kind: string; reason: string }>>(offered?.schema ?? actionSchema, action, '');
  }

  async #carryOut(action: { kind: string; reason: string }, actor: Actor): Promise<Done> {
    const offered = this.#offered.get(action.kind);
    if (offered !== undefined) return offered.perform(action, actor);
    const checked = action as CheckedAction;
    switch (checked.kind) {
      case 'force':
        return this.#force(checked, actor);
      case 'drain':
      case 'restore':
      case 'weight':
        return this.#balance(checked);
      case 'change':
        return this.#change(checked, actor);
      case 'rollback': {
        const before = this.live.version;
        const after = await this.live.rollback(checked.version, { who: actor.who, why: checked.reason });
        return { target: `configuration version ${checked.version}`, before, after };
      }
      case 'decision': {
        const { rule, enabled, mode } = checked;
        const after = enabled ? mode : 'off';
        const before = await this.decisions.switch(rule, after);
        return { target: `rule ${rule}`, before, after };
      }
    }
  }

  async #force(action: CheckedAction & { kind: 'force' }, { who }: Actor): Promise<Done> {
    const { policy, key, state, forMs, reason } = action;
    const breaker = steered<SteeredBreaker>(this.registry, 'circuit-breaker', policy);
    const stateNow = () => {
      const now = this.#clock.now();
      return key === undefined ? breaker.inspect(now)['state'] : (breaker.inspectKey(key, now)?.state ?? 'closed');
    };
    const before = stateNow();
    const mode = ['policies', policy, 'circuitBreaker', 'mode'];
    if (state === 'metrics-only') {
      if (key !== undefined)
        throw new ActionRefusedError('invalid', 'metrics-only is for the whole breaker, not for a key');
      await this.live.change({ policies: { [policy]: { circuitBreaker: { mode: state } } } }, { who, why: reason });
    } else if (state === 'open' && forMs !== undefined) breaker.isolate(forMs, key);
    else if (state === 'open') breaker.forceOpen(key);
    else if (state === 'disabled') breaker.disable(key);
    else {
      const isSet = this.live.view().overrides.some(({ path }) => path === mode.join('.'));
      if (state === 'automatic' && isSet) await this.live.release(mode, { who, why: reason });
      breaker.reset(key);
    }
    const target = `circuit-breaker "${policy}"${key === undefined ? '' : ` [${key}]`}`;
    return { target, before, after: state === 'metrics-only' ? state : stateNow() };
  }

  #balance(action: CheckedAction & { kind: 'drain' | 'restore' | 'weight' }): Done {
    const balancer = steered<SteeredBalancer>(this.registry, 'load-balancer', action.policy);
    const id = endpointOf(balancer, action.endpoint, this.#clock.now());
    const look = () => {
      const { endpoints, suspended } = balancer.inspect(this.#clock.now());
      const endpoint = endpoints.findLast((each) => each.id === id);
      if (suspended.includes(id)) return { service: 'suspended', weight: endpoint?.weight ?? null };
      return { service: endpoint?.service ?? 'removed', weight: endpoint?.weight ?? null };
    };
    const before = look();
    if (action.kind === 'weight') balancer.pinWeight(id, action.weight);
    else if (action.kind === 'drain') balancer.suspend(id);
    else if (!balancer.restore(id))
      throw new ActionRefusedError('conflict', `endpoint "${redactText(id)}" is not drained`);
    return { target: `endpoint "${id}" of load-balancer "${action.policy}"`, before, after: look() };
  }

  async #change(action: CheckedAction & { kind: 'change' }, { who, via }: Actor): Promise<Done> {
    const { kind: _, reason, expectedVersion, ...patch } = action;
    const before = this.live.effective;
    const by = { who, why: reason };
    if (via === 'manager') await this.live.decide(patch, by);
    else await this.live.change(patch, by, expectedVersion);
    const after = this.live.effective;
    const paths = changedPaths(before, after).map((path) => path.split('.'));
    const at = (whole: unknown) =>
      Object.fromEntries(paths.map((path) => [path.join('.'), shownJsonAt(path, valueAt(whole, path))]));
    return { target: 'configuration', before: at(before), after: at(after) };
  }

  #audit(
    action: unknown,
    { who, via }: Actor,
    what: Pick<AuditEntry, 'target' | 'before' | 'after' | 'outcome' | 'problem'>,
  ): void {
    const entry: AuditEntry = {
      at: this.#clock.wallNow(),
      who: cut(redactText(who), LONGEST_NAME),
      via: cut(via, LONGEST_NAME),
      action: textAt(action, 'kind', LONGEST_NAME) ?? 'unknown',
      reason: textAt(action, 'reason', LONGEST_REASON) ?? '',
      ...what,
      target: cut(what.target, 2 * LONGEST_NAME),
    };
    void this.#append(entry);
  }

  async #append(entry: AuditEntry): Promise<void> {
    try {
      await this.trail.append(entry);
    } catch (error) {
      const { emit } = this.registry.factory.capabilities;
      const at = this.#clock.now();
      emit.emit({ type: 'configuration.not-kept', policy: 'configuration', at, what: 'audit', error });
    }
  }

  get #clock() {
    return this.registry.factory.capabilities.clock;
  }
}

function refusalOf(error: unknown): ActionRefusedError | undefined {
  if (error instanceof ActionRefusedError) return error;
  if (error instanceof InvalidOptionsError) {
    return new ActionRefusedError('invalid', error.message, error.problems, error);
  }
  if (!isReliabilityError(error)) return undefined;
  if (error.code === 'INVALID_OPTIONS') return new ActionRefusedError('invalid', error.message, [], error);
  return error.code === 'UNKNOWN_POLICY' ? new ActionRefusedError('not-found', error.message, [], error) : undefined;
}

const shownVersion = (version: ConfigurationVersion): ConfigurationVersion => ({
  ...version,
  who: redactText(version.who),
  why: redactText(version.why),
  config: shownJson(version.config) as ConfigurationVersion['config'],
});

const cut = (text: string, longest: number) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

function textAt(action: unknown, key: string, longest: number): string | undefined {
  const text: unknown = isPlainObject(action) ? action[key] : undefined;
  return typeof text === 'string' ? cut(redactText(text.slice(0, 2 * longest)), longest) : undefined;
}

/** What an action would have been about, as far as it says. */
function targetOf(action: unknown): string {
  const named = ['policy', 'endpoint', 'version', 'rule']
    .map((key): unknown => (isPlainObject(action) ? action[key] : undefined))
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => cut(redactText(String(value).slice(0, 2 * LONGEST_NAME)), LONGEST_NAME));
  return named.length > 0 ? named.join(' ') : 'nothing that is known';
}
