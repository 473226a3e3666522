import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { Alerts } from '../alerting/alerts.js';
import { BUILTIN_POLICIES } from '../chain/builtin-policies.js';
import { PolicyFactory } from '../chain/policy-factory.js';
import type { PolicyOptions } from '../chain/policy-options.js';
import { type Capabilities, systemCapabilities } from '../core/capabilities.js';
import { ReliabilityError } from '../core/errors.js';
import { LiveConfiguration } from '../manager/live-configuration.js';
import { isPlainObject } from '../manager/json.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { AlertsLifecycle, createAlerts } from './alerts.provider.js';
import { refuse } from './decorator-arguments.js';
import { providersOfAsked, providersOfConfigured } from './policy-handles.js';
import { RELIABILITY_CAPABILITIES, RELIABILITY_RUNTIME } from './reliability.constants.js';
import { ReliabilityExplorer } from './reliability.explorer.js';
import { ReliabilityFeatureModule } from './reliability-feature.module.js';
import {
  type ASYNC_OPTIONS_TYPE,
  checkModuleOptions,
  ConfigurableModuleClass,
  DEFAULT_DRAIN_MS,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
  type ReliabilityModuleOptions,
} from './reliability.module-definition.js';
import { ReliabilityRuntime } from './reliability-runtime.js';
import { STEERING_PROVIDERS } from './steering.providers.js';
import { TransitionLogger } from './transition-logger.js';

/**
 * Protection for every provider of an application: import `ReliabilityModule.forRoot(...)` or `forRootAsync(...)` once,
 * and `ReliabilityModule.forFeature(...)` where a module brings policies of its own.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: RELIABILITY_CAPABILITIES,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: ReliabilityModuleOptions): Capabilities => {
        checkModuleOptions(options);
        return { ...systemCapabilities(), ...options.capabilities };
      },
    },
    {
      provide: PolicyRegistry,
      inject: [MODULE_OPTIONS_TOKEN, RELIABILITY_CAPABILITIES],
      useFactory: (
        { customPolicies = [], defaults, policies, tenants }: ReliabilityModuleOptions,
        capabilities: Capabilities,
      ) => {
        const own = customPolicies.map((policy) => ('definition' in policy ? policy.definition : policy));
        return new PolicyRegistry(new PolicyFactory([...BUILTIN_POLICIES, ...own], capabilities), {
          defaults,
          policies,
          tenants,
        });
      },
    },
    {
      provide: ReliabilityRuntime,
      inject: [PolicyRegistry],
      useFactory: (registry: PolicyRegistry) => new ReliabilityRuntime(registry),
    },
    { provide: RELIABILITY_RUNTIME, useExisting: ReliabilityRuntime },
    {
      provide: Alerts,
      inject: [MODULE_OPTIONS_TOKEN, ReliabilityManager, RELIABILITY_CAPABILITIES],
      useFactory: ({ alerts }: ReliabilityModuleOptions, manager: ReliabilityManager, capabilities: Capabilities) =>
        createAlerts(alerts, manager, capabilities),
    },
    AlertsLifecycle,
    ...STEERING_PROVIDERS,
    ReliabilityExplorer,
    TransitionLogger,
  ],
  exports: [
    ReliabilityManager,
    ReliabilityControl,
    LiveConfiguration,
    ReliabilityRuntime,
    PolicyRegistry,
    Alerts,
    RELIABILITY_RUNTIME,
    RELIABILITY_CAPABILITIES,
    MODULE_OPTIONS_TOKEN,
  ],
})
export class ReliabilityModule
  extends ConfigurableModuleClass
  implements BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger(ReliabilityModule.name);

  constructor(
    private readonly registry: PolicyRegistry,
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: ReliabilityModuleOptions,
    modules: ModulesContainer,
  ) {
    super();
    const roots = [...modules.values()].filter(({ metatype }) => metatype === ReliabilityModule);
    if (roots.length > 1) throw secondRoot();
  }

  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    checkRootOptions(options);
    return withHandles(super.forRoot(options), options.policies ?? {});
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withHandles(super.forRootAsync(options), {});
  }

  /**
   * Adds named policies that a module brings along. Their names must not be configured elsewhere.
   * @param imports where `isGlobal` is false: what `forRoot` or `forRootAsync` gave, or a module that exports it
   */
  static forFeature(
    policies: Readonly<Record<string, PolicyOptions>>,
    { imports = [] }: Pick<DynamicModule, 'imports'> = {},
  ): DynamicModule {
    if (!isPlainObject(policies)) refuse('ReliabilityModule.forFeature', 'takes policies by name', policies);
    return ReliabilityFeatureModule.of(policies, imports);
  }

  /** Takes no new calls, and waits for those under way. */
  async beforeApplicationShutdown(): Promise<void> {
    const { drainMs = DEFAULT_DRAIN_MS } = this.options;
    this.registry.stop();
    if (!(await this.registry.drain(drainMs))) {
      this.logger.warn(`Calls are still under way after ${drainMs} ms; shutting down all the same`);
    }
  }

  onApplicationShutdown(): void {
    this.registry.close();
  }
}

function checkRootOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    refuse('ReliabilityModule.forRoot', 'takes an object of options; {} for none', options);
}

function withHandles(module: DynamicModule, policies: Readonly<Record<string, PolicyOptions>>): DynamicModule {
  const configured = providersOfConfigured(policies);
  const handles = [...configured, ...providersOfAsked(configured)];
  return {
    ...module,
    providers: [...(module.providers ?? []), ...handles],
    exports: [...(module.exports ?? []), ...handles.map((handle) => (handle as { provide: string }).provide)],
  };
}

function secondRoot(): ReliabilityError {
  return new ReliabilityError(
    'ReliabilityModule.forRoot() is imported twice in one application, which would make two sets of policies. ' +
      'Import it once, in the root module; bring further policies by ReliabilityModule.forFeature({ name: { ... } }).',
    { code: 'INVALID_OPTIONS', policyType: 'nest', policy: 'ReliabilityModule' },
  );
}
