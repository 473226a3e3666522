import type { AnyMethod } from './method-types.js';

/**
 * What a method gives, as far as it matters for when its work begins:
 * - `promise`: at once; declared, or an `async` method
 * - `observable`, `async-iterable`: when somebody subscribes or asks for the first item
 * - `query`, `cursor`: an object whose work begins when it is awaited, or iterated
 * - `plain`: declared as a value that is there at once
 * - `unknown`: nothing is declared; the first result tells
 */
export type ResultKind = 'promise' | 'observable' | 'async-iterable' | 'query' | 'cursor' | 'plain' | 'unknown';

/** Kinds whose work begins later than the call of the method. */
export type LateKind = Extract<ResultKind, 'observable' | 'async-iterable' | 'query' | 'cursor'>;

const PLAIN_TYPES: ReadonlySet<unknown> = new Set([
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Array,
  Date,
  Map,
  Set,
  RegExp,
  Buffer,
]);

/** What can be told from the method and its declared result. */
export function resultKindOf(original: AnyMethod, returnType: unknown): ResultKind {
  if (original.constructor.name === 'AsyncGeneratorFunction') return 'async-iterable';
  if (returnType === Promise || original.constructor.name === 'AsyncFunction') return 'promise';
  if (typeof returnType === 'function' && isObservable(returnType.prototype)) return 'observable';
  if (typeof returnType === 'function' && isObject(returnType.prototype)) {
    if (kindOfResult(returnType.prototype) === 'query') return 'query';
  }
  return PLAIN_TYPES.has(returnType) ? 'plain' : 'unknown';
}

export function isLate(kind: ResultKind): kind is LateKind {
  return kind === 'observable' || kind === 'async-iterable' || kind === 'query' || kind === 'cursor';
}

/** What a result of undeclared kind turns out to be; `undefined` for a value that is there. */
export function kindOfResult(result: object): LateKind | 'foreign-promise' | undefined {
  try {
    if (has(result, 'then')) return isStarted(result) ? 'foreign-promise' : 'query';
    if (isObservable(result)) return 'observable';
    if (has(result, Symbol.asyncIterator) && !has(result, 'pipe'))
      return has(result, 'next') ? 'async-iterable' : 'cursor';
  } catch {
    // A proxy that does not let itself be looked at is passed on as it is.
  }
  return undefined;
}

/** Subjects are objects to be spoken to, not results. */
function isObservable(value: unknown): boolean {
  return isObject(value) && has(value, 'subscribe') && has(value, 'pipe') && !has(value, 'next');
}

/** Promises of other realms and libraries have begun; thenables of other kinds (queries) begin when they are awaited. */
function isStarted(thenable: object): boolean {
  return (
    (thenable as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'Promise' ||
    thenable.constructor?.name === 'Promise'
  );
}

const has = (value: object, key: PropertyKey) => typeof (value as Record<PropertyKey, unknown>)[key] === 'function';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
