import { CALL_BOUNDS_MS, DurationHistogram, WAIT_BOUNDS_MS } from '../core/duration-histogram.js';
import type { PolicySnapshot } from '../core/policy.js';
import { PRIORITIES } from '../core/priority.js';
import { EJECTION_CAUSES } from '../load-balancer/ejection.js';
import { ERROR_CLASSES } from '../core/error-class.js';
import { RATE_LIMIT_REASONS } from '../rate-limiter/rate-limited-error.js';
import { CollectedMetric } from './collected-metric.js';
import { RELIABILITY_FAMILIES } from './families.js';
import type { ReliabilityFamily } from './policy-family.js';
import type { ReliabilityView } from './reliability-view.js';

const ones = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, 1]));
const durations = (bounds: readonly number[]) => new DurationHistogram(bounds).snapshot();

/** Each type of policy with everything in it that can have a value other than 0 at the same time. */
const WORST: readonly PolicySnapshot[] = [
  {
    type: 'circuit-breaker',
    name: 'x',
    state: 'open',
    retryAfterMs: 1,
    admittedShare: 0.5,
    consecutiveOpenings: 1,
    counters: ones(
      'successes failures ignored lateResults slowCalls refused wouldHaveRefused openings halfOpenings recoveries'.split(
        ' ',
      ),
    ),
    keys: { held: 0, notClosed: 0, evicted: 0, overflowed: 0 },
    durations: durations(CALL_BOUNDS_MS),
  },
  {
    type: 'rate-limiter',
    name: 'x',
    windows: [{ currentLimit: 1 }],
    ...ones(['admitted', 'remaining', 'pausedForMs', 'factor', 'pauses', 'refunded']),
    keys: 0,
    forgottenKeys: 0,
    waiting: ones(PRIORITIES),
    refused: ones(RATE_LIMIT_REASONS),
    durations: durations(WAIT_BOUNDS_MS),
  },
  {
    type: 'bulkhead',
    name: 'x',
    ...ones(['limit', 'inFlight', 'abandoned', 'admitted']),
    shedding: 'low',
    waiting: ones(PRIORITIES),
    refused: ones(['full', 'shed', 'expired', 'aborted', 'closed', 'overloaded']),
    durations: durations(WAIT_BOUNDS_MS),
  },
  {
    type: 'load-balancer',
    name: 'x',
    panic: true,
    refused: 1,
    failovers: ones(['retry', 'refused', 'priority', 'zone']),
    ejections: ones(EJECTION_CAUSES),
    endpoints: ['in-service', 'draining', 'resting', 'ejected', 'unhealthy'].map((service) => ({
      id: service,
      service,
    })),
    healthChecks: { checks: 2, failed: 1 },
    discovery: { refreshes: 2, failures: 1, overflow: 1 },
    scaling: { desired: 1, utilization: 1, startFailures: 1 },
  },
  {
    type: 'retry',
    name: 'x',
    ...ones(['calls', 'failedFirst', 'retries', 'recovered', 'sleeping']),
    stopped: ones(
      'attempts time deadline budget retry-after not-retryable not-idempotent pushback refused aborted'.split(' '),
    ),
    byClass: Object.fromEntries(ERROR_CLASSES.map((name) => [name, { failures: 1, delayMs: 1 }])),
    budget: { available: 1, granted: 1, refused: 1 },
  },
  ...(['time-limit', 'deadline'] as const).map((type) => ({
    type,
    name: 'x',
    ...ones(['limitMs', 'exceeded', 'running', 'lateResults', 'lateErrors', 'cancelled', 'refused']),
    durations: durations(CALL_BOUNDS_MS),
  })),
  {
    type: 'fallback',
    name: 'x',
    answered: ones(['last-good', 'method', 'handler', 'value']),
    ...ones(['failedSteps', 'unanswered', 'kept', 'withoutKey']),
  },
  {
    type: 'hedge',
    name: 'x',
    ...ones(['calls', 'sent', 'won', 'delayMs', 'disposed', 'disposeErrors']),
    suppressed: ones(['budget', 'extra-load', 'overloaded', 'idempotence']),
  },
  { type: 'coalesce', name: 'x', ...ones(['calls', 'shared', 'withoutKey', 'overflowed', 'inFlight']) },
  { type: 'chaos', name: 'x', on: true, injected: ones(['fault', 'latency', 'result', 'behaviour']) },
];

