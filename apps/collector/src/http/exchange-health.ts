import { Inject, Injectable } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import { COLLECTOR_CONFIG } from '../collector.tokens.js';
import { Collector } from '../collect/collector.js';
import type { CollectorConfig } from '../config/collector.config.js';

export interface ExchangeHealth {
  readonly status: 'up' | 'down' | 'starting';
  readonly lists: Readonly<Record<string, { readonly ageMs: number | null; readonly problem?: string }>>;
}

/** Whether every exchange answers, by the age of its last good answers. */
@Injectable()
export class ExchangeHealthReader {
  readonly #startedAt = systemClock.wallNow();

  constructor(
    private readonly collector: Collector,
    @Inject(COLLECTOR_CONFIG) private readonly config: CollectorConfig,
  ) {}

  read(): Readonly<Record<string, ExchangeHealth>> {
    const now = systemClock.wallNow();
    const exchanges: Record<string, { status: ExchangeHealth['status']; lists: Record<string, never> | object }> = {};
    for (const { settings, list, status } of this.collector.pollers) {
      const freshForMs = settings.pollEveryMs * this.config.http.freshIntervals;
      const ageMs = status.lastGoodAt === undefined ? null : now - status.lastGoodAt;
      const { problem } = status;
      const fresh = ageMs !== null && ageMs <= freshForMs;
      const starting = status.lastGoodAt === undefined && status.failures === 0 && now - this.#startedAt <= freshForMs;
      const own = fresh ? 'up' : starting ? 'starting' : 'down';
      const exchange = (exchanges[settings.venue.id] ??= { status: own, lists: {} });
      exchange.status = worse(exchange.status, own);
      exchange.lists = { ...exchange.lists, [list]: { ageMs, ...(problem !== undefined && { problem }) } };
    }
    return exchanges as Record<string, ExchangeHealth>;
  }
}

function worse(a: ExchangeHealth['status'], b: ExchangeHealth['status']): ExchangeHealth['status'] {
  if (a === 'down' || b === 'down') return 'down';
  return a === 'starting' ? a : b;
}
