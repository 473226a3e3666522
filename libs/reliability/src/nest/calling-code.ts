import type { ProtectedMethod } from './protected-method.js';

/** Frames looked at, asynchronous ones included. */
const DEEPEST = 100;

/** The class whose method answers in place of one that has failed, which is under way no more. */
const ANSWERING = { type: 'Fallback', name: '#ask' };

/**
 * Whether one of these methods, or another of their classes, is what calls now, across `await` as far as V8
 * can follow. Nothing is kept for this beforehand: it is read from the stack, and costs one.
 * @param entry the function whose caller is looked for, where it is a method of such a class itself
 */
export function isCalledBy(methods: readonly ProtectedMethod[], entry?: (...args: never[]) => unknown): boolean {
  return framesBelow(entry).some((frame) => {
    const name = frame.getFunctionName();
    if (name === null) return false;
    const type = frame.getTypeName();
    if (type === ANSWERING.type && name === ANSWERING.name) return true;
    return methods.some(
      ({ owner, className, methodName }) =>
        name === methodName || (type === className && name in (owner.prototype as object)),
    );
  });
}

function framesBelow(entry: ((...args: never[]) => unknown) | undefined): readonly NodeJS.CallSite[] {
  const { stackTraceLimit } = Error;
  const prepare: unknown = Reflect.get(Error, 'prepareStackTrace');
  const holder: { stack?: readonly NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = DEEPEST;
    Error.prepareStackTrace = (_, frames) => frames;
    Error.captureStackTrace(holder, entry);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    Reflect.set(Error, 'prepareStackTrace', prepare);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
