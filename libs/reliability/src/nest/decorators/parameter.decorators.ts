import { declareParameter } from '../method-parameters.js';
import type { ParameterKind } from '../protected-method.js';

const parameter =
  (decorator: string, kind: ParameterKind) => (): ParameterDecorator => (target, propertyKey, index) => {
    if (propertyKey === undefined) throw new TypeError(`@${decorator}() belongs on a method's parameter`);
    declareParameter(target, propertyKey, index, kind);
  };

/** Receives where a balancer sends this attempt: an `EndpointRef`; `undefined` without a balancer. */
export const Endpoint = parameter('Endpoint', 'endpoint');

/** Receives the attempt's AbortSignal. A signal that the caller passes in this position ends the whole call. */
export const Signal = parameter('Signal', 'signal');

/** Receives the number of the attempt, 1 for the first. */
export const Attempt = parameter('Attempt', 'attempt');
