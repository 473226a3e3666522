import type { Priority } from '../../core/priority.js';
import { type CallOptions, splitCallOptions } from '../call-options.js';
import { decorate } from '../decorate.js';
import type { MethodOrClassDecorator, OfArguments } from '../method-types.js';
import type { UseOptions } from '../policy-decorator.js';
import type { PolicyName } from '../policy-names.js';

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
    const [callOptions, { idempotent, ...use }] = splitCallOptions(options as Record<string, unknown>);
    method.chains.push({ ...use, name });
    method.adopt(callOptions, 'Protect');
    if (idempotent !== undefined) method.idempotent = idempotent as boolean;
  });
}
