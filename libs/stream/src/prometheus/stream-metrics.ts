import { Counter, Gauge, type Registry } from 'prom-client';

import type { BatchWorkerSnapshot } from '../consumer/batch-worker.js';
import { WAIT_BUCKETS_MS } from '../ordered/wait-histogram.js';

const GAUGES = {
  queue_depth: ['Messages that wait for their turn', ({ queue }) => queue.depth],
  queue_bytes: ['Bytes of messages that wait for their turn', ({ queue }) => queue.depthBytes],
  queue_age_seconds: ['How long the oldest of them has waited', ({ queue }) => queue.ageMs / 1_000],
  running: ['Batches in work', ({ queue }) => queue.running],
  concurrency_limit: ['Batches of one topic that may be in work', ({ queue }) => queue.perTopic],
  outstanding: ['Messages taken and not settled', ({ outstanding }) => outstanding],
  pending: ['Messages not taken yet', ({ pending }) => pending],
} satisfies Record<string, [string, (snapshot: BatchWorkerSnapshot) => number]>;

const COUNTERS = {
  received_total: ['Deliveries', ({ received }) => received],
  redelivered_total: ['Deliveries that were not the first', ({ redelivered }) => redelivered],
  acked_total: ['Messages acknowledged', ({ acked }) => acked],
  ack_unconfirmed_total: ['Acknowledgements that the stream did not confirm', ({ ackUnconfirmed }) => ackUnconfirmed],
  returned_total: ['Messages given back', ({ returned }) => returned],
  dead_lettered_total: ['Messages given up', ({ deadLettered }) => deadLettered],
  isolations_total: ['Batches cut in two to find what spoils them', ({ isolations }) => isolations],
  recoveries_total: ['Times the stream was lost and found again', ({ recoveries }) => recoveries],
} satisfies Record<string, [string, (snapshot: BatchWorkerSnapshot) => number]>;

/**
 * Registers `stream_consumer_*` metrics, labelled by consumer. Values are read when scraped.
 *
 * @param inspect gives the consumers, for instance `() => batchConsumers.inspect()`
 */
export function registerStreamMetrics(registry: Registry, inspect: () => readonly BatchWorkerSnapshot[]): void {
  const labelNames = ['consumer'];
  for (const [name, [help, value]] of Object.entries(GAUGES))
    void new Gauge({
      name: `stream_consumer_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const snapshot of inspect()) this.set({ consumer: snapshot.consumer }, value(snapshot));
      },
    });
  for (const [name, [help, value]] of Object.entries(COUNTERS))
    void new Counter({
      name: `stream_consumer_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const snapshot of inspect()) this.inc({ consumer: snapshot.consumer }, value(snapshot));
      },
    });
  registerWaits(registry, inspect);
}

/** The waits as a histogram whose buckets are counted already. */
function registerWaits(registry: Registry, inspect: () => readonly BatchWorkerSnapshot[]): void {
  const name = 'stream_consumer_queue_wait_seconds';
  const counter = (suffix: string, help: string, labels: string[], fill: (one: Counter) => void) =>
    new Counter({
      name: `${name}_${suffix}`,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset();
        fill(this);
      },
    });
  counter('bucket', 'Waits of at most le seconds', ['consumer', 'le'], (one) => {
    for (const { consumer, queue } of inspect()) {
      for (const [index, bound] of WAIT_BUCKETS_MS.entries())
        one.inc({ consumer, le: String(bound / 1_000) }, queue.wait.buckets[index] ?? 0);
      one.inc({ consumer, le: '+Inf' }, queue.wait.count);
    }
  });
  counter('sum', 'Seconds waited for a turn', ['consumer'], (one) => {
    for (const { consumer, queue } of inspect()) one.inc({ consumer }, queue.wait.sumMs / 1_000);
  });
  counter('count', 'Waits for a turn', ['consumer'], (one) => {
    for (const { consumer, queue } of inspect()) one.inc({ consumer }, queue.wait.count);
  });
}
