import type { ParameterKind } from './protected-method.js';

const parametersByPrototype = new WeakMap<object, Map<PropertyKey, Map<number, ParameterKind>>>();

/** Records that a parameter is to be filled in. */
export function declareParameter(prototype: object, key: PropertyKey, index: number, kind: ParameterKind): void {
  const methods = parametersByPrototype.get(prototype) ?? new Map<PropertyKey, Map<number, ParameterKind>>();
  parametersByPrototype.set(prototype, methods);
  const parameters = methods.get(key) ?? new Map<number, ParameterKind>();
  methods.set(key, parameters);
  parameters.set(index, kind);
}

/** The methods of a prototype whose own declaration asks for parameters. */
export function methodsWithParameters(prototype: object): Iterable<[PropertyKey, ReadonlyMap<number, ParameterKind>]> {
  return parametersByPrototype.get(prototype) ?? [];
}

export function parametersOf(prototype: object, key: PropertyKey): ReadonlyMap<number, ParameterKind> {
  return parametersByPrototype.get(prototype)?.get(key) ?? new Map<number, ParameterKind>();
}
