import type { Call } from '../core/call.js';
import type { AnyMethod } from './method-types.js';
import type { ParameterKind, ProtectedMethod } from './protected-method.js';

/** Calls the original, with the parameters that it asked for filled in. */
export function callOriginal(method: ProtectedMethod): (call: Call) => unknown {
  const { original } = method;
  const parameters = [...method.parameters()];
  if (parameters.length === 0) return (call) => callWith(original, call.self, call.args as never[]);
  const length = Math.max(...parameters.map(([index]) => index)) + 1;
  return (call) => {
    const args = [...call.args];
    while (args.length < length) args.push(undefined);
    for (const [index, kind] of parameters) args[index] = valueOf(kind, call);
    return original.apply(call.self, args as never[]);
  };
}

/** V8 follows a call with so many arguments, but not one with a list of them. */
function callWith(original: AnyMethod, self: unknown, args: readonly never[]): unknown {
  switch (args.length) {
    case 0:
      return original.call(self);
    case 1:
      return original.call(self, args[0]!);
    case 2:
      return original.call(self, args[0]!, args[1]!);
    default:
      return original.apply(self, args as never[]);
  }
}

function valueOf(kind: ParameterKind, call: Call): unknown {
  switch (kind) {
    case 'endpoint':
      return call.endpoint;
    case 'signal':
      return call.signal;
    case 'attempt':
      return call.attempt;
  }
}
