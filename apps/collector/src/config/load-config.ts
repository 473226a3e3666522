import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import type { CollectorConfig } from './collector.config.js';
import { collectorSchema } from './collector.config.js';

/** Addresses with credentials in them are not repeated in an error. */
const MAY_HOLD_A_PASSWORD = new Set([
  'stream.nats',
  'store.url',
  'store.servers',
  'alerts.webhook',
  'alerts.alertmanager',
]);

/** A configuration that cannot be used; the message names every problem by path, rule and value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError */
export function loadConfig(path: string): CollectorConfig {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  try {
    return withEnvironment(parseConfig((parse(source) as unknown) ?? {}, path), process.env);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(`${path}: not YAML: ${error.message}`);
    throw error;
  }
}

/**
 * Lays NATS_URL and CLICKHOUSE_URL over a configuration.
 * @throws ConfigError when they are not addresses, or contradict it
 */
export function withEnvironment(config: CollectorConfig, environment: NodeJS.ProcessEnv): CollectorConfig {
  const { NATS_URL: nats = '', CLICKHOUSE_URL: url = '' } = environment;
  if (nats === '' && url === '') return config;
  return parseConfig(
    {
      ...config,
      stream: { ...config.stream, ...(nats !== '' && { nats }) },
      store: { ...config.store, ...(url !== '' && { url }) },
    },
    [nats !== '' && 'NATS_URL', url !== '' && 'CLICKHOUSE_URL'].filter(Boolean).join(', '),
  );
}

/** @throws ConfigError */
export function parseConfig(input: unknown, source: string): CollectorConfig {
  const parsed = collectorSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => line([...issue.path, key], 'is not a known key', input))
      : [line(issue.path, issue.message, input)],
  );
  throw new ConfigError(`${source}: ${lines.length} problem${lines.length === 1 ? '' : 's'}:\n${lines.join('\n')}`);
}

function line(path: readonly PropertyKey[], rule: string, input: unknown): string {
  let value: unknown = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  const got = MAY_HOLD_A_PASSWORD.has(path.slice(0, 2).join('.')) ? 'another value' : JSON.stringify(value);
  return `  - ${path.map(String).join('.') || '(top)'}: ${rule}; got ${got ?? 'nothing'}`;
}
