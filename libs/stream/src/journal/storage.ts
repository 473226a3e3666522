/** A file that is only written at its end. */
export interface AppendFile {
  write(bytes: Buffer): Promise<void>;
  /** Resolves when everything written is on disk. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

export interface ReadFile {
  /** At most `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** What the journal needs of a directory. One implementation is files; tests have one that crashes. */
export interface JournalStorage {
  list(): Promise<string[]>;
  /** The whole file, or undefined when there is none. */
  read(name: string): Promise<Buffer | undefined>;
  openRead(name: string): Promise<ReadFile>;
  /** Makes an empty file, or empties the one there. */
  create(name: string): Promise<AppendFile>;
  openAppend(name: string): Promise<AppendFile>;
  /** Writes a small file in place, from its start. */
  overwrite(name: string, bytes: Buffer, sync: boolean): Promise<void>;
  remove(name: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Resolves when created, removed and renamed names are on disk. */
  syncDirectory(): Promise<void>;
  close(): Promise<void>;
}
