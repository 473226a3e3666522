import type { DecisionMaker } from './decision-maker.js';
import type { SystemHealth } from './health-score.js';
import { shownJson } from './json.js';
import type { LiveConfiguration } from './live-configuration.js';
import type { PolicyRegistry } from './policy-registry.js';
import { type ManagerSnapshot, SNAPSHOT_SCHEMA } from './snapshot-schema.js';

const TENANTS_SHOWN = 20;

/** What a snapshot shows beside the policies, where there is any. */
export interface SnapshotParts {
  readonly live?: LiveConfiguration;
  readonly decisions?: DecisionMaker;
}

export function takeSnapshot(
  registry: PolicyRegistry,
  health: SystemHealth,
  { live, decisions }: SnapshotParts,
): ManagerSnapshot {
  const { clock } = registry.factory.capabilities;
  const now = clock.now();
  const view = live?.view();
  return shownJson({
    schema: SNAPSHOT_SCHEMA,
    at: clock.wallNow(),
    health,
    policies: registry.inspect(now),
    tenants: registry.inspectTenants(now, TENANTS_SHOWN),
    configuration: {
      version: view?.version ?? 0,
      sources: view?.sources ?? [],
      overrides: view?.overrides.filter(({ inForce }) => inForce).length ?? 0,
    },
    decisions: decisions?.inspect() ?? [],
  }) as ManagerSnapshot;
}
