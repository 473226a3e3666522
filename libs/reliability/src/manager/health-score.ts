import type { PolicySnapshot } from '../core/policy.js';

/** One thing that lowers a score. */
export interface HealthReason {
  readonly policyType: string;
  /** In words, with the figure. */
  readonly reason: string;
  /** Points taken, more than 0 and at most 100. */
  readonly points: number;
}

/** 100 is well, 0 is of no use; with everything that lowers it, the heaviest first. */
export interface HealthScore {
  readonly score: number;
  readonly reasons: readonly HealthReason[];
}

export interface DependencyHealth extends HealthScore {
  readonly name: string;
  /** Whether calls are, by all that is known, in vain: the circuit is open, or no endpoint is in service. */
  readonly unreachable: boolean;
}

/** The health of everything, worst dependency first. */
export interface SystemHealth {
  /** Mean of the dependencies, 100 without any. */
  readonly score: number;
  readonly dependencies: readonly DependencyHealth[];
}

type Judge = (snapshot: PolicySnapshot) => Omit<HealthReason, 'policyType'>[];

/** Points for a circuit by its state; while ramping, for the share that is not yet let through. */
const CIRCUIT_POINTS: Readonly<Record<string, number>> = { open: 100, 'forced-open': 100, 'half-open': 60 };
const RAMPING_POINTS = 40;
const FAILURE_POINTS = 50;
const SLOW_POINTS = 30;
const QUEUE_POINTS = 30;
const PAUSE_POINTS = 60;
const SHEDDING_POINTS = 50;
const ABANDONED_POINTS = 40;
const BUDGET_POINTS = 30;
const PANIC_POINTS = 50;

const judges: Readonly<Record<string, Judge>> = {
  'circuit-breaker': (snapshot) => {
    const state = String(snapshot['state']);
    const calls = numberAt(snapshot, 'window', 'calls');
    const reasons = [
      ...share(numberAt(snapshot, 'window', 'failures'), calls, FAILURE_POINTS, 'of calls fail'),
      ...share(numberAt(snapshot, 'window', 'slow'), calls, SLOW_POINTS, 'of calls are slow'),
    ];
    const byState = CIRCUIT_POINTS[state];
    if (byState !== undefined) reasons.push({ reason: `circuit is ${state}`, points: byState });
    if (state === 'ramping') {
      const held = 1 - numberAt(snapshot, 'admittedShare');
      reasons.push({
        reason: `circuit is ramping, ${percent(held)} held back`,
        points: RAMPING_POINTS * (0.5 + held / 2),
      });
    }
    return reasons;
  },
  'rate-limiter': (snapshot) => {
    const waiting = Object.values(objectAt(snapshot, 'waiting')).reduce((sum: number, count) => sum + Number(count), 0);
    const pausedForMs = numberAt(snapshot, 'pausedForMs');
    return [
      ...(waiting > 0
        ? [{ reason: `${waiting} calls wait for the limiter`, points: saturating(waiting, 50) * QUEUE_POINTS }]
        : []),
      ...(pausedForMs > 0
        ? [{ reason: `paused by the server for ${Math.ceil(pausedForMs)} ms`, points: PAUSE_POINTS }]
        : []),
    ];
  },
  bulkhead: (snapshot) => {
    const queued = numberAt(snapshot, 'queued');
    return [
      ...(queued > 0
        ? [{ reason: `${queued} calls wait for a place`, points: saturating(queued, 50) * QUEUE_POINTS }]
        : []),
      ...(typeof snapshot['shedding'] === 'string' ? [{ reason: 'load is being shed', points: SHEDDING_POINTS }] : []),
      ...share(
        numberAt(snapshot, 'abandoned'),
        numberAt(snapshot, 'limit'),
        ABANDONED_POINTS,
        'of places held by abandoned work',
      ),
    ];
  },
  'load-balancer': (snapshot) => {
    const endpoints = endpointsOf(snapshot);
    const out = endpoints.filter(({ service }) => service !== 'in-service');
    return [
      ...(out.length > 0
        ? [
            {
              reason: `out of service: ${out.map(({ id }) => id).join(', ')}`,
              points: (100 * out.length) / endpoints.length,
            },
          ]
        : []),
      ...(snapshot['panic'] === true
        ? [{ reason: 'health is disregarded: too little is healthy', points: PANIC_POINTS }]
        : []),
    ];
  },
  retry: (snapshot) =>
    objectAt(snapshot, 'budget')['available'] !== undefined && numberAt(snapshot, 'budget', 'available') < 1
      ? [{ reason: 'the retry budget is exhausted', points: BUDGET_POINTS }]
      : [],
};

