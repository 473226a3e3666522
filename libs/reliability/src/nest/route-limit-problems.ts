import type { OptionProblem } from '../core/option-problem.js';
import { tryParseOptions } from '../core/options.js';
import { overDefaults } from '../manager/configuration.js';
import type { PolicyRegistry } from '../manager/policy-registry.js';
import { rateLimiterPolicy } from '../rate-limiter/rate-limiter.js';
import type { RouteLimit } from './route-limit.js';

/** Adds what is wrong with the limit of a route, its limiter and the name it gives included. */
export function addRouteLimitProblems(
  limit: RouteLimit,
  path: string,
  registry: PolicyRegistry,
  problems: OptionProblem[],
): void {
  const { policy, key, cost, proxies, ipv6Prefix, skip, ...options } = limit;
  const unless = (holds: boolean, name: keyof RouteLimit, rule: string) => {
    if (!holds) problems.push({ path: `${path}.${name}`, rule, value: limit[name] });
  };
  const isFunction = (value: unknown) => typeof value === 'function';
  unless(
    key === undefined || key === 'ip' || key === 'none' || isFunction(key),
    'key',
    "must be 'ip', 'none' or a function",
  );
  unless(
    cost === undefined || typeof cost === 'function' || (cost > 0 && cost < Infinity),
    'cost',
    'must be a positive number or a function',
  );
  unless(isCount(proxies, 0, 100), 'proxies', 'must be a whole number from 0 to 100');
  unless(isCount(ipv6Prefix, 1, 128), 'ipv6Prefix', 'must be a whole number from 1 to 128');
  unless(skip === undefined || isFunction(skip), 'skip', 'must be a function');
  if (policy !== undefined) {
    const known = registry.names.join(', ');
    unless(
      registry.names.includes(policy),
      'policy',
      `must be a configured name (${known === '' ? 'none are' : known})`,
    );
    return;
  }
  const { defaults } = registry.configuration;
  const schema = registry.factory.inForce(rateLimiterPolicy).options;
  tryParseOptions(schema, overDefaults(defaults?.rateLimit, { ...options, mode: 'reject' }), path, problems);
}

function isCount(value: number | undefined, least: number, most: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= least && value <= most);
}
