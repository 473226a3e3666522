import type { PolicySnapshot } from '../core/policy.js';
import { scoreSystem, type SystemHealth } from '../manager/health-score.js';
import type { ReliabilityManager } from '../manager/reliability-manager.js';

/** One application as a scrape sees it: every policy is looked at once. */
export class ReliabilityView {
  readonly #snapshots: readonly PolicySnapshot[];
  readonly #byType = new Map<string, PolicySnapshot[]>();
  #health: SystemHealth | undefined;

  constructor(readonly manager: ReliabilityManager) {
    this.#snapshots = manager.inspect();
    for (const snapshot of this.#snapshots) {
      const known = this.#byType.get(snapshot.type);
      if (known === undefined) this.#byType.set(snapshot.type, [snapshot]);
      else known.push(snapshot);
    }
  }

  ofType(policyType: string): readonly PolicySnapshot[] {
    return this.#byType.get(policyType) ?? [];
  }

  /** How many policies there are of each type. */
  *counts(): IterableIterator<readonly [type: string, count: number]> {
    for (const [type, snapshots] of this.#byType) yield [type, snapshots.length];
  }

  get health(): SystemHealth {
    return (this.#health ??= scoreSystem(this.#snapshots));
  }
}
