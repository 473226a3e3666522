import type { ReliabilityFamily } from './policy-family.js';

/** What an application has as a whole, and each dependency: all policies of one name. */
export const MANAGER_FAMILIES: readonly ReliabilityFamily[] = [
  {
    name: 'reliability_health_score',
    kind: 'gauge',
    help: 'Health of a dependency: 100 is well, 0 is of no use',
    labels: ['policy'],
    read: ({ health }, samples) => {
      for (const { name, score } of health.dependencies) samples.add(score, samples.none.with('policy', name));
    },
  },
  {
    name: 'reliability_health_points_lost',
    kind: 'gauge',
    help: 'What lowers the health of a dependency, by the type of policy that says so',
    labels: ['policy', 'type'],
    read: ({ health }, samples) => {
      for (const { name, reasons } of health.dependencies) {
        const byType = new Map<string, number>();
        for (const { policyType, points } of reasons) byType.set(policyType, (byType.get(policyType) ?? 0) + points);
        for (const [type, points] of byType) samples.add(points, samples.none.with('policy', name).with('type', type));
      }
    },
  },
  {
    name: 'reliability_unreachable',
    kind: 'gauge',
    help: 'Dependencies that calls are in vain to by all that is known; those that are reachable have no series',
    labels: ['policy'],
    read: ({ health }, samples) => {
      for (const { name, unreachable } of health.dependencies)
        if (unreachable) samples.add(1, samples.none.with('policy', name));
    },
  },
  {
    name: 'reliability_system_health_score',
    kind: 'gauge',
    help: 'Mean health of the dependencies: 100 is well',
    labels: [],
    read: ({ health }, samples) => samples.add(health.score, samples.none),
  },
  {
    name: 'reliability_policies',
    kind: 'gauge',
    help: 'Policies in use by type',
    labels: ['type'],
    read: (view, samples) => {
      for (const [type, count] of view.counts()) samples.add(count, samples.none.with('type', type));
    },
  },
  {
    name: 'reliability_calls_in_flight',
    kind: 'gauge',
    help: 'Calls under way through any chain; a policy that several chains share counts its calls once for each',
    labels: [],
    read: ({ manager }, samples) => samples.add(manager.registry.inFlight, samples.none),
  },
  {
    name: 'reliability_bypassed',
    kind: 'gauge',
    help: 'Whether calls go past every policy',
    labels: [],
    read: ({ manager }, samples) => samples.add(manager.registry.bypassed ? 1 : 0, samples.none),
  },
];
