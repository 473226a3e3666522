import type { MetricFamily } from '@marketprism/reliability/prometheus';
import type { BatchWorkerSnapshot } from '../consumer/batch-worker.js';
import { WAIT_BUCKETS_MS, type WaitSnapshot } from '../ordered/wait-histogram.js';
import type { StreamView } from './stream-view.js';

type Family = MetricFamily<StreamView>;
type Values = number | Readonly<Record<string, number>>;
type Row = readonly [
  name: string,
  kind: 'counter' | 'gauge',
  help: string,
  /** The label that tells several values apart. */
  label: string | undefined,
  read: (consumer: BatchWorkerSnapshot) => Values,
];

const ROWS: readonly Row[] = [
  ['state', 'gauge', 'State of the consumer: 1 for the one that holds', 'state', ({ state }) => ({ [state]: 1 })],
  ['queue_depth', 'gauge', 'Messages that wait for their turn', undefined, ({ queue }) => queue.depth],
  ['queue_bytes', 'gauge', 'Bytes of messages that wait for their turn', undefined, ({ queue }) => queue.depthBytes],
  [
    'queue_age_seconds',
    'gauge',
    'How long the oldest of them has waited',
    undefined,
    ({ queue }) => queue.ageMs / 1_000,
  ],
  ['queue_topics', 'gauge', 'Topics that messages wait or run for', undefined, ({ queue }) => queue.topics],
  ['queue_keys', 'gauge', 'Keys whose order is being kept', undefined, ({ queue }) => queue.keys],
  ['running', 'gauge', 'Batches in work', undefined, ({ queue }) => queue.running],
  [
    'concurrency_limit',
    'gauge',
    'Batches of one topic that may be in work at once',
    undefined,
    ({ queue }) => queue.perTopic,
  ],
  ['outstanding', 'gauge', 'Messages taken and not settled', undefined, ({ outstanding }) => outstanding],
  ['pending', 'gauge', 'Messages not taken yet', undefined, ({ pending }) => pending],
  [
    'received_total',
    'counter',
    'Deliveries, the first of a message or a further one',
    'delivery',
    ({ received, redelivered }) => ({ first: received - redelivered, again: redelivered }),
  ],
  [
    'settled_total',
    'counter',
    'Messages by how they were settled; unconfirmed: acknowledged without an answer, may come again',
    'result',
    ({ acked, ackUnconfirmed, returned, deadLettered }) => ({
      acked: acked - ackUnconfirmed,
      unconfirmed: ackUnconfirmed,
      returned,
      'dead-lettered': deadLettered,
    }),
  ],
  ['batches_total', 'counter', 'Batches handed to the handler', undefined, ({ batches }) => batches],
  ['failures_total', 'counter', 'Failures of the handler by class of error', 'class', ({ failures }) => failures],
  [
    'isolations_total',
    'counter',
    'Batches cut in two to find what spoils them',
    undefined,
    ({ isolations }) => isolations,
  ],
  [
    'recoveries_total',
    'counter',
    'Times the stream, or messages in it, were lost and found again',
    undefined,
    ({ recoveries }) => recoveries,
  ],
];

const familyOf = ([name, kind, help, label, read]: Row): Family => ({
  name: `stream_consumer_${name}`,
  kind,
  help,
  labels: label === undefined ? ['consumer'] : ['consumer', label],
  read: ({ consumers }, samples) => {
    for (const snapshot of consumers) {
      const { consumer } = snapshot;
      const values = read(snapshot);
      if (typeof values === 'number') samples.add(values, { consumer });
      else for (const [value, number] of Object.entries(values)) samples.add(number, { consumer, [label!]: value });
    }
  },
});

/** What each consumer has. */
export const CONSUMER_FAMILIES: readonly Family[] = [
  ...ROWS.map(familyOf),
  {
    name: 'stream_consumer_queue_wait_seconds',
    kind: 'histogram',
    help: 'How long messages waited for their turn',
    labels: ['consumer'],
    read: ({ consumers }, samples) => {
      for (const { consumer, queue } of consumers) samples.addDurations(bucketsOf(queue.wait), { consumer });
    },
  },
];

/** The counts of each bucket by itself, the last one included. */
function bucketsOf({ buckets, count, sumMs }: WaitSnapshot) {
  let below = 0;
  const counts = [...buckets, count].map((upTo) => {
    const own = upTo - below;
    below = upTo;
    return own;
  });
  return { boundsMs: WAIT_BUCKETS_MS, counts, sumMs };
}
