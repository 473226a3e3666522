import { type DynamicModule, Module } from '@nestjs/common';
import type { ControlStore } from '@marketprism/control-store';
import { type ConfigSource, ReliabilityModule } from '@marketprism/reliability';
import { ReliabilityPrometheusModule } from '@marketprism/reliability/prometheus';
import { ReliabilityTerminusModule } from '@marketprism/reliability/terminus';
import { alertingConfig } from './alerts/alerting.config.js';
import { CollectorFigures } from './alerts/collector-figures.js';
import { COLLECTOR_CONFIG, VENUE_SETTINGS } from './collector.tokens.js';
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
import { reliabilityConfig } from './reliability.config.js';
import { Storage } from './storage/storage.js';
import { StorageModule } from './storage/storage.module.js';
import { ControlStoreModule, keptIn } from './telemetry/control-store.module.js';
import type { TelemetrySettings } from './telemetry/telemetry-settings.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { VenueClients } from './venues/venue-clients.js';

@Module({})
export class CollectorModule {
  /**
   * @param sources configuration of the policies from outside, followed while running
   * @throws ConfigError when the environment cannot be used
   */
  static forRoot(
    config: CollectorConfig,
    telemetry: TelemetrySettings,
    controlStore?: ControlStore,
    sources: readonly ConfigSource[] = [],
  ): DynamicModule {
    const settings = venueSettings(config);
    const figures = new CollectorFigures();
    const alerts = alertingConfig(config, settings.values(), figures, process.env);
    const protection = { ...reliabilityConfig(config, settings), sources, ...(alerts && { alerts }) };
    return {
      module: CollectorModule,
      imports: [
        ReliabilityModule.forRoot(keptIn(controlStore, protection)),
        ControlStoreModule.of(controlStore),
        TelemetryModule.forRoot(telemetry),
        StorageModule.forRoot(config),
        ReliabilityPrometheusModule,
        ReliabilityTerminusModule,
      ],
      controllers: [RatesController, HealthController],
      providers: [
        { provide: COLLECTOR_CONFIG, useValue: config },
        { provide: VENUE_SETTINGS, useValue: settings },
        VenueClients,
        VenueRequests,
        FundingRatesService,
        MarketLists,
        LatestRates,
        Collector,
        ExchangeHealthReader,
        {
          provide: CollectorFigures,
          inject: [Collector, Storage],
          useFactory: (collector: Collector, storage: Storage) => figures.of(collector, storage),
        },
        CollectorMetrics,
      ],
      exports: [Collector, StorageModule],
    };
  }
}
