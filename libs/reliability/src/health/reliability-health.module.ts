import {
  Controller,
  type DynamicModule,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { z } from 'zod';
import { parseOptions } from '../core/options.js';
import { ReliabilityManager } from '../manager/reliability-manager.js';
import type { HealthMountOptions } from '../nest/mount-options.js';
import { mountPath } from '../nest/mount-path.js';
import { ReliabilityHealthController } from './health.controller.js';
import { HealthReader } from './health-reader.js';
import { DEFAULT_DEGRADED_BELOW } from './health-report.js';

const healthOptions = z.strictObject({
  path: mountPath(),
  critical: z.array(z.string().min(1)).readonly().default([]),
  degradedBelow: z.number().min(0).max(100).default(DEFAULT_DEGRADED_BELOW),
});

/** Health endpoints without Terminus. `ReliabilityModule.forRoot({ health: { path } })` imports it. */
@Module({})
export class ReliabilityHealthModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(private readonly reader: HealthReader) {}

  /** @throws InvalidOptionsError naming every problem */
  static mount(options: HealthMountOptions): DynamicModule {
    const { path, ...judged } = parseOptions(healthOptions, options, 'health');
    return {
      module: ReliabilityHealthModule,
      controllers: [mountedAt(path)],
      providers: [
        {
          provide: HealthReader,
          inject: [ReliabilityManager],
          useFactory: (manager: ReliabilityManager) => new HealthReader(manager, judged),
        },
      ],
      exports: [HealthReader],
    };
  }

  onApplicationBootstrap(): void {
    this.reader.started();
    const unknown = this.reader.unknownCritical();
    if (unknown.length > 0) {
      new Logger('Reliability').warn(
        `health.critical: nothing is called ${unknown.map((name) => `"${name}"`).join(', ')}`,
      );
    }
  }

  /** Before calls under way are waited for: traffic is to go elsewhere from now on. */
  onModuleDestroy(): void {
    this.reader.stopping();
  }
}

/** A controller of its own for each mount: the path is metadata of the class. */
function mountedAt(path: string): Type<ReliabilityHealthController> {
  class MountedHealth extends ReliabilityHealthController {}
  Controller(path)(MountedHealth);
  return MountedHealth;
}
