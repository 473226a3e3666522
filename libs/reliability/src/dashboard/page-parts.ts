import type { PolicySnapshot } from '../core/policy.js';
import type { SystemHealth } from '../manager/health-score.js';
import type { Parts } from './delta.js';
import { settledTimes } from './settled-times.js';
import { ALERTS_PART, type AlertPart, healthPart, policyPart, SCORE_PART, type ScorePart } from './wire.js';

/** Alerts shown at a time; those with the longest history first are dropped. */
const ALERTS_SHOWN = 100;
/** Operations of a retry's own history shown. */
const OPERATIONS_SHOWN = 10;

export interface PageState {
  readonly snapshots: readonly PolicySnapshot[];
  readonly health: SystemHealth;
  readonly alerts: readonly AlertPart[];
}

/** Everything on the page as parts, each by its id as JSON. */
export function pageParts({ snapshots, health, alerts }: PageState, now: number): Parts {
  const parts = new Map<string, string>();
  const { dependencies } = health;
  const score: ScorePart = { score: Math.round(health.score), dependencies: dependencies.length };
  parts.set(SCORE_PART, JSON.stringify(score));
  parts.set(ALERTS_PART, JSON.stringify(alerts.slice(0, ALERTS_SHOWN)));
  for (const dependency of dependencies) {
    parts.set(healthPart(dependency.name), JSON.stringify({ ...dependency, score: Math.round(dependency.score) }));
  }
  for (const snapshot of snapshots) {
    parts.set(policyPart(snapshot.type, snapshot.name), JSON.stringify(settledTimes(shown(snapshot), now)));
  }
  return parts;
}

function shown(snapshot: PolicySnapshot): PolicySnapshot {
  const operations = snapshot['lastOperations'];
  if (!Array.isArray(operations)) return snapshot;
  return { ...snapshot, lastOperations: operations.slice(-OPERATIONS_SHOWN) };
}
