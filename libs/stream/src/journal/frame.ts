import { crc32 } from 'node:zlib';

/**
 * A frame is what one group commit wrote: a header of 28 bytes with its own checksum, and the records with theirs. A
 * segment is a header of 40 bytes and then frames.
 */
export const FRAME_HEADER_BYTES = 28;
export const SEGMENT_HEADER_BYTES = 40;
/** What a segment of one frame holds besides its records. */
export const HEADERS_BYTES = SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES;

const FRAME_MAGIC = 0x464a504d; // "MPJF"
const SEGMENT_MAGIC = 0x534a504d; // "MPJS"
const MARK_MAGIC = 0x4b4a504d; // "MPJK"
const VERSION = 1;

export interface FrameHeader {
  readonly payloadBytes: number;
  readonly firstSeq: number;
  readonly count: number;
  readonly payloadCrc: number;
}

export function encodeFrame(firstSeq: number, records: readonly Buffer[]): Buffer {
  const payloadBytes = records.reduce((sum, record) => sum + record.length, 0);
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payloadBytes);
  let at = FRAME_HEADER_BYTES;
  for (const record of records) at += record.copy(frame, at);
  frame.writeUInt32LE(FRAME_MAGIC, 0);
  frame.writeUInt32LE(payloadBytes, 4);
  frame.writeBigUInt64LE(BigInt(firstSeq), 8);
  frame.writeUInt32LE(records.length, 16);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 20);
  frame.writeUInt32LE(crc32(frame.subarray(0, 24)), 24);
  return frame;
}

/** The header at `at`, or undefined when there is none or its checksum is wrong. */
export function decodeFrameHeader(bytes: Buffer, at: number): FrameHeader | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== FRAME_MAGIC) return undefined;
  if (crc32(bytes.subarray(at, at + 24)) !== bytes.readUInt32LE(at + 24)) return undefined;
  return {
    payloadBytes: bytes.readUInt32LE(at + 4),
    firstSeq: Number(bytes.readBigUInt64LE(at + 8)),
    count: bytes.readUInt32LE(at + 16),
    payloadCrc: bytes.readUInt32LE(at + 20),
  };
}

export interface Frame extends FrameHeader {
  readonly payload: Buffer;
  /** Where the next frame starts. */
  readonly end: number;
}

/** The whole, undamaged frame at `at`, or undefined. */
export function decodeFrame(bytes: Buffer, at: number): Frame | undefined {
  const header = decodeFrameHeader(bytes, at);
  if (header === undefined) return undefined;
  const end = at + FRAME_HEADER_BYTES + header.payloadBytes;
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
  return crc32(payload) === header.payloadCrc ? { ...header, payload, end } : undefined;
}

/** The start of the next undamaged frame at or after `from`, or -1. */
export function findFrame(bytes: Buffer, from: number): number {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC);
  for (let at = bytes.indexOf(magic, from); at !== -1; at = bytes.indexOf(magic, at + 1))
    if (decodeFrame(bytes, at) !== undefined) return at;
  return -1;
}

export interface SegmentHeader {
  readonly firstSeq: number;
  /** The last sequence before this segment that was ever accepted. Anything above it in an older segment was not. */
  readonly previousLast: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.writeUInt32LE(SEGMENT_MAGIC, 0);
  bytes.writeUInt32LE(VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(header.firstSeq), 8);
  bytes.writeBigUInt64LE(BigInt(header.previousLast), 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(0) !== SEGMENT_MAGIC) return undefined;
  if (bytes.readUInt32LE(4) !== VERSION || crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined;
  return { firstSeq: Number(bytes.readBigUInt64LE(8)), previousLast: Number(bytes.readBigUInt64LE(16)) };
}

/**
 * The last sequence known to be on disk. Written after each sync and never synced itself: it may be old, never ahead. A
 * record up to it that cannot be read was accepted; what lies after it may be a torn write.
 */
export function encodeMark(lastSeq: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(MARK_MAGIC, 0);
  bytes.writeBigUInt64LE(BigInt(lastSeq), 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  return bytes;
}

export function decodeMark(bytes: Buffer): number | undefined {
  if (bytes.length < 16 || bytes.readUInt32LE(0) !== MARK_MAGIC) return undefined;
  return crc32(bytes.subarray(0, 12)) === bytes.readUInt32LE(12) ? Number(bytes.readBigUInt64LE(4)) : undefined;
}
