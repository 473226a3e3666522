import type { AppendFile, JournalStorage, ReadFile } from './storage.js';

interface File {
  synced: Buffer;
  bytes: Buffer;
}

/** How much of what was not synced survives a crash: a share of the bytes written, and whether pages turn to zeros. */
export interface CrashChoice {
  /** 0 to 1: where the surviving part of unsynced bytes ends. */
  readonly keep: number;
  /** Zeroes this many of the last surviving unsynced bytes, as a file system does whose data came after its size. */
  readonly zeroed: number;
}

/** Thrown by every operation once the crash has come. */
export class Crash extends Error {}

/**
 * Files in memory that lose, at a crash, what was not synced. The crash comes at the operation with a given number, which
 * takes effect in part.
 */
export class CrashingStorage implements JournalStorage {
  operations = 0;
  crashAt = Infinity;
  /** Fails operations by number with an error, without a crash. */
  failAt = new Map<number, Error>();
  #files = new Map<string, File>();
  #names = new Map<string, File>();

  /** The disk as a new process finds it. */
  afterCrash(choice: CrashChoice): CrashingStorage {
    const disk = new CrashingStorage();
    for (const [name, file] of this.#names) {
      const unsynced = file.bytes.length - file.synced.length;
      const kept = Math.max(0, Math.floor(unsynced * choice.keep));
      const bytes = Buffer.from(
        unsynced >= 0 && file.bytes.subarray(0, file.synced.length).equals(file.synced)
          ? file.bytes.subarray(0, file.synced.length + kept)
          : choice.keep < 0.5
            ? file.synced
            : file.bytes,
      );
      if (unsynced > 0) bytes.fill(0, Math.max(file.synced.length, bytes.length - choice.zeroed));
      disk.put(name, bytes);
    }
    return disk;
  }

  /** The disk as a killed process leaves it: every write is there. */
  afterKill(): CrashingStorage {
    const disk = new CrashingStorage();
    for (const [name, { bytes }] of this.#files) disk.put(name, Buffer.from(bytes));
    return disk;
  }

  put(name: string, bytes: Buffer): void {
    const file = { synced: bytes, bytes: Buffer.from(bytes) };
    this.#files.set(name, file);
    this.#names.set(name, file);
  }

  get(name: string): Buffer {
    return this.#files.get(name)?.bytes ?? Buffer.alloc(0);
  }

  names(): string[] {
    return [...this.#files.keys()].sort();
  }

  async #operation(): Promise<void> {
    await Promise.resolve();
    this.operations += 1;
    const failure = this.failAt.get(this.operations);
    if (failure !== undefined) throw failure;
    if (this.operations >= this.crashAt) throw new Crash('the process is gone');
  }

  #file(name: string): File {
    const file = this.#files.get(name);
    if (file === undefined) throw Object.assign(new Error(`no file ${name}`), { code: 'ENOENT' });
    return file;
  }

  async list(): Promise<string[]> {
    return this.names();
  }

  async read(name: string): Promise<Buffer | undefined> {
    const bytes = this.#files.get(name)?.bytes;
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  async openRead(name: string): Promise<ReadFile> {
    const file = this.#file(name);
    return {
      read: async (offset, length) => Buffer.from(file.bytes.subarray(offset, offset + length)),
      close: async () => undefined,
    };
  }

  async create(name: string): Promise<AppendFile> {
    await this.#operation();
    const file = { synced: Buffer.alloc(0), bytes: Buffer.alloc(0) };
    this.#files.set(name, file);
    return this.#append(file);
  }

  async openAppend(name: string): Promise<AppendFile> {
    return this.#append(this.#file(name));
  }

  #append(file: File): AppendFile {
    return {
      write: async (bytes) => {
        const before = file.bytes;
        file.bytes = Buffer.concat([before, bytes]);
        try {
          await this.#operation();
        } catch (error) {
          if (!(error instanceof Crash)) file.bytes = Buffer.concat([before, bytes.subarray(0, bytes.length >> 1)]);
          throw error;
        }
      },
      sync: async () => {
        await this.#operation();
        file.synced = Buffer.from(file.bytes);
      },
      truncate: async (size) => {
        await this.#operation();
        file.bytes = Buffer.from(file.bytes.subarray(0, size));
      },
      close: async () => undefined,
    };
  }

  async overwrite(name: string, bytes: Buffer, sync: boolean): Promise<void> {
    await this.#operation();
    let file = this.#files.get(name);
    if (file === undefined) {
      file = { synced: Buffer.alloc(0), bytes: Buffer.alloc(0) };
      this.#files.set(name, file);
      this.#names.set(name, file); // a small file's name may survive by chance; assume it does, with or without content
    }
    file.bytes = Buffer.concat([bytes, file.bytes.subarray(bytes.length)]);
    if (sync) file.synced = Buffer.from(file.bytes);
  }

  async remove(name: string): Promise<void> {
    await this.#operation();
    this.#files.delete(name);
    this.#names.delete(name);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation();
    const file = this.#file(from);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async syncDirectory(): Promise<void> {
    await this.#operation();
    for (const [name, file] of this.#files) this.#names.set(name, file);
    for (const name of this.#names.keys()) if (!this.#files.has(name)) this.#names.delete(name);
  }

  async close(): Promise<void> {}
}
