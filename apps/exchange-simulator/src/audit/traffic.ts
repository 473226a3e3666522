import type { FaultKind } from '../faults/fault.schema.js';

/** Counters of one host. */
export interface HostTraffic {
  requests: number;
  /** Answers by status; those that never got one are not here. */
  readonly byStatus: Record<string, number>;
  /** Requests by the kind of fault that changed them. */
  readonly byFault: Partial<Record<FaultKind, number>>;
  /** Whole answers after which the client hung up at once: not counted as served. */
  uncertain: number;
  /** Requests that got no whole answer. */
  broken: number;
}

export function emptyTraffic(): HostTraffic {
  return { requests: 0, byStatus: {}, byFault: {}, uncertain: 0, broken: 0 };
}

export function increment<K extends string>(counts: Partial<Record<K, number>>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
