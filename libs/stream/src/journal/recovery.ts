import { decodeFrame, decodeMark, decodeSegmentHeader, findFrame, SEGMENT_HEADER_BYTES } from './frame.js';
import { decodeRecords, type JournalRecord } from './record.js';
import type { JournalStorage } from './storage.js';

export const MARK_FILE = 'mark';
const SEGMENT_NAME = /^(\d{16})\.segment$/;
export const segmentName = (firstSeq: number): string => `${String(firstSeq).padStart(16, '0')}.segment`;

/** A part of the journal that was accepted and cannot be read. */
export interface Damage {
  readonly segment: string;
  /** Where in the file it starts. */
  readonly offset: number;
  /** The sequences lost, both included; `to` below `from` when only the file's header is damaged. */
  readonly from: number;
  readonly to: number;
}

export interface SegmentInfo {
  readonly name: string;
  readonly firstSeq: number;
  /** The last sequence accepted before it. */
  readonly previousLast: number;
  /** Sequence of the last record; below `firstSeq` when it has none. */
  readonly lastSeq: number;
  /** Where the last accepted frame ends. */
  readonly end: number;
}

export interface RecoveredJournal {
  readonly segments: readonly SegmentInfo[];
  readonly lastSeq: number;
  readonly damage: readonly Damage[];
  /** Bytes of torn, unaccepted writes that are ignored from now on. */
  readonly tornBytes: number;
}

interface Scan {
  readonly name: string;
  readonly firstSeq: number;
  /** From the header; undefined when it is damaged. */
  readonly previousLast: number | undefined;
  readonly headerDamaged: boolean;
  /** Undamaged frames in rising order of sequence. */
  readonly frames: readonly {
    readonly start: number;
    readonly end: number;
    readonly from: number;
    readonly to: number;
  }[];
  readonly bytes: number;
}

/**
 * Reads a journal after whatever happened to it. Changes nothing on disk.
 *
 * What cannot be read at the very end, beyond the mark and with nothing readable behind it, is a torn write: nobody was
 * told that it had succeeded. Anything else that cannot be read was accepted; it is damage, and is named by sequence.
 *
 * @param onRecord called for each readable, accepted record, in order
 */
export async function recover(
  storage: JournalStorage,
  onRecord: (record: JournalRecord) => void,
): Promise<RecoveredJournal> {
  const markBytes = await storage.read(MARK_FILE);
  const mark = (markBytes === undefined ? undefined : decodeMark(markBytes)) ?? 0;
  const names = (await storage.list()).filter((name) => SEGMENT_NAME.test(name));
  const segments: SegmentInfo[] = [];
  const damage: Damage[] = [];
  let tornBytes = 0;
  let next: number | undefined; // the sequence that must come next; undefined before the first segment

  for (const [index, name] of names.entries()) {
    const bytes = (await storage.read(name)) ?? Buffer.alloc(0);
    const scan = scanSegment(name, bytes);
    const following = names[index + 1];
    const acceptedUpTo = following === undefined ? Infinity : await previousLastOf(storage, following);

    if (scan.headerDamaged && following === undefined && scan.frames.length === 0 && mark < scan.firstSeq) {
      tornBytes += scan.bytes; // a segment that had not come into being
      continue;
    }
    if (scan.headerDamaged) damage.push({ segment: name, offset: 0, from: scan.firstSeq, to: scan.firstSeq - 1 });
    if (next !== undefined && scan.previousLast !== undefined && next <= scan.previousLast)
      damage.push({ segment: name, offset: 0, from: next, to: scan.previousLast });
    next = scan.firstSeq;

    let end = SEGMENT_HEADER_BYTES;
    for (const frame of scan.frames) {
      if (frame.to > acceptedUpTo) break; // written, never accepted: the segment was given up
      if (frame.from > next) damage.push({ segment: name, offset: end, from: next, to: frame.from - 1 });
      next = frame.to + 1;
      end = frame.end;
      const decoded = decodeFrame(bytes, frame.start);
      if (decoded !== undefined)
        for (const record of decodeRecords(decoded.payload, decoded.firstSeq, decoded.count)) onRecord(record);
    }
    const lost = Number.isFinite(acceptedUpTo) ? acceptedUpTo : mark;
    if (next <= lost) damage.push({ segment: name, offset: end, from: next, to: lost });
    else tornBytes += Math.max(0, scan.bytes - end);
    segments.push({
      name,
      firstSeq: scan.firstSeq,
      previousLast: scan.previousLast ?? scan.firstSeq - 1,
      lastSeq: next - 1,
      end,
    });
    next = Math.max(next, lost + 1);
  }

  if (segments.length === 0 && mark > 0)
    damage.push({ segment: segmentName(mark), offset: 0, from: next ?? 1, to: mark });
  return { segments, lastSeq: Math.max((next ?? 1) - 1, mark), damage, tornBytes };
}

function scanSegment(name: string, bytes: Buffer): Scan {
  const firstSeq = Number(SEGMENT_NAME.exec(name)?.[1]);
  const header = decodeSegmentHeader(bytes);
  const headerDamaged = header === undefined || header.firstSeq !== firstSeq;
  const frames: { start: number; end: number; from: number; to: number }[] = [];
  let at = SEGMENT_HEADER_BYTES;
  let next = firstSeq;
  while (at !== -1 && at < bytes.length) {
    const frame = decodeFrame(bytes, at);
    if (frame === undefined || frame.firstSeq < next) at = findFrame(bytes, at + 1);
    else {
      next = frame.firstSeq + frame.count;
      frames.push({ start: at, end: frame.end, from: frame.firstSeq, to: next - 1 });
      at = frame.end;
    }
  }
  return {
    name,
    firstSeq,
    previousLast: headerDamaged ? undefined : header.previousLast,
    headerDamaged,
    frames,
    bytes: bytes.length,
  };
}

/** What the next segment says was accepted before it; one less than its first sequence when its header cannot be read. */
async function previousLastOf(storage: JournalStorage, name: string): Promise<number> {
  const file = await storage.openRead(name);
  const header = decodeSegmentHeader(await file.read(0, SEGMENT_HEADER_BYTES));
  await file.close();
  const firstSeq = Number(SEGMENT_NAME.exec(name)?.[1]);
  if (header !== undefined && header.firstSeq === firstSeq) return header.previousLast;
  return findFrame((await storage.read(name)) ?? Buffer.alloc(0), 0) === -1 ? Infinity : firstSeq - 1;
}
