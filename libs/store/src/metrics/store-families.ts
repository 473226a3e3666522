import type { MetricFamily } from '@marketprism/reliability/prometheus';
import type { RedundantSnapshot } from '../redundant/redundant-store.js';
import type { BackupCounts } from './metered-backups.js';
import type { OperationCounts } from './metered-database.js';
import type { StoreView } from './store-view.js';

type Family = MetricFamily<StoreView>;
type Values = number | Readonly<Record<string, number>>;
type Row<Of> = readonly [
  name: string,
  kind: 'counter' | 'gauge',
  help: string,
  label: string | undefined,
  read: (of: Of) => Values,
];

/** Families read from one of the sources, each giving a number, or several told apart by a label. */
const rowsOf = <Of>(pick: (view: StoreView) => Of | undefined, rows: readonly Row<Of>[]): Family[] =>
  rows.map(([name, kind, help, label, read]) => ({
    name: `store_${name}`,
    kind,
    help,
    labels: label === undefined ? [] : [label],
    read: (view, samples) => {
      const of = pick(view);
      if (of === undefined) return;
      const values = read(of);
      if (typeof values === 'number') samples.add(values, {});
      else for (const [value, number] of Object.entries(values)) samples.add(number, { [label!]: value });
    },
  }));

const byNode = ({ nodes }: RedundantSnapshot, number: (node: RedundantSnapshot['nodes'][number]) => number): Values =>
  Object.fromEntries(nodes.map((node) => [node.name, number(node)]));

const eachOperation = (
  name: string,
  kind: Family['kind'],
  help: string,
  labels: readonly string[],
  read: (counts: OperationCounts, ...rest: [Parameters<Family['read']>[1]]) => void,
): Family => ({
  name: `store_${name}`,
  kind,
  help,
  labels: ['operation', ...labels],
  read: ({ calls }, samples) => {
    for (const counts of calls?.operations ?? []) read(counts, samples);
  },
});

/** Every family of metrics that stores have. */
export const STORE_FAMILIES: readonly Family[] = [
  eachOperation(
    'calls_total',
    'counter',
    'Calls of the database by result: ok, or the code of the error',
    ['result'],
    ({ operation, results }, samples) => {
      for (const [result, count] of results) samples.add(count, { operation, result });
    },
  ),
  eachOperation(
    'unknown_outcomes_total',
    'counter',
    'Failed calls of which nobody knows whether they took effect',
    [],
    ({ operation, unknownOutcomes }, samples) => samples.add(unknownOutcomes, { operation }),
  ),
  eachOperation('calls_in_flight', 'gauge', 'Calls of the database under way', [], ({ operation, inFlight }, samples) =>
    samples.add(inFlight, { operation }),
  ),
  eachOperation(
    'call_duration_seconds',
    'histogram',
    'How long calls of the database took',
    [],
    ({ operation, durations }, samples) => samples.addDurations(durations, { operation }),
  ),
  ...rowsOf(
    ({ calls }) => calls,
    [
      ['rows_inserted_total', 'counter', 'Rows inserted by table', 'table', ({ rows }) => Object.fromEntries(rows)],
      ['transfer_bytes_total', 'counter', 'Bytes exported and imported', 'direction', ({ bytes }) => ({ ...bytes })],
    ],
  ),
  ...rowsOf(
    ({ redundant }) => redundant,
    [
      [
        'primary',
        'gauge',
        'Whether the node is the primary',
        'node',
        (of) => byNode(of, ({ name }) => (name === of.primary ? 1 : 0)),
      ],
      [
        'node_behind_records',
        'gauge',
        'Records that the node lacks',
        'node',
        (of) => byNode(of, ({ behind }) => behind),
      ],
      [
        'node_applied_sequence',
        'gauge',
        'Every record up to here is on the node',
        'node',
        (of) => byNode(of, ({ applied }) => applied),
      ],
      [
        'confirmed_sequence',
        'gauge',
        'Every record up to here is on enough nodes',
        undefined,
        ({ confirmed }) => confirmed,
      ],
      ['last_sequence', 'gauge', 'The last record that was accepted', undefined, ({ lastSeq }) => lastSeq],
      [
        'failovers_total',
        'counter',
        'Times that another node became the primary',
        undefined,
        ({ failovers }) => failovers,
      ],
      ['writer_epoch', 'gauge', 'Epoch of the lease of this writer', undefined, ({ epoch }) => epoch],
    ],
  ),
  {
    name: 'store_node_state',
    kind: 'gauge',
    help: 'State of the node: 1 for the one that holds (up, down, detached)',
    labels: ['node', 'state'],
    read: ({ redundant }, samples) => {
      for (const { name, state } of redundant?.nodes ?? []) samples.add(1, { node: name, state });
    },
  },
  ...rowsOf<BackupCounts>(
    ({ backups }) => backups,
    [
      ['backups_total', 'counter', 'Backups by result', 'result', ({ ok, failed }) => ({ ok, failed })],
      ['backups_running', 'gauge', 'Backups being made', undefined, ({ running }) => running],
      ['backups_removed_total', 'counter', 'Backups removed after their time', undefined, ({ removed }) => removed],
      [
        'backup_parts_total',
        'counter',
        'Parts of backups, written or still valid from an earlier one',
        'how',
        ({ partsWritten, partsReused }) => ({ written: partsWritten, reused: partsReused }),
      ],
      [
        'backup_written_bytes_total',
        'counter',
        'Bytes written by backups',
        undefined,
        ({ bytesWritten }) => bytesWritten,
      ],
      [
        'backup_last_success_timestamp_seconds',
        'gauge',
        'When the last good backup was finished',
        undefined,
        ({ last }) => (last === undefined ? Number.NaN : last.at / 1_000),
      ],
      [
        'backup_last_duration_seconds',
        'gauge',
        'How long the last good backup took',
        undefined,
        ({ last }) => (last === undefined ? Number.NaN : last.durationMs / 1_000),
      ],
      ['backup_last_rows', 'gauge', 'Rows in the last good backup', undefined, ({ last }) => last?.rows ?? Number.NaN],
    ],
  ),
];
