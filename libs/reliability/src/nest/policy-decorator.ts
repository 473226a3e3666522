import type { PolicyDefinition } from '../core/policy-definition.js';
import type { Priority } from '../core/priority.js';
import { type CallOptions, splitCallOptions } from './call-options.js';
import type { AnyMethod, LaterMethodOrClassDecorator, MethodOrClassDecorator, OfArguments } from './method-types.js';
import type { PolicyName } from './policy-names.js';
import { decorate } from './decorate.js';
import { checkCallArguments, checkUnique, readArguments } from './decorator-arguments.js';
import type { PolicyReference } from './protected-method.js';

/** What of the call a policy is to look at; functions receive the method's arguments, `this` is the instance. */
export interface UseOptions<
  Key extends OfArguments<string | number> = OfArguments<string | number>,
  Urgency extends OfArguments<Priority> = OfArguments<Priority>,
  Cost extends OfArguments<number> = OfArguments<number>,
> {
  /** State is kept apart per key: tenant, symbol, host. */
  readonly key?: string | Key;
  readonly priority?: Priority | Urgency;
  /** Permits that one call takes. Default 1. */
  readonly cost?: number | Cost;
}

/** Any decorator of a kind of policy, with the type of the decorator that it gives. */
interface Forms<Options, Later extends boolean> {
  <
    Key extends OfArguments<string | number> = never,
    Urgency extends OfArguments<Priority> = never,
    Cost extends OfArguments<number> = never,
    DeadlineMs extends OfArguments<number> = never,
  >(
    options?: Options & UseOptions<Key, Urgency, Cost> & CallOptions<DeadlineMs>,
  ): DecoratorFor<Key | Urgency | Cost | DeadlineMs, Later>;
  <
    Name extends OfArguments<PolicyName> = never,
    Key extends OfArguments<string | number> = never,
    Urgency extends OfArguments<Priority> = never,
    Cost extends OfArguments<number> = never,
    DeadlineMs extends OfArguments<number> = never,
  >(
    name: PolicyName | Name,
    options?: Options & UseOptions<Key, Urgency, Cost> & CallOptions<DeadlineMs>,
  ): DecoratorFor<Name | Key | Urgency | Cost | DeadlineMs, Later>;
}

type DecoratorFor<F extends AnyMethod, Later extends boolean> = Later extends true
  ? LaterMethodOrClassDecorator<F>
  : MethodOrClassDecorator<F>;

/** A decorator of one kind of policy: by configured name, by a function of the call that gives one, by options, or bare. */
export type PolicyDecorator<Options> = Forms<Options, false>;

/** As {@link PolicyDecorator}, of a kind that waits: the compiler refuses it on methods that give a plain value. */
export type WaitingPolicyDecorator<Options> = Forms<Options, true>;

/** Makes the decorator of a kind of policy. */
export function policyDecorator<Options extends object>(
  decorator: string,
  definition: PolicyDefinition,
): PolicyDecorator<Options> {
  return (...given: unknown[]) =>
    decorate(decorator, (method) => {
      const site = `@${decorator} on ${method.site}`;
      const { name, options: said } = readArguments(given, site);
      checkCallArguments(said, site);
      const [callOptions, { key, priority, cost, ...options }] = splitCallOptions(said);
      const reference: PolicyReference = {
        decorator,
        definition,
        ...(name !== undefined && { name }),
        ...(Object.keys(options).length > 0 && { options }),
        ...(key !== undefined && { key: key as PolicyReference['key'] }),
        ...(priority !== undefined && { priority: priority as PolicyReference['priority'] }),
        ...(cost !== undefined && { cost: cost as PolicyReference['cost'] }),
      };
      checkUnique(method.references, reference, site);
      method.references.push(reference);
      method.adopt(callOptions, decorator);
    });
}

/** Makes the decorator of a kind of policy that waits. */
export function waitingPolicyDecorator<Options extends object>(
  decorator: string,
  definition: PolicyDefinition,
): WaitingPolicyDecorator<Options> {
  return policyDecorator<Options>(decorator, definition);
}
