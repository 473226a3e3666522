import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import { bindFamilies } from '@marketprism/reliability/prometheus';
import { bindStoreMetrics } from '@marketprism/store/prometheus';
import { bindStreamMetrics } from '@marketprism/stream/prometheus';
import { register } from 'prom-client';
import { Collector } from '../collect/collector.js';
import { LatestRates } from '../collect/latest-rates.js';
import { MarketLists } from '../collect/market-lists.js';
import { ExchangeHealthReader } from '../http/exchange-health.js';
import { Storage } from '../storage/storage.js';
import { COLLECTOR_FAMILIES } from './collector-families.js';

/** Default metrics of prom-client that break the rules of naming; `nodejs_active_resources` says the same by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * The collector's own metrics. Nothing is recorded while it works: the counters that it keeps anyway are read when a
 * scraper asks.
 */
@Injectable()
export class CollectorMetrics implements OnApplicationShutdown {
  private readonly unbind: readonly (() => void)[];

  constructor(
    collector: Collector,
    markets: MarketLists,
    latest: LatestRates,
    health: ExchangeHealthReader,
    storage: Storage,
  ) {
    const { database, pipeline, stream } = storage;
    for (const name of MISNAMED) register.removeSingleMetric(name);
    this.unbind = [
      bindFamilies(register, COLLECTOR_FAMILIES, () => ({
        now: systemClock.wallNow(),
        collector,
        markets,
        latest,
        pipeline: pipeline.snapshot(),
        health: health.read(),
      })),
      bindStoreMetrics(register, { database, redundant: { snapshot: () => storage.inspect().redundant } }),
      bindStreamMetrics(register, { consumers: () => [pipeline.inspect()], stream }),
    ];
  }

  onApplicationShutdown(): void {
    for (const unbind of this.unbind) unbind();
  }
}
