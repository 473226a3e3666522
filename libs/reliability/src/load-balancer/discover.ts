/** What a discovery function gives: the endpoints, and how long the answer is good for, if it knows. */
export type Discovered<E> = readonly E[] | { readonly endpoints: readonly E[]; readonly ttlMs?: number };

/** Finds the endpoints there are now. Must stop when the signal is aborted. */
export type Discover<E> = (signal: AbortSignal) => Discovered<E> | Promise<Discovered<E>>;
