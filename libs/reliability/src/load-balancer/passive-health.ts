import type { EjectionCause } from './ejection.js';
import type { Instance } from './instance.js';
import type { PassiveHealthOptions } from './load-balancer.options.js';

export interface Outlier {
  readonly instance: Instance;
  readonly cause: EjectionCause;
  /** Share of its calls that failed. */
  readonly failureRate: number;
}

interface Rate {
  readonly instance: Instance;
  readonly failureRate: number;
}

/** Notes a call that the endpoint answered properly. */
export function noteSuccess(instance: Instance, { splitLocalErrors }: PassiveHealthOptions): void {
  instance.consecutiveFailures = 0;
  instance.consecutiveLocalFailures = 0;
  instance.interval.remoteCalls += 1;
  if (splitLocalErrors) instance.interval.localCalls += 1;
}

/**
 * Notes a failed call; `local` when no answer came: refused, broken off, out of time.
 * @returns why the instance should be ejected, if it should
 */
export function noteFailure(
  instance: Instance,
  local: boolean,
  { splitLocalErrors, consecutiveFailures, consecutiveLocalFailures }: PassiveHealthOptions,
): EjectionCause | undefined {
  const { interval } = instance;
  if (local && splitLocalErrors) {
    instance.consecutiveLocalFailures += 1;
    interval.localCalls += 1;
    interval.localFailures += 1;
    return instance.consecutiveLocalFailures >= consecutiveLocalFailures ? 'consecutive-local-failures' : undefined;
  }
  instance.consecutiveFailures += 1;
  interval.remoteCalls += 1;
  interval.remoteFailures += 1;
  if (splitLocalErrors) {
    // An answer, even a bad one, shows that the way there is open.
    instance.consecutiveLocalFailures = 0;
    interval.localCalls += 1;
  }
  return instance.consecutiveFailures >= consecutiveFailures ? 'consecutive-failures' : undefined;
}

/** After an ejection one more failure is enough: the instance is on probation until its first success. */
export function putOnProbation(instance: Instance, options: PassiveHealthOptions): void {
  instance.consecutiveFailures = options.consecutiveFailures - 1;
  instance.consecutiveLocalFailures = options.consecutiveLocalFailures - 1;
}

/** Compares all instances over the interval that ends; the worst comes first. */
export function findOutliers(instances: readonly Instance[], options: PassiveHealthOptions): Outlier[] {
  const { successRate, failurePercentage, splitLocalErrors } = options;
  const found: Outlier[] = [];
  for (const origin of splitLocalErrors ? (['remote', 'local'] as const) : (['remote'] as const)) {
    if (successRate !== false) {
      const rates = ratesOf(instances, origin, successRate.minCalls);
      if (rates.length >= successRate.minEndpoints) {
        const limit = failureLimit(rates, successRate.deviations);
        found.push(...above(rates, limit).map((rate) => ({ ...rate, cause: 'success-rate' as const })));
      }
    }
    if (failurePercentage !== false) {
      const rates = ratesOf(instances, origin, failurePercentage.minCalls);
      if (rates.length >= failurePercentage.minEndpoints) {
        const failing = rates.filter(({ failureRate }) => failureRate >= failurePercentage.threshold);
        found.push(...failing.map((rate) => ({ ...rate, cause: 'failure-percentage' as const })));
      }
    }
  }
  const worstFirst = found.sort((one, other) => other.failureRate - one.failureRate);
  return worstFirst.filter(
    ({ instance }, index) => worstFirst.findIndex((other) => other.instance === instance) === index,
  );
}

function ratesOf(instances: readonly Instance[], origin: 'remote' | 'local', minCalls: number): Rate[] {
  return instances
    .filter(({ ejection, interval }) => ejection.kind === 'none' && interval[`${origin}Calls`] >= minCalls)
    .map((instance) => ({
      instance,
      failureRate: instance.interval[`${origin}Failures`] / instance.interval[`${origin}Calls`],
    }));
}

/** Envoy's success-rate rule, mean − deviations × standard deviation, seen from the failures. */
function failureLimit(rates: readonly Rate[], deviations: number): number {
  const mean = rates.reduce((sum, { failureRate }) => sum + failureRate, 0) / rates.length;
  const variance = rates.reduce((sum, { failureRate }) => sum + (failureRate - mean) ** 2, 0) / rates.length;
  return mean + deviations * Math.sqrt(variance);
}

/** Rounding must not make outliers of equals. */
const above = (rates: readonly Rate[], limit: number) => rates.filter(({ failureRate }) => failureRate > limit + 1e-9);
