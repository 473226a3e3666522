/**
 * A string for the arguments of a call, equal for equal arguments only. Plain values and plain objects and arrays of
 * them have one.
 * @returns `undefined` where equality cannot be told from a string: class instances, functions, symbols, cycles
 */
export function argumentsKey(args: readonly unknown[]): string | undefined {
  try {
    return args.map(keyOfValue).join(',');
  } catch (error) {
    if (error === NO_KEY || error instanceof RangeError) return undefined;
    throw error;
  }
}

const NO_KEY = Symbol('no key');

function keyOfValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      return value === null ? 'null' : keyOfObject(value);
    case 'function':
    case 'symbol':
      throw NO_KEY;
  }
}

function keyOfObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(keyOfValue).join(',')}]`;
  if (value instanceof Date) return `@${value.getTime()}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw NO_KEY;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${keyOfValue(field)}`).join(',')}}`;
}
