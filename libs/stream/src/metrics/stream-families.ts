import type { MetricFamily } from '@marketprism/reliability/prometheus';
import type { JournalStats } from '../journal/journal.js';
import { CONSUMER_FAMILIES } from './consumer-families.js';
import type { StreamFigures, StreamView } from './stream-view.js';

type Family = MetricFamily<StreamView>;
type Row<Figures> = readonly [
  name: string,
  kind: 'counter' | 'gauge',
  help: string,
  read: (figures: Figures) => number,
];

const STREAM_ROWS: readonly Row<StreamFigures>[] = [
  ['messages', 'gauge', 'Messages that the stream holds', ({ messages }) => messages],
  ['bytes', 'gauge', 'Bytes that the stream holds', ({ bytes }) => bytes],
  ['last_sequence', 'gauge', 'Place of the last message that the stream accepted', ({ lastSeq }) => lastSeq],
  ['dead_letters', 'gauge', 'Messages given up that nobody has looked at', ({ deadLetters }) => deadLetters],
];

const JOURNAL_ROWS: readonly Row<JournalStats>[] = [
  ['floor_sequence', 'gauge', 'Everything up to here was removed', ({ floor }) => floor],
  ['segments', 'gauge', 'Files of the journal', ({ segments }) => segments],
  ['waiting_appends', 'gauge', 'Appends that wait for room', ({ waiting }) => waiting],
  ['commits_total', 'counter', 'Times that records were written and synced together', ({ commits }) => commits],
  [
    'torn_bytes',
    'gauge',
    'Bytes at the end that a crash left unfinished, found when it was opened',
    ({ tornBytes }) => tornBytes,
  ],
  ['damaged_parts', 'gauge', 'Parts that cannot be read', ({ damage }) => damage.length],
  [
    'lost_records',
    'gauge',
    'Accepted records in those parts',
    ({ damage }) => damage.reduce((sum, { from, to }) => sum + Math.max(0, to - from + 1), 0),
  ],
];

/** Every family of metrics that streams and their consumers have. */
export const STREAM_FAMILIES: readonly Family[] = [
  ...CONSUMER_FAMILIES,
  ...STREAM_ROWS.map(([name, kind, help, read]): Family => ({
    name: `stream_${name}`,
    kind,
    help,
    labels: ['stream'],
    read: ({ stream, figures }, samples) => {
      if (figures !== undefined) samples.add(read(figures), { stream });
    },
  })),
  ...JOURNAL_ROWS.map(([name, kind, help, read]): Family => ({
    name: `stream_journal_${name}`,
    kind,
    help,
    labels: ['stream'],
    read: ({ stream, journal }, samples) => {
      if (journal !== undefined) samples.add(read(journal), { stream });
    },
  })),
  {
    name: 'stream_journal_appends_total',
    kind: 'counter',
    help: 'Appends by result; duplicate: the id had been accepted before',
    labels: ['stream', 'result'],
    read: ({ stream, journal }, samples) => {
      if (journal === undefined) return;
      samples.add(journal.appended, { stream, result: 'stored' });
      samples.add(journal.duplicates, { stream, result: 'duplicate' });
    },
  },
];
