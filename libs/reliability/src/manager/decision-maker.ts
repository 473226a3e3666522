import type { PolicySnapshot } from '../core/policy.js';
import type { Timer } from '../core/timer.js';
import { BUILTIN_RULES } from './builtin-rules.js';
import { ActionRefusedError } from './control.js';
import type { Decision, DecisionMode, DecisionRule } from './decision-rules.js';
import { shownError } from './json.js';
import type { PolicyRegistry } from './policy-registry.js';

export interface DecisionOptions {
  /** By name of the rule: what is done with what it decides. Default: as the rule says. */
  readonly rules?: { readonly [rule: string]: DecisionMode };
  /** Rules of one's own, beside the built-in ones. */
  readonly ownRules?: readonly DecisionRule[];
  /** Ms between two looks; at least 100, default 10,000. */
  readonly everyMs?: number;
  /** Ms that a look goes back; default 60,000. */
  readonly spanMs?: number;
  /** Ms for which a rule leaves an option alone after it was changed; default 60,000. */
  readonly coolDownMs?: number;
  /** Ms without cause after which a change is taken back; default 300,000. */
  readonly calmMs?: number;
}

/** A decision that is in force, or suggested. */
export interface StandingDecision {
  readonly rule: string;
  readonly setting: string;
  readonly explanation: string;
  readonly applied: boolean;
  /** Ms since the Unix epoch. */
  readonly since: number;
}

interface Standing {
  readonly rule: DecisionRule;
  decision: Decision;
  applied: boolean;
  readonly since: number;
  changedAt: number;
  lastWantedAt: number;
}

type Steer = (action: unknown) => Promise<unknown>;

const MOST_STANDING = 100;

/**
 * Looks at the policies at intervals and lets rules decide. What a rule does is announced with its reason, goes through
 * the control like anybody's doing, and is taken back when its cause is gone; a person's setting always wins.
 */
export class DecisionMaker {
  readonly #rules: ReadonlyMap<string, DecisionRule>;
  readonly #modes: Map<string, DecisionMode>;
  readonly #standing = new Map<string, Standing>();
  readonly #looks: { readonly at: number; readonly policies: readonly PolicySnapshot[] }[] = [];
  readonly #options: Required<Pick<DecisionOptions, 'everyMs' | 'spanMs' | 'coolDownMs' | 'calmMs'>>;
  #steer: Steer = () => Promise.reject(new Error('nothing to steer by'));
  #timer: Timer | undefined;
  #started = false;
  #looking: Promise<void> | undefined;

