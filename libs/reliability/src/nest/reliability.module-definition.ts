import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { AlertsOptions } from '../alerting/alerts.options.js';
import type { Capabilities } from '../core/capabilities.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { ReliabilityConfiguration } from '../manager/configuration.js';
import type { HandlerOptions } from './handler-options.js';
import type { RouteLimit } from './route-limit.js';

export interface ReliabilityModuleOptions extends ReliabilityConfiguration {
  /** Kinds of policy of one's own, beside the built-in ones: definitions, or decorators made by `definePolicy`. */
  readonly customPolicies?: readonly (PolicyDefinition | { readonly definition: PolicyDefinition })[];
  /** Time, chance and events; for tests. Default: the process's own. */
  readonly capabilities?: Partial<Capabilities>;
  /** Longest time, in ms, that shutting down waits for calls in flight; 0 does not wait. Default 10,000. */
  readonly drainMs?: number;
  /** What `ReliabilityInterceptor` does with handlers. */
  readonly handlers?: HandlerOptions;
  /** The limit that `RateLimitGuard` keeps on routes that say nothing of their own. Default 50 per second and client. */
  readonly routeLimit?: RouteLimit;
  /** What is looked at and who is told; nothing by default. `{}`: the rules that come with the library, to the log. */
  readonly alerts?: AlertsOptions;
}

export const DEFAULT_DRAIN_MS = 10_000;

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ReliabilityModuleOptions>({ moduleName: 'Reliability' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createReliabilityOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

const KNOWN: ReadonlySet<string> = new Set([
  'policies',
  'defaults',
  'tenants',
  'customPolicies',
  'capabilities',
  'drainMs',
  'handlers',
  'routeLimit',
  'alerts',
  'isGlobal',
  'health',
  'metrics',
  'dashboard',
]);

/** @throws InvalidOptionsError naming every problem outside the policies, which have rules of their own */
export function checkModuleOptions(options: ReliabilityModuleOptions): void {
  const problems: OptionProblem[] = [];
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ path: 'options', rule: 'must be an object', value: options }]);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.has(key)) problems.push({ path: key, rule: 'is not an option', value });
  }
  const { drainMs = DEFAULT_DRAIN_MS } = options;
  if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs < Infinity)) {
    problems.push({ path: 'drainMs', rule: 'must be a number of ms from 0', value: drainMs });
  }
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}
