import type { Priority } from '../../core/priority.js';
import { type CallOptions, splitCallOptions } from '../call-options.js';
import { decorate } from '../decorate.js';
import { checkCallArguments, readArguments, refuse } from '../decorator-arguments.js';
import type { MethodOrClassDecorator, OfArguments } from '../method-types.js';
import type { UseOptions } from '../policy-decorator.js';
import type { PolicyName } from '../policy-names.js';
import type { ChainReference } from '../protected-method.js';

/** What `@Protect` may say beside the name. */
export interface ProtectOptions {
  /** `false`: a repetition could do harm, so retries and hedges hold back. `true`: it cannot. */
  readonly idempotent?: boolean;
}

/** Puts everything configured under a name around a method; single decorators on the same method take precedence. */
export function Protect<
  Name extends OfArguments<PolicyName> = never,
  Key extends OfArguments<string | number> = never,
  Urgency extends OfArguments<Priority> = never,
  Cost extends OfArguments<number> = never,
  DeadlineMs extends OfArguments<number> = never,
>(
  name: PolicyName | Name,
  options: ProtectOptions & UseOptions<Key, Urgency, Cost> & CallOptions<DeadlineMs> = {},
): MethodOrClassDecorator<Name | Key | Urgency | Cost | DeadlineMs> {
  return decorate('Protect', (method) => {
    const site = `@Protect on ${method.site}`;
    const given = readArguments([name, options], site);
    if (given.name === undefined) refuse(site, 'takes a configured name, or a function that gives one', name);
    checkCallArguments(given.options, site);
    const [callOptions, { idempotent, key, priority, cost, ...unknown }] = splitCallOptions(given.options);
    for (const [option, value] of Object.entries(unknown)) refuse(`${site}.${option}`, 'is not an option', value);
    if (idempotent !== undefined && typeof idempotent !== 'boolean') {
      refuse(`${site}.idempotent`, 'must be true or false', idempotent);
    }
    const use = { key, priority, cost } as Pick<ChainReference, 'key' | 'priority' | 'cost'>;
    method.chains.push({ name: given.name, ...use });
    method.adopt(callOptions, 'Protect');
    if (idempotent !== undefined) method.idempotent = idempotent;
  });
}
