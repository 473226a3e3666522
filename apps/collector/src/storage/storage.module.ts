import { type DynamicModule, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ReliabilityManager } from '@marketprism/reliability';
import { DATABASE, PIPELINE } from '../collector.tokens.js';
import type { CollectorConfig } from '../config/collector.config.js';
import { FundingStore } from './funding-store.js';
import { Storage } from './storage.js';

/** Where rates go and are read from. */
@Module({})
export class StorageModule implements OnApplicationShutdown {
  constructor(private readonly storage: Storage) {}

  static forRoot(config: CollectorConfig): DynamicModule {
    return {
      module: StorageModule,
      providers: [
        {
          provide: Storage,
          inject: [ReliabilityManager],
          useFactory: (manager: ReliabilityManager) => Storage.open(config, manager),
        },
        { provide: DATABASE, inject: [Storage], useFactory: ({ database }: Storage) => database },
        { provide: PIPELINE, inject: [Storage], useFactory: ({ pipeline }: Storage) => pipeline },
        { provide: FundingStore, inject: [Storage], useFactory: ({ database }: Storage) => new FundingStore(database) },
      ],
      exports: [Storage, DATABASE, PIPELINE, FundingStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.storage.close();
  }
}
