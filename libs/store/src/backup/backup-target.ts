/** Where backups are kept: a directory, or a bucket. Names are paths with `/`. */
export interface BackupTarget {
  /** For messages; without credentials. */
  readonly name: string;
  /** Resolves once it is stored whole; a crash in between leaves nothing under the name, or what was there. */
  put(name: string, bytes: Buffer): Promise<void>;
  /** Undefined when there is nothing under the name. */
  get(name: string): Promise<Buffer | undefined>;
  /** Every name, in order. */
  list(): Promise<string[]>;
  delete(names: readonly string[]): Promise<void>;
}
