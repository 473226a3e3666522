import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { DependencyHealth } from '../manager/health-score.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';

export interface ReliabilityHealthOptions {
  /** Names of policies without which the application is of no use: unreachable, they bring the indicator down. Default: none. */
  readonly critical?: readonly string[];
  /** A dependency below this score degrades the indicator; 0 to 100, default 90. */
  readonly degradedBelow?: number;
}

type Status = 'up' | 'degraded' | 'down';

/**
 * A Terminus indicator over everything that is protected. An open circuit degrades; only that of a critical dependency
 * brings the indicator down. Nothing here belongs into a liveness check: restarting does not mend a dependency.
 */
@Injectable()
export class ReliabilityHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly manager: ReliabilityManager,
  ) {}

  /** All dependencies: the score of the whole, and of those that are impaired with their reasons. */
  check(key = 'reliability', options: ReliabilityHealthOptions = {}): HealthIndicatorResult {
    const { score, dependencies } = this.manager.health();
    const statuses = dependencies.map((dependency) => statusOf(dependency, options));
    const impaired = Object.fromEntries(
      dependencies.flatMap((dependency, index) =>
        statuses[index] === 'up' ? [] : [[dependency.name, { status: statuses[index], ...shown(dependency) }]],
      ),
    );
    const worst = statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'up';
    return this.report(key, worst, { score: Math.round(score), dependencies: dependencies.length, impaired });
  }

  /** One dependency, by the name of its policies; up while none of them has been used. */
  checkDependency(name: string, options: ReliabilityHealthOptions = {}): HealthIndicatorResult {
    const dependency = this.manager.health().dependencies.find((candidate) => candidate.name === name);
    if (dependency === undefined) return this.report(name, 'up', {});
    return this.report(name, statusOf(dependency, options), shown(dependency));
  }

  private report(key: string, status: Status, details: object): HealthIndicatorResult {
    const session: Session = this.indicators.check(key);
    if (status === 'down') return session.down(details);
    if (status === 'up') return session.up(details);
    return session.degraded?.(details) ?? session.up({ ...details, degraded: true });
  }
}

function statusOf(
  { name, score, unreachable }: DependencyHealth,
  { critical = [], degradedBelow = 90 }: ReliabilityHealthOptions,
): Status {
  if (unreachable && critical.includes(name)) return 'down';
  return score < degradedBelow ? 'degraded' : 'up';
}

const shown = ({ score, reasons }: DependencyHealth) => ({
  score: Math.round(score),
  reasons: reasons.map(({ reason }) => reason),
});

/** What Terminus gives for a key; version 11 knows no `degraded`. */
interface Session {
  up(details: object): HealthIndicatorResult;
  down(details: object): HealthIndicatorResult;
  degraded?(details: object): HealthIndicatorResult;
}
