import type { PolicySnapshot } from '../core/policy.js';

/** What a rule looks at: the policies now and some time ago, and the options they have. */
export interface Observation {
  readonly policies: readonly PolicySnapshot[];
  /** The same {@link spanMs} ago; policies made since are not in it. */
  readonly earlier: readonly PolicySnapshot[];
  readonly spanMs: number;
  /** The complete options of a configured policy; `undefined` for one that is not configured by name. */
  readonly optionsOf: (type: string, name: string) => Readonly<Record<string, unknown>> | undefined;
}

/** What a rule would have changed. */
export interface Decision {
  readonly policy: string;
  /** Keys from the name of the policy on: `['circuitBreaker', 'openForMs']`. */
  readonly option: readonly [string, ...string[]];
  readonly from: unknown;
  readonly to: unknown;
  /** Why, in words, with the figures. */
  readonly explanation: string;
}

export type DecisionMode = 'off' | 'suggest' | 'apply';

export interface DecisionRule {
  readonly name: string;
  readonly description: string;
  /** `apply` only where nothing it does can refuse a call. */
  readonly defaultMode: DecisionMode;
  /** `advice`: its settings are for people to decide, it is never applied. */
  readonly advice?: boolean;
  decide(observation: Observation): readonly Decision[];
}

/** Growth of a counter since {@link Observation.earlier}. */
export function growth(now: PolicySnapshot, earlier: PolicySnapshot | undefined, ...path: string[]): number {
  return Math.max(0, figure(now, ...path) - (earlier === undefined ? 0 : figure(earlier, ...path)));
}

export function figure(snapshot: PolicySnapshot, ...path: string[]): number {
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], snapshot);
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Calls `decide` for each configured policy of a type that was there before. */
export function each(
  type: string,
  { policies, earlier, optionsOf }: Observation,
  decide: (
    now: PolicySnapshot,
    before: PolicySnapshot,
    options: Readonly<Record<string, unknown>>,
  ) => Omit<Decision, 'policy'> | undefined,
): Decision[] {
  const before = new Map(earlier.filter((old) => old.type === type).map((old) => [old.name, old]));
  return policies
    .filter((snapshot) => snapshot.type === type)
    .flatMap((snapshot) => {
      const old = before.get(snapshot.name);
      const options = optionsOf(type, snapshot.name);
      const decision = old === undefined || options === undefined ? undefined : decide(snapshot, old, options);
      return decision === undefined ? [] : [{ policy: snapshot.name, ...decision }];
    });
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;
export const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
