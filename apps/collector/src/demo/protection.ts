import type { PolicySnapshot } from '@marketprism/reliability';

/** What the policies of one exchange counted. */
export interface ProtectionCounts {
  readonly calls: number;
  readonly retries: number;
  /** Calls that a policy turned away. */
  readonly refusals: number;
  readonly breakerOpenings: number;
  readonly limiterWaits: number;
}

export interface ProtectionState extends ProtectionCounts {
  readonly breaker: string;
  /** Of each host, whether calls are sent there. */
  readonly hosts: readonly boolean[];
  /** Callers waiting for a permit. */
  readonly waiting: number;
}

/** The state of the policies named after an exchange, out of what the manager shows. */
export function protectionOf(snapshots: readonly PolicySnapshot[], name: string): ProtectionState {
  const own = (type: string): PolicySnapshot | undefined =>
    snapshots.find((snapshot) => snapshot.type === type && snapshot.name === name);
  const retry = own('retry');
  const breaker = own('circuit-breaker');
  const limiter = own('rate-limiter');
  const balancer = own('load-balancer');
  const counters = (breaker?.['counters'] ?? {}) as Record<string, number>;
  const endpoints = (balancer?.['endpoints'] ?? []) as readonly { readonly service: string }[];
  return {
    calls: count(retry?.['calls']),
    retries: count(retry?.['retries']),
    refusals: count(counters['refused']) + total(limiter?.['refused']) + count(balancer?.['refused']),
    breakerOpenings: count(counters['openings']),
    limiterWaits: count(limiter?.['waits']),
    breaker: typeof breaker?.['state'] === 'string' ? breaker['state'] : '–',
    hosts: endpoints.map(({ service }) => service === 'in-service'),
    waiting: total(limiter?.['waiting']),
  };
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function total(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, part: unknown) => sum + count(part), 0)
    : count(value);
}
