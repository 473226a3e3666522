import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import type { CollectorConfig } from './collector.config.js';
import { collectorSchema } from './collector.config.js';

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
    return parseConfig((parse(source) as unknown) ?? {}, path);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(`${path}: not YAML: ${error.message}`);
    throw error;
  }
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
  return `  - ${path.map(String).join('.') || '(top)'}: ${rule}; got ${JSON.stringify(value) ?? 'nothing'}`;
}
