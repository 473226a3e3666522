import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import type { AdminOptions } from '../admin/admin.options.js';
import { mountAdmin } from '../admin/mount-admin.js';
import type { AlertsOptions } from '../alerting/alerts.options.js';
import type { Capabilities } from '../core/capabilities.js';
import { problemsOfCapabilities } from '../core/capability-problems.js';
import { InvalidOptionsError } from '../core/errors.js';
import type { OptionProblem } from '../core/option-problem.js';
import { tryParseOptions } from '../core/options.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import type { AuditTrail } from '../manager/audit-trail.js';
import type { ConfigSource } from '../manager/config-source.js';
import type { ReliabilityConfiguration } from '../manager/configuration.js';
import type { ConfigurationHistory } from '../manager/configuration-history.js';
import type { DecisionOptions } from '../manager/decision-maker.js';
import { handlerOptions, type HandlerOptions } from './handler-options.js';
import { NOTHING_MOUNTED, withMounts } from './mounts.js';
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
  /** Where configuration comes from beside the code, later ones winning: files, Redis, NATS. Watched while running. */
  readonly sources?: readonly ConfigSource[];
  /** Keeps the versions of the configuration. Default: the last 100, in memory. */
  readonly history?: ConfigurationHistory;
  /** Keeps what was done by hand and by rule. Default: the last 1,000 entries, in memory. */
  readonly auditTrail?: AuditTrail;
  /** What the manager decides by rule; nothing by default. `{}`: every rule as it is meant to be. */
  readonly decisions?: DecisionOptions;
}

export const DEFAULT_DRAIN_MS = 10_000;

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ReliabilityModuleOptions>({ moduleName: 'Reliability' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createReliabilityOptions')
    .setExtras(
      /** `admin` mounts the admin API: what can be shown and done while running, over HTTP. */
      { isGlobal: true, admin: undefined as AdminOptions | undefined, ...NOTHING_MOUNTED },
      (definition, { isGlobal, admin, ...mounts }) => {
        if (typeof isGlobal !== 'boolean') {
          throw new InvalidOptionsError([{ path: 'isGlobal', rule: 'must be true or false', value: isGlobal }]);
        }
        return withMounts(withAdmin({ ...definition, global: isGlobal }, admin), mounts);
      },
    )
    .build();

function withAdmin(definition: DynamicModule, admin: AdminOptions | undefined): DynamicModule {
  if (admin === undefined) return definition;
  const { controllers, providers } = mountAdmin(admin);
  return { ...definition, controllers, providers: [...(definition.providers ?? []), ...providers] };
}

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
  'sources',
  'history',
  'auditTrail',
  'decisions',
]);

/** What decides which routes there are, and who sees the module, has to be known before any factory runs. */
const BESIDE_FACTORY: ReadonlySet<string> = new Set(['health', 'metrics', 'dashboard', 'admin', 'isGlobal']);

/** @throws InvalidOptionsError naming every problem outside the policies, which have rules of their own */
export function checkModuleOptions(options: ReliabilityModuleOptions): void {
  const problems: OptionProblem[] = [];
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ path: 'options', rule: 'must be an object', value: options }]);
  }
  for (const [key, value] of Object.entries(options)) {
    if (BESIDE_FACTORY.has(key))
      problems.push({ path: key, rule: 'stands beside useFactory, not in what it gives', value: undefined });
    else if (!KNOWN.has(key)) problems.push({ path: key, rule: 'is not an option', value });
  }
  const { drainMs = DEFAULT_DRAIN_MS } = options;
  if (typeof drainMs !== 'number' || !(drainMs >= 0 && drainMs < Infinity)) {
    problems.push({ path: 'drainMs', rule: 'must be a number of ms from 0', value: drainMs });
  }
  if (options.handlers !== undefined) tryParseOptions(handlerOptions, options.handlers, 'handlers', problems);
  problems.push(...problemsOfCustom(options.customPolicies), ...problemsOfCapabilities(options.capabilities));
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

function problemsOfCustom(custom: unknown): OptionProblem[] {
  if (custom === undefined) return [];
  if (!Array.isArray(custom)) return [{ path: 'customPolicies', rule: 'must be a list', value: custom }];
  return custom.flatMap((entry: unknown, index) => {
    const { definition = entry } = Object(entry) as { readonly definition?: unknown };
    const { type, create } = Object(definition) as { readonly type?: unknown; readonly create?: unknown };
    if (typeof type === 'string' && typeof create === 'function') return [];
    const rule = 'must be a definition of a policy, or a decorator made by definePolicy()';
    return [{ path: `customPolicies.${index}`, rule, value: entry }];
  });
}
