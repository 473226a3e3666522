import type { z } from 'zod';
import { BUILTIN_POLICIES } from '../chain/builtin-policies.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { Policy, PolicyContext } from '../core/policy.js';
import { type PolicyDefinition, type Slot, SLOTS } from '../core/policy-definition.js';
import { type PolicyDecorator, policyDecorator } from './policy-decorator.js';

/** A kind of policy of one's own. */
export interface OwnPolicy<Schema extends z.ZodType, P extends Policy> {
  /** Kind, in kebab case: `quota-meter`. The key of its options is the same in camel case: `quotaMeter`. */
  readonly type: string;
  /** Its place in the chain, beside the built-in policies of that place. */
  readonly slot: Slot;
  /** Defaults and rules of its options. */
  readonly options: Schema;
  readonly policy: new (name: string, options: z.output<Schema>, context: PolicyContext) => P;
}

/** What an empty schema takes must leave room for what every decorator takes: `key`, `deadlineMs`. */
type InputOf<Schema extends z.ZodType> = string extends keyof z.input<Schema> ? object : z.input<Schema>;

/** A decorator that carries its kind of policy, to be listed under `customPolicies`. */
export type OwnPolicyDecorator<Schema extends z.ZodType, P extends Policy> = PolicyDecorator<InputOf<Schema>> & {
  readonly definition: PolicyDefinition<Schema, P>;
};

/**
 * Makes a kind of policy and its decorator: `export const Metered = definePolicy({ type: 'meter', slot: 'bulkhead',
 * options: meterOptions, policy: Meter })`. List it under `customPolicies` to configure it by name.
 * @throws InvalidOptionsError for a type that is taken or no kebab case, and for an unknown slot
 */
export function definePolicy<Schema extends z.ZodType<object, object>, P extends Policy>({
  type,
  slot,
  options,
  policy: Policy,
}: OwnPolicy<Schema, P>): OwnPolicyDecorator<Schema, P> {
  const optionKey = (typeof type === 'string' ? type : '').replace(/-(\w)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
  const problems: OptionProblem[] = [];
  if (typeof type !== 'string' || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(type)) {
    problems.push({ path: 'type', rule: 'must be lower-case words joined by hyphens', value: type });
  }
  if (BUILTIN_POLICIES.some((builtin) => builtin.type === type || builtin.optionKey === optionKey)) {
    problems.push({ path: 'type', rule: 'is the name of a built-in kind of policy', value: type });
  }
  if (!SLOTS.includes(slot)) problems.push({ path: 'slot', rule: `must be one of ${SLOTS.join(', ')}`, value: slot });
  if (typeof (options as Partial<Schema> | undefined)?.safeParse !== 'function') {
    problems.push({ path: 'options', rule: 'must be a zod schema', value: options });
  }
  if (typeof Policy !== 'function') problems.push({ path: 'policy', rule: 'must be a class', value: Policy });
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  const definition: PolicyDefinition<Schema, P> = {
    type,
    optionKey,
    slot,
    options,
    create: (name, parsed, context) => new Policy(name, parsed, context),
  };
  const decorator = `${optionKey.slice(0, 1).toUpperCase()}${optionKey.slice(1)}`;
  return Object.assign(policyDecorator<InputOf<Schema>>(decorator, definition as unknown as PolicyDefinition), {
    definition,
  });
}
