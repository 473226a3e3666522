import type { z } from 'zod';
import { BUILTIN_POLICIES } from './builtin-policies.js';
import { guardPolicy } from './guard-policy.js';
import type { Capabilities } from '../core/capabilities.js';
import { InvalidOptionsError, isReliabilityError, ReliabilityError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { parseOptions } from '../core/options.js';
import type { Policy, PolicyContext } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';

/** Makes policies of the kinds it knows. Of several definitions of one type the last is in force, in place of the others. */
export class PolicyFactory {
  readonly definitions: readonly PolicyDefinition[];
  readonly #byType: ReadonlyMap<string, PolicyDefinition>;
  readonly #shared = new Map<string, unknown>();
  readonly #context: PolicyContext;

  constructor(
    definitions: readonly PolicyDefinition[],
    readonly capabilities: Capabilities,
  ) {
    this.#byType = new Map(definitions.map((definition) => [definition.type, definition]));
    this.definitions = [...this.#byType.values()];
    this.#context = {
      ...capabilities,
      create: (type, name, options) => this.create(this.definition(type), name, options, `${type} "${name}"`),
      shared: <T>(kind: string, name: string, make: () => T) => {
        const id = `${kind}:${name}`;
        if (!this.#shared.has(id)) this.#shared.set(id, make());
        return this.#shared.get(id) as T;
      },
    };
  }

  /** @throws ReliabilityError `UNKNOWN_POLICY`, listing the known types */
  definition(type: string): PolicyDefinition {
    const definition = this.#byType.get(type);
    if (definition !== undefined) return definition;
    throw new ReliabilityError(`No kind of policy is called "${type}"; known: ${[...this.#byType.keys()].join(', ')}`, {
      code: 'UNKNOWN_POLICY',
      policyType: type,
      policy: '',
    });
  }

  /** The definition in force for the kind that this one describes: itself, unless another has taken its place. */
  inForce(definition: PolicyDefinition): PolicyDefinition {
    return this.#byType.get(definition.type) ?? definition;
  }

  /** @throws InvalidOptionsError naming every problem below `path` */
  create<Schema extends z.ZodType, P extends Policy>(
    definition: PolicyDefinition<Schema, P>,
    name: string,
    options: unknown,
    path: string,
  ): P {
    return this.createParsed(definition, name, parseOptions(definition.options, options, path));
  }

  /** Adds to `problems` what would keep such a policy from being made. */
  check(definition: PolicyDefinition, name: string, options: unknown, problems: OptionProblem[]): void {
    try {
      definition.check?.(name, options, this.#context);
    } catch (error) {
      const path = `policies.${name}.${definition.optionKey}`;
      if (error instanceof InvalidOptionsError) problems.push(...error.problems);
      else problems.push({ path, rule: error instanceof Error ? error.message : String(error), value: options });
    }
  }

  createParsed<Schema extends z.ZodType, P extends Policy>(
    definition: PolicyDefinition<Schema, P>,
    name: string,
    options: z.output<Schema>,
  ): P {
    if (BUILTIN_POLICIES.includes(definition)) return definition.create(name, options, this.#context);
    return guardPolicy(this.#made(definition, name, options), definition.type, name, this.capabilities);
  }

  #made<Schema extends z.ZodType, P extends Policy>(
    definition: PolicyDefinition<Schema, P>,
    name: string,
    options: z.output<Schema>,
  ): P {
    try {
      return definition.create(name, options, this.#context);
    } catch (error) {
      if (isReliabilityError(error)) throw error;
      const { type } = definition;
      throw new ReliabilityError(`${type} "${name}" threw while it was made`, {
        code: 'POLICY_FAILED',
        policyType: type,
        policy: name,
        cause: error,
      });
    }
  }
}