const viewOf = (snapshots: readonly PolicySnapshot[]) =>
  ({
    ofType: (type: string) => snapshots.filter((snapshot) => snapshot.type === type),
    counts: () => [],
    health: { score: 100, dependencies: [] },
    manager: { registry: { inFlight: 0, bypassed: false } },
  }) as unknown as ReliabilityView;

const seriesOf = async (family: ReliabilityFamily, snapshots: readonly PolicySnapshot[]) => {
  const metric = new CollectedMetric(family);
  metric.sources.add(() => viewOf(snapshots));
  return (await metric.get()).values.map((sample) => ({ ...sample, labels: sample.labels ?? {} }));
};

/** What is read of endpoints, which are bounded apart. */
const ofEndpoint = ({ labels }: ReliabilityFamily) => labels.includes('endpoint');
const ofPolicies = RELIABILITY_FAMILIES.filter(({ labels }) => labels.includes('policy'));

describe('series of a policy', () => {
  it.each(WORST.map((snapshot) => [snapshot.type, snapshot] as const))(
    'are at most 25 for a %s, whatever happens',
    async (_, snapshot) => {
      const all = await Promise.all(
        ofPolicies.filter((family) => !ofEndpoint(family)).map((family) => seriesOf(family, [snapshot])),
      );
      const series = all.flat();
      expect(series.length).toBeGreaterThan(3);
      expect(series.length).toBeLessThanOrEqual(25);
    },
  );

  it('differ in their labels, which are those that the family declares', async () => {
    for (const family of RELIABILITY_FAMILIES) {
      const values = await seriesOf(family, WORST);
      const declared = family.kind === 'histogram' ? [...family.labels, 'le'] : family.labels;
      for (const { labels } of values) {
        expect([family.name, Object.keys(labels).filter((label) => !declared.includes(label))]).toEqual([
          family.name,
          [],
        ]);
      }
      const ids = values.map(({ labels, metricName }) => JSON.stringify([metricName, labels]));
      expect([family.name, new Set(ids).size]).toEqual([family.name, ids.length]);
    }
  });

  it('are those of ten endpoints and of all others together, and no total ever falls', async () => {
    const family = RELIABILITY_FAMILIES.find(({ name }) => name.endsWith('endpoint_picks_total'))!;
    const metric = new CollectedMetric(family);
    let endpoints = Array.from({ length: 12 }, (_, index) => ({ id: `e${index}`, picks: index }));
    metric.sources.add(() => viewOf([{ type: 'load-balancer', name: 'x', endpoints }]));
    const shown = async () =>
      Object.fromEntries((await metric.get()).values.map(({ labels, value }) => [labels?.['endpoint'], value]));

    const first = await shown();
    expect(Object.keys(first)).toHaveLength(11);
    expect(first).toMatchObject({ e11: 11, e2: 2, other: 1 });
    endpoints[0]!.picks = 1_000;
    expect(await shown()).toMatchObject({ e2: 2, other: 1_001 });
    // A place that comes free goes to a newcomer: e0 and e1 stay in the total that they are part of.
    endpoints = [...endpoints.filter(({ id }) => id !== 'e5'), { id: 'new', picks: 3 }];
    const later = await shown();
    expect(later).toMatchObject({ new: 3, other: 1_001 });
    expect(Object.keys(later)).not.toContain('e5');
  });

  it('name the first four reasons of a limiter, and add the others up', async () => {
    const family = RELIABILITY_FAMILIES.find(({ name }) => name === 'reliability_refused_total')!;
    const limiter = { type: 'rate-limiter', name: 'x', refused: ones(RATE_LIMIT_REASONS) };
    const values = await seriesOf(family, [limiter]);
    expect(values.map(({ labels, value }) => [labels['reason'], value])).toEqual([
      ['limit', 1],
      ['wait-too-long', 1],
      ['queue-full', 1],
      ['shed', 1],
      ['other', 8],
    ]);
  });
});
