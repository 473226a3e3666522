import { Injectable, Logger, type OnApplicationShutdown, Optional, type Provider } from '@nestjs/common';
import { Alerts } from '../alerting/alerts.js';
import type { Unsubscribe } from '../core/event-bus.js';
import { DecisionMaker } from '../manager/decision-maker.js';
import { shownError } from '../manager/json.js';
import { LiveConfiguration } from '../manager/live-configuration.js';
import { PolicyRegistry } from '../manager/policy-registry.js';
import { ReliabilityControl } from '../manager/reliability-control.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { MODULE_OPTIONS_TOKEN, type ReliabilityModuleOptions } from './reliability.module-definition.js';
import { silenceAction } from './silence-action.js';

/** Begins what goes on in the background once every module has brought its policies, and ends it. */
@Injectable()
export class Steering implements OnApplicationShutdown {
  private readonly logger = new Logger('Reliability');
  private readonly unsubscribe: readonly Unsubscribe[];

  constructor(
    private readonly live: LiveConfiguration,
    private readonly decisions: DecisionMaker,
    manager: ReliabilityManager,
    control: ReliabilityControl,
    @Optional() alerts?: Alerts,
  ) {
    if (alerts instanceof Alerts) control.offer('silence', silenceAction(alerts));
    this.unsubscribe = [
      manager.on('configuration.applied', ({ version, source, who, why, changed }) => {
        const what = changed.length === 0 ? '' : `: ${changed.join(', ')}`;
        this.logger.log(`Configuration version ${version} from ${source} by ${who} (${why})${what}`);
      }),
      manager.on('configuration.rejected', ({ source, error }) => {
        this.logger.error(`Configuration of ${source} is not put in force: ${shownError(error)}`);
      }),
      manager.on('configuration.source', ({ source, available, error }) => {
        if (available) this.logger.log(`Configuration source ${source} can be read again`);
        else this.logger.warn(`Configuration source ${source} cannot be read: ${shownError(error)}`);
      }),
      manager.on('configuration.not-kept', ({ what, error }) => {
        this.logger.error(
          `A ${what === 'audit' ? 'line of the audit trail' : what} was not kept: ${shownError(error)}`,
        );
      }),
      manager.on('decision', ({ rule, change, setting, explanation }) => {
        this.logger.log(`Decision ${rule}, ${change}${setting === '' ? '' : ` (${setting})`}: ${explanation}`);
      }),
    ];
  }

  /** @throws as a rejection when a source that is `required` cannot be read or is not acceptable */
  async start(): Promise<void> {
    await this.live.start();
    this.decisions.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.decisions.stop();
    await this.live.stop();
    for (const unsubscribe of this.unsubscribe) unsubscribe();
  }
}

export const STEERING_PROVIDERS: readonly Provider[] = [
  {
    provide: LiveConfiguration,
    inject: [PolicyRegistry, MODULE_OPTIONS_TOKEN],
    useFactory: (registry: PolicyRegistry, { sources, history }: ReliabilityModuleOptions) =>
      new LiveConfiguration(registry, { sources, history }),
  },
  {
    provide: DecisionMaker,
    inject: [PolicyRegistry, MODULE_OPTIONS_TOKEN],
    useFactory: (registry: PolicyRegistry, { decisions }: ReliabilityModuleOptions) =>
      new DecisionMaker(registry, decisions),
  },
  {
    provide: ReliabilityControl,
    inject: [PolicyRegistry, LiveConfiguration, DecisionMaker, MODULE_OPTIONS_TOKEN],
    useFactory: (
      registry: PolicyRegistry,
      live: LiveConfiguration,
      decisions: DecisionMaker,
      { auditTrail }: ReliabilityModuleOptions,
    ) => new ReliabilityControl(registry, live, decisions, auditTrail),
  },
  {
    provide: ReliabilityManager,
    inject: [PolicyRegistry, LiveConfiguration, DecisionMaker],
    useFactory: (registry: PolicyRegistry, live: LiveConfiguration, decisions: DecisionMaker) =>
      new ReliabilityManager(registry, { live, decisions }),
  },
  Steering,
];
