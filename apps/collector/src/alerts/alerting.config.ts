import type { AlertsOptions } from '@marketprism/reliability/alerting';
import { type CollectorConfig, LIBRARY_RULES, WEBHOOK_SECRET } from '../config/collector.config.js';
import { ConfigError } from '../config/load-config.js';
import type { VenueSettings } from '../config/venue-settings.js';
import { collectorRules } from './alert-rules.js';
import type { CollectorFigures } from './collector-figures.js';

type Sink = NonNullable<AlertsOptions['sinks']>[number];

/** Shortest secret that a webhook is signed with. */
const LEAST_SECRET = 16;

/**
 * Alerting as the configuration says; `undefined` when it is off.
 * @throws ConfigError when the secret of the webhook cannot be used; the message does not hold it
 */
export function alertingConfig(
  { alerts, http }: Pick<CollectorConfig, 'alerts' | 'http'>,
  venues: Iterable<VenueSettings>,
  figures: CollectorFigures,
  environment: NodeJS.ProcessEnv,
): AlertsOptions | undefined {
  if (alerts === null) return undefined;
  const { log, webhook, alertmanager, except, rules, evaluateEveryMs } = alerts;
  const longestFreshMs = Math.max(0, ...[...venues].map(({ pollEveryMs }) => pollEveryMs * http.freshIntervals));
  const given = new Set([...except, ...rules.map(({ name }) => name)]);
  const own = [...collectorRules(longestFreshMs).filter(({ name }) => !given.has(name)), ...rules];
  const replaced = new Set([...except, ...own.map(({ name }) => name)]);
  const secret = webhook === null ? undefined : secretOf(environment);
  const sinks: Sink[] = [
    ...(log ? [{ kind: 'log' as const }] : []),
    ...(webhook === null ? [] : [{ kind: 'webhook' as const, ...webhook, ...(secret !== undefined && { secret }) }]),
    ...(alertmanager === null ? [] : [{ kind: 'alertmanager' as const, ...alertmanager }]),
  ];
  return {
    builtin: { except: [...replaced].filter((name) => LIBRARY_RULES.has(name)) },
    rules: own,
    sinks,
    evaluateEveryMs,
    snapshots: [figures.read],
  };
}

function secretOf(environment: NodeJS.ProcessEnv): string | undefined {
  const secret = environment[WEBHOOK_SECRET];
  if (secret === undefined || secret === '') return undefined;
  if (secret.length < LEAST_SECRET) {
    throw new ConfigError(`environment: ${WEBHOOK_SECRET}: must have at least ${LEAST_SECRET} characters`);
  }
  return secret;
}
