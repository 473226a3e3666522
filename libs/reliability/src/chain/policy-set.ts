import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { tryParseOptions } from '../core/options.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { PolicyFactory } from './policy-factory.js';

/** Options of several policies, by option key: `{ retry: { attempts: 3 }, circuitBreaker: {} }`. */
export type PolicySet = { readonly [optionKey: string]: unknown };

export interface ParsedPolicy {
  readonly definition: PolicyDefinition;
  readonly options: unknown;
}

/**
 * Parses a set of policies.
 * @throws InvalidOptionsError naming every problem and every unknown key
 */
export function parsePolicySet(factory: PolicyFactory, set: PolicySet, path: string): ParsedPolicy[] {
  const problems: OptionProblem[] = [];
  const parsed = tryParsePolicySet(factory, set, path, problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return parsed;
}

/** As {@link parsePolicySet}, adding to `problems` instead of throwing. */
export function tryParsePolicySet(
  factory: PolicyFactory,
  set: PolicySet,
  path: string,
  problems: OptionProblem[],
): ParsedPolicy[] {
  const parsed: ParsedPolicy[] = [];
  for (const [key, input] of Object.entries(set)) {
    if (input === undefined) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const definition = factory.definitions.find(({ optionKey }) => optionKey === key);
    if (definition === undefined) {
      const known = factory.definitions.map(({ optionKey }) => optionKey).join(', ');
      problems.push({ path: at, rule: `is not a kind of policy (known: ${known})`, value: input });
      continue;
    }
    const options = tryParseOptions(definition.options, input, at, problems);
    if (options !== undefined) parsed.push({ definition, options });
  }
  return parsed;
}
