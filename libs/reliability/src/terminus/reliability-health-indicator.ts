import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import {
  type HealthVerdict,
  type ReliabilityHealthOptions,
  verdictOfAll,
  verdictOfOne,
} from '../health/health-report.js';
import { scoreDependency } from '../manager/health-score.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';

export type { ReliabilityHealthOptions } from '../health/health-report.js';

/**
 * Terminus indicators over everything that is protected. An open circuit degrades; only that of a critical dependency
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
    return this.report(key, verdictOfAll(this.manager.health(), options));
  }

  /** One dependency, by the name of its policies; up while none of them has been used. */
  checkDependency(name: string, options: ReliabilityHealthOptions = {}): HealthIndicatorResult {
    const dependency = this.manager.health().dependencies.find((candidate) => candidate.name === name);
    return this.report(name, verdictOfOne(dependency, options));
  }

  /** One policy: `checkPolicy('circuit-breaker', 'okx')`; up while it has not been used. Its key is `okx circuit-breaker`. */
  checkPolicy(type: string, name: string, options: ReliabilityHealthOptions = {}): HealthIndicatorResult {
    const own = this.manager.inspect().filter((snapshot) => snapshot.type === type && snapshot.name === name);
    const health = own.length === 0 ? undefined : scoreDependency(name, own);
    return this.report(`${name} ${type}`, verdictOfOne(health, options));
  }

  private report(key: string, { status, details }: HealthVerdict): HealthIndicatorResult {
    const session: Session = this.indicators.check(key);
    if (status === 'down') return session.down(details);
    if (status === 'up') return session.up(details);
    return session.degraded?.(details) ?? session.up({ ...details, degraded: true });
  }
}

/** What Terminus gives for a key; version 11 knows no `degraded`. */
interface Session {
  up(details: object): HealthIndicatorResult;
  down(details: object): HealthIndicatorResult;
  degraded?(details: object): HealthIndicatorResult;
}
