import type { MetricFamily } from '@marketprism/reliability/prometheus';
import type { VenueId } from '../venues/venue.js';
import type { CollectorView } from './collector-view.js';
import { POLL_FAMILIES } from './poll-families.js';

type Family = MetricFamily<CollectorView>;

const MS_PER_SECOND = 1_000;

/** A number of each exchange. */
const ofExchange = (
  name: string,
  kind: 'counter' | 'gauge',
  help: string,
  read: (view: CollectorView, exchange: VenueId) => number | undefined,
): Family => ({
  name: `collector_${name}`,
  kind,
  help,
  labels: ['exchange'],
  read: (view, samples) => {
    for (const { settings } of view.collector.fillers) {
      const value = read(view, settings.venue.id);
      if (value !== undefined) samples.add(value, { exchange: settings.venue.id });
    }
  },
});

/** Every family of metrics that the collector has. */
export const COLLECTOR_FAMILIES: readonly Family[] = [
  ...POLL_FAMILIES,
  {
    name: 'collector_exchange_state',
    kind: 'gauge',
    help: 'Whether the exchange answers: 1 for the state that holds (up, starting, down)',
    labels: ['exchange', 'state'],
    read: ({ health }, samples) => {
      for (const [exchange, { status }] of Object.entries(health)) samples.add(1, { exchange, state: status });
    },
  },
  ofExchange('contracts', 'gauge', 'Contracts with a rate', ({ latest }, exchange) => latest.count(exchange)),
  ofExchange(
    'market_list_contracts',
    'gauge',
    'Contracts in the list of markets',
    ({ markets }, exchange) => markets.listOf(exchange)?.byId.size,
  ),
  ofExchange('market_list_age_seconds', 'gauge', 'Age of the list of markets', ({ markets, now }, exchange) => {
    const list = markets.listOf(exchange);
    return list === undefined ? undefined : Math.max(0, now - list.loadedAt) / MS_PER_SECOND;
  }),
  {
    name: 'collector_history_settlements_total',
    kind: 'counter',
    help: 'Settlements read from histories',
    labels: ['exchange'],
    read: ({ collector }, samples) => {
      for (const { settings, read } of collector.fillers) samples.add(read, { exchange: settings.venue.id });
    },
  },
  {
    name: 'collector_unread_histories',
    kind: 'gauge',
    help: 'Contracts whose history is to be read: settlements are missing, or only an observation vouches for the last',
    labels: ['exchange', 'reason'],
    read: ({ collector }, samples) => {
      for (const [exchange, { missing, unconfirmed }] of collector.backlog()) {
        samples.add(missing, { exchange, reason: 'missing' });
        samples.add(unconfirmed, { exchange, reason: 'unconfirmed' });
      }
    },
  },
  {
    name: 'collector_rows_written_total',
    kind: 'counter',
    help: 'Rows made durable',
    labels: ['table'],
    read: ({ pipeline }, samples) => {
      for (const [table, rows] of Object.entries(pipeline.written)) samples.add(rows, { table });
    },
  },
  {
    name: 'collector_write_failures_total',
    kind: 'counter',
    help: 'Writes that failed and were repeated',
    labels: [],
    read: ({ pipeline }, samples) => samples.add(pipeline.failures, {}),
  },
  {
    name: 'collector_queued_rows',
    kind: 'gauge',
    help: 'Rows accepted and not yet durable',
    labels: [],
    read: ({ pipeline }, samples) => samples.add(pipeline.queued, {}),
  },
  {
    name: 'collector_store_failing',
    kind: 'gauge',
    help: 'Whether the last write failed and no good one has followed yet',
    labels: [],
    read: ({ pipeline }, samples) => samples.add(pipeline.failing === undefined ? 0 : 1, {}),
  },
];
