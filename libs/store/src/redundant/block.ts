import type { JournalEntry, JournalRecord } from '@marketprism/stream/journal';

import type { Database } from '../database.js';

/** Blocks share the journal with the messages of a stream; consumers do not see subjects that begin with `$`. */
const SUBJECT = '$store';

export type Block =
  | { readonly kind: 'json'; readonly table: string; readonly body: Buffer }
  | { readonly kind: 'tsv'; readonly table: string; readonly columns: readonly string[]; readonly body: Buffer }
  | { readonly kind: 'command'; readonly sql: string };

export function blockEntry(block: Block, id: string | undefined): JournalEntry {
  const named = id === undefined ? {} : { id: `${SUBJECT}:${id}` };
  if (block.kind === 'command') return { subject: `${SUBJECT}.command`, body: Buffer.from(block.sql), ...named };
  const headers: Record<string, string> = { table: block.table };
  if (block.kind === 'tsv') headers['columns'] = block.columns.join(',');
  return { subject: `${SUBJECT}.${block.kind}`, headers, body: block.body, ...named };
}

export const isBlock = ({ subject }: JournalRecord): boolean => subject.startsWith(`${SUBJECT}.`);

/** Puts a block on a node. The token makes a second time harmless. */
export async function applyBlock(
  database: Database,
  record: JournalRecord,
  token: string,
  deadlineMs: number,
): Promise<void> {
  const body = Buffer.from(record.body.buffer, record.body.byteOffset, record.body.byteLength);
  const { table = '', columns = '' } = record.headers;
  if (record.subject === `${SUBJECT}.command`) await database.command(body.toString(), {}, { deadlineMs });
  else if (record.subject === `${SUBJECT}.tsv`)
    await database.importTsv(table, columns.split(','), body, { token, deadlineMs });
  else await database.insertJson(table, body, { token, deadlineMs });
}
