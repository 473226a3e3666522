import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import { Dashboard } from './dashboard.js';
import { DashboardController } from './dashboard.controller.js';
import { DASHBOARD_ALERTS, DASHBOARD_OPTIONS } from './dashboard.constants.js';
import { type DashboardOptions, parseDashboardOptions, type ResolvedDashboardOptions } from './dashboard.options.js';
import type { AlertPart } from './wire.js';

/** The live page. `ReliabilityModule.forRoot({ dashboard: { path } })` imports it. */
@Module({})
export class DashboardModule implements OnApplicationShutdown {
  constructor(@Inject(Dashboard) private readonly dashboard: Dashboard) {}

  /** @throws InvalidOptionsError naming every problem */
  static mount(options: DashboardOptions): DynamicModule {
    const resolved = parseDashboardOptions(options);
    return {
      module: DashboardModule,
      controllers: [mounted(resolved)],
      providers: [
        { provide: DASHBOARD_OPTIONS, useValue: resolved },
        {
          provide: Dashboard,
          inject: [ReliabilityManager, { token: DASHBOARD_ALERTS, optional: true }],
          useFactory: (manager: ReliabilityManager, alerts: (() => readonly AlertPart[]) | undefined) =>
            new Dashboard(manager, resolved, alerts ?? (() => [])),
        },
      ],
      exports: [Dashboard],
    };
  }

  /** Open pages would keep the server from closing. */
  beforeApplicationShutdown(): void {
    this.dashboard.close();
  }

  onApplicationShutdown(): void {
    this.dashboard.close();
  }
}

/** A controller of its own for each mount: path and guard are metadata of the class. */
function mounted({ path, auth }: ResolvedDashboardOptions): Type<DashboardController> {
  class MountedDashboard extends DashboardController {}
  Controller(path)(MountedDashboard);
  if (auth !== undefined && 'guard' in auth) UseGuards(auth.guard as Type<CanActivate>)(MountedDashboard);
  return MountedDashboard;
}
