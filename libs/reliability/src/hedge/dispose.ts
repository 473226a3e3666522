/** Disposes of a value in its own way, if it has one: `Symbol.asyncDispose` first, then `Symbol.dispose`. */
export function disposeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const disposable = value as Partial<AsyncDisposable & Disposable>;
  if (typeof disposable[Symbol.asyncDispose] === 'function') return disposable[Symbol.asyncDispose]!();
  return disposable[Symbol.dispose]?.();
}
