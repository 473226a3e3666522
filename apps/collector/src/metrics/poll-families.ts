import type { MetricFamily } from '@marketprism/reliability/prometheus';
import type { ListPoller } from '../collect/list-poller.js';
import type { CollectorView } from './collector-view.js';

type Family = MetricFamily<CollectorView>;
type Samples = Parameters<Family['read']>[1];
type Row = readonly [
  name: string,
  kind: Family['kind'],
  help: string,
  labels: readonly string[],
  read: (poller: ListPoller, samples: Samples, own: Readonly<Record<string, string>>, now: number) => void,
];

const MS_PER_SECOND = 1_000;

const ROWS: readonly Row[] = [
  [
    'polls_total',
    'counter',
    'Polls by result',
    ['result'],
    ({ status }, samples, own) => {
      samples.add(status.polls - status.failures, { ...own, result: 'ok' });
      samples.add(status.failures, { ...own, result: 'failed' });
    },
  ],
  [
    'poll_duration_seconds',
    'histogram',
    'How long polls took, repetitions and waiting for permits included',
    [],
    ({ status }, samples, own) => samples.addDurations(status.durations.snapshot(), own),
  ],
  [
    'poll_running_seconds',
    'gauge',
    'For how long the poll under way has been running; without one, no series',
    [],
    ({ status: { since } }, samples, own, now) => {
      if (since !== undefined) samples.add(Math.max(0, now - since) / MS_PER_SECOND, own);
    },
  ],
  [
    'rows_total',
    'counter',
    'Rows in good answers, by what became of them',
    ['result'],
    ({ status }, samples, own) => {
      samples.add(status.rows, { ...own, result: 'accepted' });
      samples.add(status.rejected, { ...own, result: 'rejected' });
    },
  ],
  [
    'answer_age_seconds',
    'gauge',
    'Age of the last good answer',
    [],
    ({ status: { lastGoodAt } }, samples, own, now) => {
      if (lastGoodAt !== undefined) samples.add(Math.max(0, now - lastGoodAt) / MS_PER_SECOND, own);
    },
  ],
  [
    'degraded',
    'gauge',
    'Lists whose last poll had to do without something; the others have no series',
    [],
    ({ status }, samples, own) => {
      if (status.lacking !== undefined) samples.add(1, own);
    },
  ],
  [
    'next_settlement_seconds',
    'gauge',
    'Time until the next settlement that answers spoke of; negative while no answer speaks of the one after it',
    [],
    ({ nextSettlement }, samples, own, now) => {
      if (nextSettlement !== undefined) samples.add((nextSettlement - now) / MS_PER_SECOND, own);
    },
  ],
];

/** What each list of each exchange has. */
export const POLL_FAMILIES: readonly Family[] = ROWS.map(([name, kind, help, labels, read]) => ({
  name: `collector_${name}`,
  kind,
  help,
  labels: ['exchange', 'list', ...labels],
  read: ({ collector, now }, samples) => {
    for (const poller of collector.pollers) {
      read(poller, samples, { exchange: poller.settings.venue.id, list: poller.list }, now);
    }
  },
}));
