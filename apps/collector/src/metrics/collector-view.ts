import type { Collector } from '../collect/collector.js';
import type { LatestRates } from '../collect/latest-rates.js';
import type { MarketLists } from '../collect/market-lists.js';
import type { ExchangeHealth } from '../http/exchange-health.js';
import type { PipelineSnapshot } from '../storage/pipeline.js';

/** What a scrape sees of the collector. */
export interface CollectorView {
  /** ms since the epoch. */
  readonly now: number;
  readonly collector: Collector;
  readonly markets: MarketLists;
  readonly latest: LatestRates;
  readonly pipeline: PipelineSnapshot;
  readonly health: Readonly<Record<string, ExchangeHealth>>;
}
