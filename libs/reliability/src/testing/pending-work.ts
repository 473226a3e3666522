import { settlePromises } from './manual-clock.js';

/** Asynchronous work that ends when the test says so. */
export interface PendingWork<T = unknown> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function pendingWork<T = unknown>(): PendingWork<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** How a promise has ended so far. */
export type Ending = { readonly value: unknown } | { readonly error: unknown } | 'pending';

/** How `promise` has ended once every reaction that is ready has run. Never rejects. */
export async function endingOf(promise: unknown): Promise<Ending> {
  let ending: Ending = 'pending';
  Promise.resolve(promise).then(
    (value) => (ending = { value }),
    (error: unknown) => (ending = { error }),
  );
  await settlePromises();
  return ending;
}
