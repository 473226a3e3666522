import { crc32 } from 'node:zlib';

import type { JournalStorage } from './storage.js';

/**
 * A small value kept in two files that are written in turn, so that a torn write leaves the one before. Reading gives the
 * newest that is whole.
 */
export class SlotFile<T> {
  readonly #storage: JournalStorage;
  readonly #name: string;
  #generation = 0;

  constructor(storage: JournalStorage, name: string) {
    this.#storage = storage;
    this.#name = name;
  }

  async load(): Promise<T | undefined> {
    const slots = await Promise.all([0, 1].map((slot) => this.#storage.read(`${this.#name}.${slot}`)));
    let newest: { generation: number; value: T } | undefined;
    for (const bytes of slots) {
      const slot = bytes === undefined ? undefined : decode<T>(bytes);
      if (slot !== undefined && slot.generation > (newest?.generation ?? 0)) newest = slot;
    }
    this.#generation = newest?.generation ?? 0;
    return newest?.value;
  }

  async save(value: T, sync: boolean): Promise<void> {
    this.#generation += 1;
    const body = Buffer.from(JSON.stringify({ generation: this.#generation, value }));
    const bytes = Buffer.alloc(8 + body.length);
    bytes.writeUInt32LE(body.length, 0);
    bytes.writeUInt32LE(crc32(body), 4);
    body.copy(bytes, 8);
    await this.#storage.overwrite(`${this.#name}.${this.#generation % 2}`, bytes, sync);
  }
}

function decode<T>(bytes: Buffer): { generation: number; value: T } | undefined {
  if (bytes.length < 8) return undefined;
  const body = bytes.subarray(8, 8 + bytes.readUInt32LE(0));
  if (body.length < bytes.readUInt32LE(0) || crc32(body) !== bytes.readUInt32LE(4)) return undefined;
  return JSON.parse(body.toString()) as { generation: number; value: T };
}