/** Score of one policy. A policy of a kind of one's own is taken to be well. */
export function scorePolicy(snapshot: PolicySnapshot): HealthScore {
  const reasons = (judges[snapshot.type]?.(snapshot) ?? [])
    .map(({ reason, points }) => ({ policyType: snapshot.type, reason, points: Math.min(100, points) }))
    .toSorted((a, b) => b.points - a.points);
  return { score: remaining(reasons), reasons };
}

/** Score of one dependency: what its policies leave. */
export function scoreDependency(name: string, snapshots: readonly PolicySnapshot[]): DependencyHealth {
  const reasons = snapshots
    .flatMap((snapshot) => scorePolicy(snapshot).reasons)
    .toSorted((a, b) => b.points - a.points);
  return { name, score: remaining(reasons), reasons, unreachable: snapshots.some(isUnreachable) };
}

/** Scores of everything, by the names of the policies. */
export function scoreSystem(snapshots: readonly PolicySnapshot[]): SystemHealth {
  const byName = new Map<string, PolicySnapshot[]>();
  for (const snapshot of snapshots) byName.set(snapshot.name, [...(byName.get(snapshot.name) ?? []), snapshot]);
  const dependencies = [...byName]
    .map(([name, own]) => scoreDependency(name, own))
    .toSorted((a, b) => a.score - b.score);
  if (dependencies.length === 0) return { score: 100, dependencies };
  return { score: dependencies.reduce((sum, { score }) => sum + score, 0) / dependencies.length, dependencies };
}

/** Each reason takes its percentage of what the others leave: more or heavier reasons never raise the score. */
function remaining(reasons: readonly HealthReason[]): number {
  return reasons.reduce((left, { points }) => left * (1 - points / 100), 100);
}

function isUnreachable(snapshot: PolicySnapshot): boolean {
  if (snapshot.type === 'circuit-breaker') return snapshot['state'] === 'open' || snapshot['state'] === 'forced-open';
  if (snapshot.type !== 'load-balancer') return false;
  const endpoints = endpointsOf(snapshot);
  return endpoints.length > 0 && endpoints.every(({ service }) => service !== 'in-service');
}

function share(part: number, whole: number, points: number, what: string): Omit<HealthReason, 'policyType'>[] {
  if (part <= 0 || whole <= 0) return [];
  const ratio = Math.min(1, part / whole);
  return [{ reason: `${percent(ratio)} ${what}`, points: ratio * points }];
}

/** 0 at 0, towards 1 as `value` grows past `scale`. */
const saturating = (value: number, scale: number) => value / (value + scale);

/** A few of many are not none. */
const percent = (ratio: number) => (ratio > 0 && ratio < 0.005 ? 'under 1 %' : `${Math.round(ratio * 100)} %`);

function endpointsOf(snapshot: PolicySnapshot): { id: string; service: string }[] {
  return (snapshot['endpoints'] ?? []) as { id: string; service: string }[];
}

function objectAt(snapshot: PolicySnapshot, field: string): Record<string, unknown> {
  const value = snapshot[field];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function numberAt(snapshot: PolicySnapshot, ...path: string[]): number {
  const value = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], snapshot);
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
