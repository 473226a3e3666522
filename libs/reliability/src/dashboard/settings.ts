import type { PolicyDefinition } from '../core/policy-definition.js';
import { namesSecret } from '../core/redact.js';
import { overDefaults } from '../manager/configuration.js';
import type { PolicyRegistry } from '../manager/policy-registry.js';
import { type Described, describedBy } from './described.js';
import type { Setting, SettingsAnswer } from './wire.js';

/** Settings listed for one name. */
const MOST = 500;

/** Every simple setting that holds for a name, configured or by default. What is a function or an object's own is left out. */
export function settingsOf(registry: PolicyRegistry, name: string, version?: number): SettingsAnswer {
  const { defaults = {}, policies = {} } = registry.configuration;
  const configured = Object.hasOwn(policies, name) ? (policies[name] as Record<string, unknown>) : undefined;
  const settings = registry.factory.definitions.flatMap((definition) => {
    const given = configured?.[definition.optionKey];
    if (given === undefined) return [];
    const options = overDefaults((defaults as Record<string, unknown>)[definition.optionKey], given);
    return settingsIn(definition, options);
  });
  return { name, configured: configured !== undefined, settings: settings.slice(0, MOST), version };
}

function settingsIn(definition: PolicyDefinition, given: unknown): Setting[] {
  const parsed = definition.options.safeParse(given);
  if (!parsed.success) return [];
  return leavesOf(parsed.data, given, [definition.optionKey], describedBy(definition.options));
}

function leavesOf(
  value: unknown,
  given: unknown,
  path: readonly string[],
  described: Described | undefined,
): Setting[] {
  if (isSimple(value)) {
    if (namesSecret(path.at(-1)!, value)) return [];
    return [{ path, value, preset: given === undefined, description: described?.description }];
  }
  if (!isPlain(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, isPlain(given) ? given[key] : undefined, [...path, key], described?.below(key)),
  );
}

const isSimple = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
