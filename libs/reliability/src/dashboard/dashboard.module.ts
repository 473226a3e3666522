import {
  type BeforeApplicationShutdown,
  type CanActivate,
  Controller,
  type DynamicModule,
  Inject,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { Alerts } from '../alerting/alerts.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { Dashboard } from './dashboard.js';
import { DashboardController } from './dashboard.controller.js';
import { DASHBOARD_OPTIONS } from './dashboard.constants.js';
import type { DashboardOptions } from '../nest/mount-options.js';
import {
  type ParsedDashboardOptions,
  parseDashboardOptions,
  resolveDashboardOptions,
  type ResolvedDashboardOptions,
} from './dashboard.options.js';

/** The live page. `ReliabilityModule.forRoot({ dashboard: { path } })` imports it. */
@Module({})
export class DashboardModule implements BeforeApplicationShutdown {
  constructor(@Inject(Dashboard) private readonly dashboard: Dashboard) {}

  /** @throws InvalidOptionsError naming every problem */
  static mount(options: DashboardOptions): DynamicModule {
    const parsed = parseDashboardOptions(options);
    return {
      module: DashboardModule,
      controllers: [mounted(parsed)],
      providers: [
        { provide: DASHBOARD_OPTIONS, useFactory: () => resolveDashboardOptions(parsed) },
        {
          provide: Dashboard,
          inject: [ReliabilityManager, Alerts, DASHBOARD_OPTIONS],
          useFactory: (manager: ReliabilityManager, alerts: Alerts, resolved: ResolvedDashboardOptions) =>
            new Dashboard(manager, resolved, () => alerts.active().alerts),
        },
      ],
      exports: [Dashboard],
    };
  }

  /** Open pages would keep the server from closing. */
  beforeApplicationShutdown(): void {
    this.dashboard.close();
  }
}

/** A controller of its own for each mount: path and guard are metadata of the class. */
function mounted({ path, auth }: ParsedDashboardOptions): Type<DashboardController> {
  class MountedDashboard extends DashboardController {}
  Controller(path)(MountedDashboard);
  if (auth !== undefined && 'guard' in auth) UseGuards(auth.guard as Type<CanActivate>)(MountedDashboard);
  return MountedDashboard;
}
