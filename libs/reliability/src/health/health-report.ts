import type { DependencyHealth, SystemHealth } from '../manager/health-score.js';

export interface ReliabilityHealthOptions {
  /** Names of policies without which the application is of no use: unreachable, they bring the indicator down. Default: none. */
  readonly critical?: readonly string[];
  /** A dependency below this score degrades the indicator; 0 to 100, default 90. */
  readonly degradedBelow?: number;
}

export type HealthStatus = 'up' | 'degraded' | 'down';

/** One thing that was looked at: how it is, and the figures. */
export interface HealthVerdict {
  readonly status: HealthStatus;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The JSON of a health endpoint, as Terminus gives it. */
export interface HealthReport {
  readonly status: 'ok' | 'degraded' | 'error' | 'shutting_down';
  /** What is up or degraded. */
  readonly info: HealthDetails;
  /** What is down. */
  readonly error: HealthDetails;
  readonly details: HealthDetails;
}

export type HealthDetails = Readonly<
  Record<string, { readonly status: HealthStatus; readonly [field: string]: unknown }>
>;

export const DEFAULT_DEGRADED_BELOW = 90;

/** All dependencies: the score of the whole, and of those that are impaired with their reasons. */
export function verdictOfAll(
  { score, dependencies }: SystemHealth,
  options: ReliabilityHealthOptions = {},
): HealthVerdict {
  const statuses = dependencies.map((dependency) => statusOf(dependency, options));
  const impaired = Object.fromEntries(
    dependencies.flatMap((dependency, index) =>
      statuses[index] === 'up' ? [] : [[dependency.name, { status: statuses[index], ...shown(dependency) }]],
    ),
  );
  const status = statuses.includes('down') ? 'down' : statuses.includes('degraded') ? 'degraded' : 'up';
  return { status, details: { score: Math.round(score), dependencies: dependencies.length, impaired } };
}

/** One dependency, or one policy of it; up while nothing is known. */
export function verdictOfOne(
  dependency: DependencyHealth | undefined,
  options: ReliabilityHealthOptions = {},
): HealthVerdict {
  if (dependency === undefined) return { status: 'up', details: {} };
  return { status: statusOf(dependency, options), details: shown(dependency) };
}

/** The report over several verdicts, by key. */
export function reportOf(verdicts: Readonly<Record<string, HealthVerdict>>, stopping = false): HealthReport {
  const entries = Object.entries(verdicts).map(([key, { status, details }]) => [key, { status, ...details }] as const);
  const down = entries.filter(([, { status }]) => status === 'down');
  const others = entries.filter(([, { status }]) => status !== 'down');
  const degraded = others.some(([, { status }]) => status === 'degraded');
  return {
    status: stopping ? 'shutting_down' : down.length > 0 ? 'error' : degraded ? 'degraded' : 'ok',
    info: Object.fromEntries(others),
    error: Object.fromEntries(down),
    details: Object.fromEntries([...others, ...down]),
  };
}

function statusOf(
  { name, score, unreachable }: DependencyHealth,
  { critical = [], degradedBelow = DEFAULT_DEGRADED_BELOW }: ReliabilityHealthOptions,
): HealthStatus {
  if (unreachable && critical.includes(name)) return 'down';
  return score < degradedBelow ? 'degraded' : 'up';
}

const shown = ({ score, reasons }: DependencyHealth) => ({
  score: Math.round(score),
  reasons: reasons.map(({ reason }) => reason),
});
