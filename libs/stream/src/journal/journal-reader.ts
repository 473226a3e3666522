import { StreamError } from '../errors.js';
import { decodeFrame, decodeFrameHeader, findFrame, FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './frame.js';
import { decodeRecords, type JournalRecord } from './record.js';
import type { Damage } from './recovery.js';
import type { JournalStorage, ReadFile } from './storage.js';

/** A segment as readers see it; the journal moves `end` and `lastSeq` on as it accepts. */
export interface ReadableSegment {
  readonly name: string;
  readonly firstSeq: number;
  /** The last sequence accepted before it. */
  readonly previousLast: number;
  lastSeq: number;
  end: number;
  /** Damage that was salvaged round, and is passed over. */
  readonly damage: readonly Damage[];
}

const CHUNK_BYTES = 262_144;

/** Reads a journal in order. Holds one file open; close it when done. */
export class JournalReader {
  readonly #storage: JournalStorage;
  readonly #segments: readonly ReadableSegment[];
  #next: number;
  #open: { name: string; file: ReadFile; at: number; chunk: Buffer; chunkAt: number } | undefined;

  constructor(storage: JournalStorage, segments: readonly ReadableSegment[], fromSeq: number) {
    this.#storage = storage;
    this.#segments = segments;
    this.#next = fromSeq;
  }

  /** The sequence that is read next. */
  get next(): number {
    return this.#next;
  }

  /**
   * The next records, a whole commit at a time: at least one commit if there is one, more until `maxBytes`. Empty at the
   * end of what is accepted.
   *
   * @throws StreamError `CORRUPT` for accepted records that cannot be read; the reader stays before them
   */
  async read(maxBytes: number): Promise<JournalRecord[]> {
    const records: JournalRecord[] = [];
    let bytes = 0;
    while (bytes < maxBytes) {
      const segment = this.#segments.find(({ lastSeq }) => lastSeq >= this.#next);
      if (segment === undefined) break;
      const frame = await this.#frame(segment);
      if (frame === undefined) continue;
      for (const record of frame)
        if (record.seq >= this.#next) {
          records.push(record);
          bytes += record.body.length + 64;
        }
      this.#next = Math.max(this.#next, (frame.at(-1)?.seq ?? 0) + 1);
    }
    return records;
  }

  async #frame(segment: ReadableSegment): Promise<JournalRecord[] | undefined> {
    const open = await this.#fileOf(segment);
    if (open.at >= segment.end) {
      this.#next = Math.max(this.#next, segment.lastSeq + 1);
      return undefined;
    }
    const start = open.at;
    const head = await this.#bytes(segment, start, FRAME_HEADER_BYTES);
    const header = decodeFrameHeader(head, 0);
    if (header !== undefined) {
      const size = FRAME_HEADER_BYTES + header.payloadBytes;
      if (header.firstSeq + header.count <= this.#next) {
        open.at = start + size;
        return undefined;
      }
      const frame = decodeFrame(await this.#bytes(segment, start, size), 0);
      if (frame !== undefined) {
        open.at = start + size;
        return decodeRecords(frame.payload, frame.firstSeq, frame.count);
      }
    }
    const known = segment.damage.find(
      (one) => one.segment === segment.name && one.offset <= start && one.to >= one.from,
    );
    if (known === undefined)
      throw new StreamError('CORRUPT', `${segment.name}, at byte ${start}: record ${this.#next} cannot be read`);
    const rest = await open.file.read(start, segment.end - start);
    const next = findFrame(rest, 1);
    open.at = next === -1 ? segment.end : start + next;
    return undefined;
  }

  async #fileOf(segment: ReadableSegment) {
    if (this.#open?.name === segment.name) return this.#open;
    await this.close();
    const file = await this.#storage.openRead(segment.name);
    this.#open = { name: segment.name, file, at: SEGMENT_HEADER_BYTES, chunk: Buffer.alloc(0), chunkAt: 0 };
    return this.#open;
  }

  /** Bytes of the segment, read ahead by chunks so that small commits do not cost a read each. */
  async #bytes(segment: ReadableSegment, start: number, length: number): Promise<Buffer> {
    const open = await this.#fileOf(segment);
    const from = start - open.chunkAt;
    if (from >= 0 && from + length <= open.chunk.length) return open.chunk.subarray(from, from + length);
    const wanted = Math.min(Math.max(length, CHUNK_BYTES), Math.max(length, segment.end - start));
    open.chunk = await open.file.read(start, wanted);
    open.chunkAt = start;
    return open.chunk.subarray(0, Math.min(length, open.chunk.length));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.file.close();
  }
}
