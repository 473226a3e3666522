import { Inject, Injectable } from '@nestjs/common';
import { systemClock } from '@marketprism/reliability';
import { Counter, Gauge, register } from 'prom-client';
import { PIPELINE } from '../collector.tokens.js';
import { Collector } from '../collect/collector.js';
import type { Pipeline } from '../storage/pipeline.js';

/**
 * The collector's own metrics. Nothing is recorded while it works: the counters that it keeps anyway are read when a
 * scraper asks.
 */
@Injectable()
export class CollectorMetrics {
  constructor(
    private readonly collector: Collector,
    @Inject(PIPELINE) private readonly pipeline: Pipeline,
  ) {
    this.#polls();
    this.#storage();
  }

  #polls(): void {
    const { pollers, fillers } = this.collector;
    const labelNames = ['exchange', 'list'];
    counter('collector_polls_total', 'Polls by result', [...labelNames, 'result'], (polls) => {
      for (const { settings, list, status } of pollers) {
        polls.inc({ exchange: settings.venue.id, list, result: 'ok' }, status.polls - status.failures);
        polls.inc({ exchange: settings.venue.id, list, result: 'failed' }, status.failures);
      }
    });
    counter(
      'collector_rows_total',
      'Rows in good answers, by what became of them',
      [...labelNames, 'result'],
      (rows) => {
        for (const { settings, list, status } of pollers) {
          rows.inc({ exchange: settings.venue.id, list, result: 'accepted' }, status.rows);
          rows.inc({ exchange: settings.venue.id, list, result: 'rejected' }, status.rejected);
        }
      },
    );
    counter('collector_history_settlements_total', 'Settlements read from histories', ['exchange'], (read) => {
      for (const filler of fillers) read.inc({ exchange: filler.settings.venue.id }, filler.read);
    });
    gauge('collector_answer_age_seconds', 'Age of the last good answer', labelNames, (age) => {
      const now = systemClock.wallNow();
      for (const { settings, list, status } of pollers) {
        if (status.lastGoodAt === undefined) continue;
        age.set({ exchange: settings.venue.id, list }, Math.max(0, now - status.lastGoodAt) / 1_000);
      }
    });
  }

  #storage(): void {
    counter('collector_rows_written_total', 'Rows made durable', ['table'], (written) => {
      for (const [table, rows] of Object.entries(this.pipeline.snapshot().written)) written.inc({ table }, rows);
    });
    counter('collector_write_failures_total', 'Writes that failed and were repeated', [], (failures) => {
      failures.inc(this.pipeline.snapshot().failures);
    });
    gauge('collector_queued_rows', 'Rows accepted and not yet durable', [], (queued) => {
      queued.set(this.pipeline.snapshot().queued);
    });
  }
}

function counter(name: string, help: string, labelNames: string[], read: (counter: Counter) => void): void {
  const metric: Counter = new Counter({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset();
      read(metric);
    },
  });
  register.registerMetric(metric);
}

function gauge(name: string, help: string, labelNames: string[], read: (gauge: Gauge) => void): void {
  const metric: Gauge = new Gauge({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset();
      read(metric);
    },
  });
  register.registerMetric(metric);
}
