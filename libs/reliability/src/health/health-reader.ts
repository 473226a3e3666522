import { scoreDependency } from '../manager/health-score.js';
import type { ReliabilityManager } from '../manager/reliability-manager.js';
import {
  type HealthReport,
  type HealthVerdict,
  type ReliabilityHealthOptions,
  reportOf,
  verdictOfAll,
  verdictOfOne,
} from './health-report.js';

/** What probes are told. */
export class HealthReader {
  #started = false;
  #stopping = false;

  constructor(
    private readonly manager: ReliabilityManager,
    private readonly options: ReliabilityHealthOptions = {},
  ) {}

  started(): void {
    this.#started = true;
  }

  stopping(): void {
    this.#stopping = true;
  }

  /** Everything: degraded where something is impaired, an error where a critical dependency is unreachable. */
  whole(): HealthReport {
    return reportOf({ reliability: verdictOfAll(this.manager.health(), this.options) });
  }

  /** The process answers. Nothing that is protected can change that: a restart would not mend it. */
  live(): HealthReport {
    return reportOf({});
  }

  /** As {@link whole}; and not ready while it is starting or shutting down. */
  ready(): HealthReport {
    const reliability = verdictOfAll(this.manager.health(), this.options);
    return reportOf({ ...(this.#started ? {} : { startup: NOT_STARTED }), reliability }, this.#stopping);
  }

  /** Whether the application has started. Once it has, it has. */
  startup(): HealthReport {
    return reportOf({ startup: this.#started ? { status: 'up', details: {} } : NOT_STARTED });
  }

  /** A dependency with each of its policies; `undefined` when nothing has that name. */
  dependency(name: string): HealthReport | undefined {
    const snapshots = this.manager.inspect().filter((snapshot) => snapshot.name === name);
    if (snapshots.length === 0) {
      return this.manager.registry.names.includes(name) ? reportOf({ [name]: verdictOfOne(undefined) }) : undefined;
    }
    const policies = snapshots.map((snapshot) => [
      `${name} ${snapshot.type}`,
      verdictOfOne(scoreDependency(name, [snapshot]), this.options),
    ]);
    return reportOf({
      [name]: verdictOfOne(scoreDependency(name, snapshots), this.options),
      ...Object.fromEntries(policies),
    });
  }

  /** Critical names that nothing has. */
  unknownCritical(): readonly string[] {
    const known = new Set([...this.manager.registry.names, ...this.manager.inspect().map(({ name }) => name)]);
    return (this.options.critical ?? []).filter((name) => !known.has(name));
  }
}

const NOT_STARTED: HealthVerdict = { status: 'down', details: { reason: 'the application is starting' } };

/** 503 for what keeps traffic away. */
export const httpStatusOf = ({ status }: HealthReport): number =>
  status === 'ok' || status === 'degraded' ? 200 : 503;
