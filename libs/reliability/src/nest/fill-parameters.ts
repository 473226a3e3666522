import type { Call } from '../core/call.js';
import { callWith } from './call-with.js';
import type { ParameterKind, ProtectedMethod } from './protected-method.js';

/** Calls the original, with the parameters that it asked for filled in. */
export function callOriginal(method: ProtectedMethod): (call: Call) => unknown {
  const { original } = method;
  const parameters = [...method.parameters()];
  if (parameters.length === 0) return (call) => callWith(original, call.self, call.args);
  const length = Math.max(...parameters.map(([index]) => index)) + 1;
  return (call) => {
    const args = [...call.args];
    while (args.length < length) args.push(undefined);
    for (const [index, kind] of parameters) args[index] = valueOf(kind, call);
    return original.apply(call.self, args as never[]);
  };
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