  /** @param options `undefined`: every rule is off until it is switched on */
  constructor(
    private readonly registry: PolicyRegistry,
    options: DecisionOptions | undefined,
  ) {
    const {
      rules = {},
      ownRules = [],
      everyMs = 10_000,
      spanMs = 60_000,
      coolDownMs = 60_000,
      calmMs = 300_000,
    } = options ?? {};
    this.#rules = new Map([...BUILTIN_RULES, ...ownRules].map((rule) => [rule.name, rule]));
    this.#modes = new Map(
      [...this.#rules].map(([name, { defaultMode }]) => [
        name,
        options === undefined ? 'off' : (rules[name] ?? defaultMode),
      ]),
    );
    this.#options = { everyMs, spanMs, coolDownMs, calmMs };
  }

  /** @internal Through what decisions are carried out. */
  steerBy(steer: Steer): void {
    this.#steer = steer;
  }

  start(): void {
    this.#started = true;
    this.#schedule();
  }

  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /**
   * Switches a rule. What one that is no longer applied has changed is changed back.
   * @returns its mode before
   * @throws ActionRefusedError as a rejection for an unknown rule, and for applying what is only advice
   */
  async switch(name: string, mode: DecisionMode): Promise<DecisionMode> {
    const rule = this.#rules.get(name);
    if (rule === undefined) {
      throw new ActionRefusedError('not-found', `there is no such rule; known: ${[...this.#rules.keys()].join(', ')}`);
    }
    if (mode === 'apply' && rule.advice === true) {
      throw new ActionRefusedError(
        'invalid',
        `${name} gives advice, which is for people to follow: its mode can be suggest or off`,
      );
    }
    const before = this.#modes.get(name)!;
    this.#modes.set(name, mode);
    if (mode !== 'apply') {
      for (const [id, standing] of this.#standing) {
        if (standing.rule === rule) await this.#end(id, standing, `the rule was switched to ${mode}`);
      }
    }
    this.#schedule();
    return before;
  }

  inspect(): {
    readonly rule: string;
    readonly description: string;
    readonly mode: DecisionMode;
    readonly standing: readonly StandingDecision[];
  }[] {
    const { clock } = this.registry.factory.capabilities;
    const toWall = clock.wallNow() - clock.now();
    return [...this.#rules.values()].map((rule) => ({
      rule: rule.name,
      description: rule.description,
      mode: this.#modes.get(rule.name)!,
      standing: [...this.#standing.values()]
        .filter((standing) => standing.rule === rule)
        .map(({ decision, applied, since }) => ({
          rule: rule.name,
          setting: settingOf(decision),
          explanation: decision.explanation,
          applied,
          since: Math.round(toWall + since),
        })),
    }));
  }

  /** Looks and decides now, instead of at its next turn. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  #schedule(): void {
    const on = [...this.#modes.values()].some((mode) => mode !== 'off');
    if (!this.#started || !on || this.#timer !== undefined) return;
    this.#timer = this.registry.factory.capabilities.clock.schedule(this.#options.everyMs, () => {
      this.#timer = undefined;
      void this.look().finally(() => this.#schedule());
    });
  }

  async #lookOnce(): Promise<void> {
    const now = this.registry.factory.capabilities.clock.now();
    const { spanMs } = this.#options;
    const policies = this.registry.inspect(now);
    while (this.#looks.length > 1 && this.#looks[1]!.at <= now - spanMs) this.#looks.shift();
    const earliest = this.#looks[0];
    this.#looks.push({ at: now, policies });
    if (earliest === undefined) return;
    const observation = {
      policies,
      earlier: earliest.policies,
      spanMs: now - earliest.at,
      optionsOf: (type: string, name: string) => this.registry.optionsOf(type, name),
    };
    for (const rule of this.#rules.values()) {
      if (this.#modes.get(rule.name) !== 'off') await this.#ask(rule, observation, now);
    }
    await this.#takeBack(now);
  }

  async #ask(rule: DecisionRule, observation: Parameters<DecisionRule['decide']>[0], now: number): Promise<void> {
    let decisions: readonly Decision[];
    try {
      decisions = rule.decide(observation);
    } catch (error) {
      this.#announceFailure(rule, shownError(error), now);
      return;
    }
    for (const decision of decisions) await this.#follow(rule, decision, now);
  }

  async #follow(rule: DecisionRule, decision: Decision, now: number): Promise<void> {
    const id = `${rule.name} ${settingOf(decision)}`;
    const apply = this.#modes.get(rule.name) === 'apply' && rule.advice !== true;
    const standing = this.#standing.get(id);
    if (standing !== undefined) {
      standing.lastWantedAt = now;
      if (standing.applied === apply && (!apply || now - standing.changedAt < this.#options.coolDownMs)) return;
    } else if (this.#standing.size >= MOST_STANDING) return;
    const fresh: Standing = standing ?? {
      rule,
      decision,
      applied: false,
      since: now,
      changedAt: now,
      lastWantedAt: now,
    };
    this.#standing.set(id, fresh);
    fresh.changedAt = now;
    if (!apply) {
      this.#announce(rule, decision, 'suggested');
      return;
    }
    // The value to go back to is the one before the first step.
    const first = fresh.applied ? fresh.decision.from : decision.from;
    if (!(await this.#set(rule, decision, decision.to, decision.explanation))) {
      if (!fresh.applied) this.#standing.delete(id);
      return;
    }
    fresh.applied = true;
    fresh.decision = { ...decision, from: first };
    this.#announce(rule, decision, 'applied');
  }

  async #takeBack(now: number): Promise<void> {
    for (const [id, standing] of this.#standing) {
      if (now - standing.lastWantedAt >= this.#options.calmMs) await this.#end(id, standing, 'its cause is gone');
    }
  }

  async #end(id: string, { rule, decision, applied }: Standing, why: string): Promise<void> {
    this.#standing.delete(id);
    if (!applied) return;
    const back = { ...decision, from: decision.to, to: decision.from, explanation: `${why}: as before` };
    if (await this.#set(rule, back, null, back.explanation)) this.#announce(rule, back, 'reverted');
  }

  async #set(rule: DecisionRule, { policy, option }: Decision, value: unknown, why: string): Promise<boolean> {
    const set = option.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value);
    try {
      await this.#steer({ kind: 'change', policies: { [policy]: set }, reason: `${rule.name}: ${why}` });
      return true;
    } catch (error) {
      this.#announceFailure(
        rule,
        `${why}: ${shownError(error)}`,
        this.registry.factory.capabilities.clock.now(),
        policy,
      );
      return false;
    }
  }

  #announce(rule: DecisionRule, decision: Decision, change: 'suggested' | 'applied' | 'reverted'): void {
    const { clock, emit } = this.registry.factory.capabilities;
    const { policy, explanation, from, to } = decision;
    const at = clock.now();
    const setting = settingOf(decision);
    emit.emit({ type: 'decision', policy, at, rule: rule.name, change, explanation, setting, from, to });
  }

  #announceFailure(rule: DecisionRule, explanation: string, at: number, policy = 'manager'): void {
    const { emit } = this.registry.factory.capabilities;
    const nothing = { setting: '', from: undefined, to: undefined };
    emit.emit({ type: 'decision', policy, at, rule: rule.name, change: 'failed', explanation, ...nothing });
  }
}

const settingOf = ({ policy, option }: Decision) => ['policies', policy, ...option].join('.');
