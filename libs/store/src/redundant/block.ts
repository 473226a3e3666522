import type { JournalEntry, JournalRecord } from '@marketprism/stream/journal';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import type { Database } from '../database.js';

/** Blocks share the journal with the messages of a stream; consumers do not see subjects that begin with `$`. */
export const SUBJECT = '$store';
/** Smaller bodies are not worth compressing. */
const COMPRESS_FROM = 32_768;
/** No block of the store's own unpacks to more. */
const MAX_UNPACKED = 1_073_741_824;

const zip = promisify(gzip);
const unzip = promisify(gunzip);

export type Block =
  | { readonly kind: 'json'; readonly table: string; readonly body: Buffer }
  | { readonly kind: 'tsv'; readonly table: string; readonly columns: readonly string[]; readonly body: Buffer }
  | { readonly kind: 'command'; readonly sql: string };

/** A block as the journal keeps it: large ones compressed, since messages may share the room. */
export async function blockEntry(block: Block): Promise<Omit<JournalEntry, 'id'>> {
  if (block.kind === 'command') return { subject: `${SUBJECT}.command`, body: Buffer.from(block.sql) };
  const headers: Record<string, string> = { table: block.table };
  if (block.kind === 'tsv') headers['columns'] = block.columns.join(',');
  const subject = `${SUBJECT}.${block.kind}`;
  if (block.body.length < COMPRESS_FROM) return { subject, headers, body: block.body };
  return { subject, headers: { ...headers, encoding: 'gzip' }, body: await zip(block.body, { level: 1 }) };
}

export const isBlock = ({ subject }: JournalRecord): boolean => subject.startsWith(`${SUBJECT}.`);

/** Puts a block on a node. The token makes a second time harmless. */
export async function applyBlock(
  database: Database,
  record: JournalRecord,
  token: string,
  deadlineMs: number,
): Promise<void> {
  const { table = '', columns = '', encoding } = record.headers;
  const kept = Buffer.from(record.body.buffer, record.body.byteOffset, record.body.byteLength);
  const body = encoding === 'gzip' ? await unzip(kept, { maxOutputLength: MAX_UNPACKED }) : kept;
  if (record.subject === `${SUBJECT}.command`) await database.command(body.toString(), {}, { deadlineMs });
  else if (record.subject === `${SUBJECT}.tsv`)
    await database.importTsv(table, columns.split(','), body, { token, deadlineMs });
  else await database.insertJson(table, body, { token, deadlineMs });
}
