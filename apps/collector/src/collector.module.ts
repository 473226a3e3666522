import { join } from 'node:path';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ReliabilityManager, ReliabilityModule } from '@marketprism/reliability';
import { ReliabilityPrometheusModule } from '@marketprism/reliability/prometheus';
import { ReliabilityTerminusModule } from '@marketprism/reliability/terminus';
import { type Database, migrate, openDatabase } from '@marketprism/store';
import { MeteredDatabase } from '@marketprism/store/prometheus';
import { COLLECTOR_CONFIG, DATABASE, PIPELINE, VENUE_SETTINGS } from './collector.tokens.js';
import { Collector } from './collect/collector.js';
import { FundingRatesService } from './collect/funding-rates.service.js';
import { LatestRates } from './collect/latest-rates.js';
import { MarketLists } from './collect/market-lists.js';
import { VenueRequests } from './collect/venue-requests.js';
import type { CollectorConfig } from './config/collector.config.js';
import { venueSettings } from './config/venue-settings.js';
import { ExchangeHealthReader } from './http/exchange-health.js';
import { HealthController } from './http/health.controller.js';
import { RatesController } from './http/rates.controller.js';
import { CollectorMetrics } from './metrics/collector-metrics.js';
import { reliabilityConfig, STORE } from './reliability.config.js';
import { BatchWriter } from './storage/batch-writer.js';
import { FundingStore } from './storage/funding-store.js';
import { applyRetention, MIGRATIONS } from './storage/schema.js';
import { StorePipeline } from './storage/store-pipeline.js';
import type { TelemetrySettings } from './telemetry/telemetry-settings.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { VenueClients } from './venues/venue-clients.js';

/** Between two rounds of attempts to write a block, in ms. */
const WRITE_PAUSE_MS = 1_000;

@Module({})
export class CollectorModule implements OnApplicationShutdown {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  static forRoot(config: CollectorConfig, telemetry: TelemetrySettings): DynamicModule {
    const settings = venueSettings(config);
    return {
      module: CollectorModule,
      imports: [
        ReliabilityModule.forRoot(reliabilityConfig(config, settings)),
        TelemetryModule.forRoot(telemetry),
        ReliabilityPrometheusModule,
        ReliabilityTerminusModule,
      ],
      controllers: [RatesController, HealthController],
      providers: [
        { provide: COLLECTOR_CONFIG, useValue: config },
        { provide: VENUE_SETTINGS, useValue: settings },
        { provide: DATABASE, useFactory: () => openStore(config) },
        {
          provide: PIPELINE,
          inject: [DATABASE, ReliabilityManager],
          useFactory: (database: Database, manager: ReliabilityManager) => {
            const { batchRows, flushEveryMs, queueRows } = config.storage;
            const writer = new BatchWriter(
              (table, rows, token) =>
                manager.executeWithProtection(STORE, () => database.insert(table, rows, { token })),
              { batchRows, flushEveryMs, queueRows, pauseMs: WRITE_PAUSE_MS },
            );
            return new StorePipeline(writer);
          },
        },
        { provide: FundingStore, inject: [DATABASE], useFactory: (database: Database) => new FundingStore(database) },
        VenueClients,
        VenueRequests,
        FundingRatesService,
        MarketLists,
        LatestRates,
        Collector,
        ExchangeHealthReader,
        CollectorMetrics,
      ],
      exports: [Collector, PIPELINE, DATABASE, FundingStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}

/** The server that `CLICKHOUSE_URL` names, else the engine embedded in this process. */
async function openStore({ data, storage }: CollectorConfig): Promise<MeteredDatabase> {
  const url = process.env['CLICKHOUSE_URL'];
  const database = await openDatabase(
    url === undefined || url === '' ? { dataDir: join(data, 'clickhouse') } : { url },
  );
  await migrate(database, MIGRATIONS);
  await applyRetention(database, storage.observationDays);
  return new MeteredDatabase(database);
}
