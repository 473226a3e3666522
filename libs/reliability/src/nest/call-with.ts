import type { AnyMethod } from './method-types.js';

/** Calls with `args`. V8 follows a call with so and so many arguments, but not one with a list of them. */
export function callWith(method: AnyMethod, self: unknown, args: readonly unknown[]): unknown {
  switch (args.length) {
    case 0:
      return method.call(self);
    case 1:
      return method.call(self, args[0] as never);
    case 2:
      return method.call(self, args[0] as never, args[1] as never);
    default:
      return method.apply(self, args as never[]);
  }
}
