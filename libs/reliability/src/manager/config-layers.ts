import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { checkDocument } from './check-document.js';
import type { ConfigSource, ConfigurationOverride, SourcedConfig } from './config-source.js';
import type { ReliabilityConfiguration } from './configuration.js';
import type { OverrideView, SourceView } from './control.js';
import { isPlainObject, shownJsonAt } from './json.js';
import { isInForce, overlay, withOverrides } from './overlay.js';

/** Options that can be set one by one; a bound of memory. */
export const MAX_OVERRIDES = 10_000;

/** One source and what is known of it. */
export interface Layer {
  readonly source: ConfigSource;
  /** What it said last. */
  offered: SourcedConfig | undefined;
  /** What of it is in force: what it said last, or said before when that is not acceptable. */
  held: SourcedConfig | undefined;
  available: boolean;
  problem: string | undefined;
}

export const layerOf = (source: ConfigSource): Layer => ({
  source,
  offered: undefined,
  held: undefined,
  available: true,
  problem: undefined,
});

/** What the sources say, by layer. */
export type Said = readonly (SourcedConfig | undefined)[];

/**
 * The whole configuration that the layers make: what they say, later ones winning, then what was set option by option,
 * layer by layer.
 * @param upTo the layer before whose overrides to stop; by default none
 */
export function effectiveOf(code: ReliabilityConfiguration, said: Said, upTo = said.length): ReliabilityConfiguration {
  const configs = said.reduce<unknown>((base, each) => (each === undefined ? base : overlay(base, each.config)), code);
  return said
    .slice(0, upTo)
    .reduce<unknown>((base, each) => withOverrides(base, each?.overrides ?? []), configs) as ReliabilityConfiguration;
}

/**
 * Looks at the form of what a source says.
 * @throws InvalidOptionsError naming every problem
 */
export function checkSourced(sourced: SourcedConfig): void {
  const problems: OptionProblem[] = checkDocument(sourced.config);
  const overrides: unknown = sourced.overrides ?? [];
  if (!Array.isArray(overrides)) problems.push({ path: 'overrides', rule: 'must be a list', value: overrides });
  else if (overrides.length > MAX_OVERRIDES) {
    problems.push({ path: 'overrides', rule: `must be at most ${MAX_OVERRIDES}`, value: overrides.length });
  } else {
    for (const [index, override] of overrides.entries()) {
      problems.push(...checkOverride(override, `overrides.${index}`));
      if (problems.length > 20) break;
    }
  }
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

function checkOverride(override: unknown, at: string): OptionProblem[] {
  const { path, value, over } = (isPlainObject(override) ? override : {}) as Partial<ConfigurationOverride>;
  const isPath = Array.isArray(path) && path.length > 0 && path.every((key) => typeof key === 'string');
  if (!isPath || typeof over !== 'string' || value === undefined) {
    return [{ path: at, rule: 'must have a path, a value and what it lies over', value: override }];
  }
  // As a document that says this one thing: the same rules for names and values.
  return checkDocument(path.toReversed().reduce<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value));
}

export function viewLayer({ source, available, problem, held }: Layer, keepsChanges: boolean): SourceView {
  return {
    name: source.name,
    available,
    ...(problem !== undefined && { problem }),
    ...(held?.revision !== undefined && { revision: held.revision }),
    keepsChanges,
  };
}

export function viewOverrides(lower: unknown, overrides: readonly ConfigurationOverride[]): OverrideView[] {
  return overrides.map((override) => ({
    path: override.path.join('.'),
    value: shownJsonAt(override.path, override.value),
    inForce: isInForce(override, lower),
  }));
}
