import { StreamError } from '../errors.js';

/** What is appended. */
export interface JournalEntry {
  /** What the message is about, in dotted form: `funding.okx`. At most 65,535 bytes. */
  readonly subject: string;
  /** Identity for deduplication on append; empty for none. At most 65,535 bytes. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What is read back: the entry, its place in the journal and when it was accepted. */
export interface JournalRecord extends JournalEntry {
  /** Counts up from 1; never used twice. */
  readonly seq: number;
  /** Wall-clock time of acceptance, in ms since 1970. */
  readonly acceptedAt: number;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
}

const FIXED = 4 + 8 + 2 + 2 + 4; // length, time, subject length, id length, headers length
const NO_HEADERS = Object.freeze({});

/** Bytes of one record inside a frame. @throws StreamError `INVALID` for a subject or id that is too long */
export function encodeRecord(entry: JournalEntry, acceptedAt: number): Buffer {
  const subject = Buffer.from(entry.subject);
  const id = Buffer.from(entry.id ?? '');
  const headers =
    entry.headers === undefined || Object.keys(entry.headers).length === 0
      ? Buffer.alloc(0)
      : Buffer.from(JSON.stringify(entry.headers));
  if (subject.length === 0 || subject.length > 65_535)
    throw new StreamError('INVALID', `subject: must have 1 to 65,535 bytes, got ${subject.length}`);
  if (id.length > 65_535) throw new StreamError('INVALID', `id: must have at most 65,535 bytes, got ${id.length}`);
  const length = FIXED + subject.length + id.length + headers.length + entry.body.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = bytes.writeUInt32LE(length, 0);
  at = bytes.writeDoubleLE(acceptedAt, at);
  at = bytes.writeUInt16LE(subject.length, at);
  at = bytes.writeUInt16LE(id.length, at);
  at = bytes.writeUInt32LE(headers.length, at);
  for (const part of [subject, id, headers, entry.body]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The records of a frame whose checksum was right. */
export function decodeRecords(payload: Buffer, firstSeq: number, count: number): JournalRecord[] {
  const records: JournalRecord[] = [];
  let start = 0;
  for (let index = 0; index < count; index += 1) {
    const length = payload.readUInt32LE(start);
    const subjectEnd = start + FIXED + payload.readUInt16LE(start + 12);
    const idEnd = subjectEnd + payload.readUInt16LE(start + 14);
    const headersEnd = idEnd + payload.readUInt32LE(start + 16);
    records.push({
      seq: firstSeq + index,
      acceptedAt: payload.readDoubleLE(start + 4),
      subject: payload.toString('utf8', start + FIXED, subjectEnd),
      id: payload.toString('utf8', subjectEnd, idEnd),
      headers:
        headersEnd === idEnd
          ? NO_HEADERS
          : (JSON.parse(payload.toString('utf8', idEnd, headersEnd)) as Record<string, string>),
      body: payload.subarray(headersEnd, start + length),
    });
    start += length;
  }
  return records;
}
