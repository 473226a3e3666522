import { StreamError } from '../errors.js';
import { lockDirectory, type DirectoryLock } from './directory-lock.js';
import { fileStorage } from './file-storage.js';
import { encodeFrame, encodeMark, encodeSegmentHeader, HEADERS_BYTES, SEGMENT_HEADER_BYTES } from './frame.js';
import { resolveJournalOptions, type JournalOptions, type ResolvedJournalOptions } from './journal.options.js';
import { JournalReader, type ReadableSegment } from './journal-reader.js';
import { RecentIds } from './recent-ids.js';
import { encodeRecord, type JournalEntry } from './record.js';
import { MARK_FILE, recover, segmentName, type Damage } from './recovery.js';
import { SlotFile } from './slot-file.js';
import type { AppendFile, JournalStorage } from './storage.js';

/** What an append tells its caller. */
export interface Appended {
  readonly seq: number;
  /** True when the id had been accepted before; `seq` is where. */
  readonly duplicate: boolean;
}

export interface JournalStats {
  /** Everything up to here has been removed. */
  readonly floor: number;
  readonly lastSeq: number;
  readonly bytes: number;
  readonly segments: number;
  /** Appends waiting for room. */
  readonly waiting: number;
  readonly commits: number;
  readonly appended: number;
  readonly duplicates: number;
  readonly tornBytes: number;
  /** Parts lost to damage that were salvaged round. */
  readonly damage: readonly Damage[];
}

interface Pending {
  readonly id: string;
  readonly bytes: Buffer;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: StreamError) => void;
}

interface Room {
  readonly bytes: number;
  readonly reserved: boolean;
  readonly enter: () => void;
  readonly refuse: (error: StreamError) => void;
  timer: NodeJS.Timeout;
}

/** Whoever may still need old records says from where on. */
export interface Retention {
  /** Every record up to here is done with. */
  readonly floor: () => number;
  /** Makes that floor survive a crash, before records below it are removed. */
  readonly persist: () => Promise<void>;
}

/**
 * An append-only log on disk whose accepted records survive any crash. Appends that arrive together are written and synced
 * together; each resolves when its record is on disk, and not before.
 */
export class Journal {
  readonly storage: JournalStorage;
  readonly #options: ResolvedJournalOptions;
  readonly #lock: DirectoryLock | undefined;
  readonly #ids: RecentIds;
  readonly #now: () => number;
  readonly #segments: ReadableSegment[] = [];
  readonly #retained = new Map<string, Retention>();
  /** Where readers are that were here before and have not come back yet: nothing of theirs is removed. */
  readonly #absent = new Map<string, number>();
  readonly #registry: SlotFile<readonly (readonly [name: string, floor: number])[]>;
  #registering: Promise<void> = Promise.resolve();
  readonly #pendingIds = new Map<string, Promise<Appended>>();
  readonly #onAppend = new Set<() => void>();
  /** Those with reserved room in front. */
  readonly #rooms: Room[] = [];
  #reserve: { readonly prefix: string; readonly bytes: number } | undefined;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #bytes = 0;
  #file: AppendFile | undefined;
  #lastSeq = 0;
  #nextSeq = 1;
  #committing: Promise<void> | undefined;
  #closed = false;
  #trimming: Promise<void> | undefined;
  #trimAgain = false;
  #commits = 0;
  #appended = 0;
  #duplicates = 0;
  #tornBytes = 0;
  #damage: readonly Damage[] = [];

  private constructor(
    storage: JournalStorage,
    options: ResolvedJournalOptions,
    lock: DirectoryLock | undefined,
    now: () => number,
  ) {
    this.storage = storage;
    this.#options = options;
    this.#lock = lock;
    this.#now = now;
    this.#ids = new RecentIds(options.duplicateWindowMs, options.maxIds);
    this.#registry = new SlotFile(storage, 'readers');
  }

  /**
   * Opens a journal and puts it in order after a crash.
   *
   * @throws StreamError `LOCKED` (another process has the directory), `CORRUPT` (accepted records cannot be read and
   * `onDamage` is `refuse`), `INVALID` (options)
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const resolved = resolveJournalOptions(options);
    const lock = lockDirectory(resolved.directory);
    try {
      return await Journal.openOn(await fileStorage(resolved.directory), resolved, Date.now, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Opens a journal on any storage, with any clock; for tests of crashes. */
  static async openOn(
    storage: JournalStorage,
    options: JournalOptions,
    now: () => number,
    lock?: DirectoryLock,
  ): Promise<Journal> {
    const journal = new Journal(storage, resolveJournalOptions(options), lock, now);
    await journal.#recover();
    return journal;
  }

  async #recover(): Promise<void> {
    const losses = new SlotFile<readonly Damage[]>(this.storage, 'losses');
    const known = (await losses.load()) ?? [];
    for (const [name, floor] of (await this.#registry.load()) ?? []) this.#absent.set(name, floor);
    const found = await recover(this.storage, ({ id, seq, acceptedAt }) => this.#ids.add(id, seq, acceptedAt));
    const isKnown = (one: Damage) => known.some((other) => other.segment === one.segment && other.from === one.from);
    const fresh = found.damage.filter((one) => !isKnown(one));
    if (fresh.length > 0 && this.#options.onDamage === 'refuse') throw corrupt(this.#options.directory, fresh);
    for (const name of new Set(fresh.map(({ segment }) => segment))) await this.#copyAside(name);
    if (fresh.length > 0) await losses.save(found.damage, true);
    const last = found.segments.at(-1);
    if (last !== undefined) {
      // Whole frames at the end may never have been synced; from here on they count as accepted.
      const file = await this.storage.openAppend(last.name);
      await file.sync();
      await file.close();
    }
    await this.storage.syncDirectory();
    this.#segments.push(...found.segments.map((segment) => ({ ...segment, damage: found.damage })));
    this.#bytes = found.segments.reduce((sum, segment) => sum + segment.end, 0);
    this.#lastSeq = found.lastSeq;
    this.#nextSeq = found.lastSeq + 1;
    this.#damage = found.damage;
    this.#tornBytes = found.tornBytes;
  }

  async #copyAside(name: string): Promise<void> {
    const bytes = await this.storage.read(name);
    if (bytes === undefined) return;
    const copy = await this.storage.create(`${name}.damaged`);
    await copy.write(bytes);
    await copy.sync();
    await copy.close();
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Everything up to here has been removed; 0 at first. */
  get floor(): number {
    return this.#segments[0]?.previousLast ?? this.#lastSeq;
  }

  /** Bytes of accepted records on disk. */
  get bytes(): number {
    return this.#bytes;
  }

  stats(): JournalStats {
    return {
      floor: this.floor,
      lastSeq: this.#lastSeq,
      bytes: this.bytes,
      segments: this.#segments.length,
      waiting: this.#rooms.length,
      commits: this.#commits,
      appended: this.#appended,
      duplicates: this.#duplicates,
      tornBytes: this.#tornBytes,
      damage: this.#damage,
    };
  }

  /**
   * Accepts a record: resolves once it is on disk. An id accepted within the window is not stored again.
   *
   * @throws StreamError `FULL` (no room came free in time), `TOO_LARGE`, `WRITE_FAILED` (not accepted unless
   * `outcomeUnknown`), `CLOSED`, `INVALID`
   */
  append(entry: JournalEntry): Promise<Appended> {
    if (this.#closed) return Promise.reject(new StreamError('CLOSED', 'the journal is closed'));
    const id = entry.id ?? '';
    if (id !== '') {
      const seq = this.#ids.find(id, this.#now());
      if (seq !== undefined) {
        this.#duplicates += 1;
        return Promise.resolve({ seq, duplicate: true });
      }
      const pending = this.#pendingIds.get(id);
      if (pending !== undefined) return pending.then(({ seq }) => ({ seq, duplicate: true }));
    }
    const appended = this.#accept(entry, id);
    if (id !== '') {
      this.#pendingIds.set(id, appended);
      const done = () => void this.#pendingIds.delete(id);
      appended.then(done, done);
    }
    return appended;
  }

  async #accept(entry: JournalEntry, id: string): Promise<Appended> {
    const bytes = encodeRecord(entry, this.#now());
    if (bytes.length > this.#options.maxRecordBytes)
      throw new StreamError(
        'TOO_LARGE',
        `a record of ${bytes.length} bytes for ${entry.subject}: at most ${this.#options.maxRecordBytes} are taken`,
      );
    const reserved = this.#reserve !== undefined && entry.subject.startsWith(this.#reserve.prefix);
    const first = reserved ? this.#rooms[0]?.reserved !== true : this.#rooms.length === 0;
    if (first && this.#fits(bytes.length, reserved)) this.#queuedBytes += bytes.length;
    else await this.#waitForRoom(bytes.length, reserved);
    return new Promise((resolve, reject) => {
      this.#queue.push({ id, bytes, resolve, reject });
      this.#committing ??= this.#commitAll();
    });
  }

  #fits(bytes: number, reserved: boolean): boolean {
    const queueFits = this.#queuedBytes === 0 || this.#queuedBytes + bytes <= 2 * this.#options.maxBatchBytes;
    const most = this.#options.maxBytes - (reserved ? 0 : (this.#reserve?.bytes ?? 0));
    return queueFits && this.bytes + this.#queuedBytes + bytes <= most;
  }

  #waitForRoom(bytes: number, reserved: boolean): Promise<void> {
    if (this.#rooms.filter((room) => room.reserved === reserved).length >= this.#options.maxWaiting)
      return Promise.reject(
        new StreamError(
          'FULL',
          `the journal is full (${this.bytes} bytes) and ${this.#rooms.length} appends wait already`,
        ),
      );
    return new Promise((enter, refuse) => {
      const timer = setTimeout(() => {
        this.#rooms.splice(this.#rooms.indexOf(room), 1);
        refuse(
          new StreamError(
            'FULL',
            `the journal is full (${this.bytes} bytes); no room within ${this.#options.waitMs} ms`,
          ),
        );
      }, this.#options.waitMs);
      const room: Room = { bytes, reserved, enter, refuse, timer };
      const behind = reserved ? this.#rooms.findIndex((other) => !other.reserved) : -1;
      this.#rooms.splice(behind === -1 ? this.#rooms.length : behind, 0, room);
      this.#trim();
    });
  }

  #admitWaiting(): void {
    for (;;) {
      const room = this.#rooms[0];
      if (room === undefined || !this.#fits(room.bytes, room.reserved)) return;
      this.#rooms.shift();
      clearTimeout(room.timer);
      this.#queuedBytes += room.bytes;
      room.enter();
    }
  }

  async #commitAll(): Promise<void> {
    await Promise.resolve(); // appends of the same turn share the first sync
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#commit(batch);
      } catch (cause) {
        await this.#giveUpSegment();
        const text = cause instanceof Error ? cause.message : String(cause);
        const error = new StreamError('WRITE_FAILED', `writing the journal: ${text}`, { cause, outcomeUnknown: true });
        for (const { reject } of batch) reject(error);
      }
      for (const { bytes } of batch) this.#queuedBytes -= bytes.length;
      this.#admitWaiting();
    }
    this.#committing = undefined; // in the turn that found the queue empty, or an append in between would wait for ever
  }

  #takeBatch(): Pending[] {
    const most = Math.min(this.#options.maxBatchBytes, this.#options.segmentBytes - HEADERS_BYTES);
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length) {
      const size = this.#queue[count]?.bytes.length ?? 0;
      if (count > 0 && bytes + size > most) break;
      bytes += size;
      count += 1;
    }
    const batch = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return batch;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const frame = encodeFrame(
      this.#nextSeq,
      batch.map(({ bytes }) => bytes),
    );
    const firstSeq = this.#nextSeq;
    const { file, segment } = await this.#segmentFor(frame.length);
    this.#nextSeq += batch.length; // never used again, even when this write fails half-way
    await file.write(frame);
    await file.sync();
    segment.end += frame.length;
    this.#bytes += frame.length;
    segment.lastSeq = firstSeq + batch.length - 1;
    this.#lastSeq = segment.lastSeq;
    this.#commits += 1;
    this.#appended += batch.length;
    const now = this.#now();
    await this.storage.overwrite(MARK_FILE, encodeMark(this.#lastSeq), false).catch(() => undefined); // only an aid
    for (const [index, { id, resolve }] of batch.entries()) {
      this.#ids.add(id, firstSeq + index, now);
      resolve({ seq: firstSeq + index, duplicate: false });
    }
    for (const listener of this.#onAppend) listener();
  }

  async #segmentFor(frameBytes: number): Promise<{ file: AppendFile; segment: ReadableSegment }> {
    const current = this.#segments.at(-1);
    if (this.#file !== undefined && current !== undefined && current.end + frameBytes <= this.#options.segmentBytes)
      return { file: this.#file, segment: current };
    await this.#closeFile();
    const firstSeq = this.#nextSeq;
    const name = segmentName(firstSeq);
    const file = await this.storage.create(name);
    try {
      await file.write(encodeSegmentHeader({ firstSeq, previousLast: this.#lastSeq }));
      await file.sync();
      await this.storage.syncDirectory();
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.storage.remove(name).catch(() => undefined);
      throw error;
    }
    const segment: ReadableSegment = {
      name,
      firstSeq,
      previousLast: this.#lastSeq,
      lastSeq: firstSeq - 1,
      end: SEGMENT_HEADER_BYTES,
      damage: [],
    };
    if (current?.name === name) this.#bytes -= this.#segments.pop()?.end ?? 0;
    this.#segments.push(segment);
    this.#bytes += segment.end;
    this.#file = file;
    this.#trim();
    return { file, segment };
  }

  /** After a failed write or sync nothing more goes to that file: what it holds beyond the last commit is not known. */
  async #giveUpSegment(): Promise<void> {
    const segment = this.#segments.at(-1);
    if (segment !== undefined) await this.#file?.truncate(segment.end).catch(() => undefined);
    await this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  /** Reads accepted records from a sequence on. @throws StreamError `CORRUPT` for damage found while reading */
  reader(fromSeq: number): JournalReader {
    return new JournalReader(this.storage, this.#segments, fromSeq);
  }

  /**
   * Keeps room for records whose subject begins with `prefix`: all others wait once less than `bytes` are free. For whoever
   * must write to this journal before anything can be removed from it.
   *
   * @param bytes at most half of `maxBytes`
   */
  reserve(prefix: string, bytes: number): void {
    this.#reserve = { prefix, bytes: Math.min(bytes, this.#options.maxBytes / 2) };
  }

  /** Readers that were here before and have not come back: nothing that they have not done with is removed. */
  absentReaders(): string[] {
    return [...this.#absent.keys()];
  }

  /** Gives up waiting for a reader that will not come back. Resolves when that is on disk. */
  async forget(name: string): Promise<void> {
    if (!this.#absent.delete(name)) return;
    await this.#register();
    this.#trim();
  }

  /** Largest record that it takes, headers included, in bytes. */
  get maxRecordBytes(): number {
    return this.#options.maxRecordBytes;
  }

  /** Most bytes on disk. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /** Calls a listener after each commit; gives the way to stop. */
  onAppend(listener: () => void): () => void {
    this.#onAppend.add(listener);
    return () => void this.#onAppend.delete(listener);
  }

  /**
   * Keeps records until this reader is done with them, also while it is away: once it has been here, nothing it has not done
   * with is removed until it is back or forgotten. Without any reader nothing is ever removed. Resolves when that is on disk.
   *
   * @returns `leave`: it will be back. `forget`: it will not
   * @throws StoreError `CORRUPT` when records above its floor are not here any more
   */
  async retain(name: string, retention: Retention): Promise<{ leave: () => void; forget: () => Promise<void> }> {
    const floor = retention.floor();
    if (floor < this.floor && this.#options.onDamage === 'refuse')
      throw corrupt(this.#options.directory, [
        { segment: segmentName(floor + 1), offset: 0, from: floor + 1, to: this.floor },
      ]);
    this.#retained.set(name, retention);
    this.#absent.delete(name);
    await this.#register();
    return {
      leave: () => {
        if (this.#retained.get(name) !== retention) return;
        this.#retained.delete(name);
        this.#absent.set(name, retention.floor());
      },
      forget: async () => {
        if (this.#retained.get(name) !== retention) return;
        this.#retained.delete(name);
        await this.#register();
        this.#trim();
      },
    };
  }

  /** Writes down who reads this journal and how far each of them is. */
  #register(): Promise<void> {
    const registered = this.#registering.then(() =>
      this.#registry.save(
        [...this.#absent, ...[...this.#retained].map(([name, { floor }]) => [name, floor()] as const)],
        true,
      ),
    );
    this.#registering = registered.catch(() => undefined);
    return registered;
  }

  /** Removes files that every retaining reader is done with. Called by itself; safe to call at any time. */
  trim(): Promise<void> {
    this.#trim();
    return this.#trimming ?? Promise.resolve();
  }

  #trim(): void {
    if (this.#trimming !== undefined) this.#trimAgain = true;
    else this.#trimming = this.#trimAll();
  }

  async #trimAll(): Promise<void> {
    do {
      this.#trimAgain = false;
      await this.#removeDone().catch(() => undefined); // tried again after the next segment
      this.#admitWaiting();
    } while (this.#trimAgain);
    this.#trimming = undefined;
  }

  async #removeDone(): Promise<void> {
    if (this.#retained.size === 0) return;
    const floor = Math.min(...this.#absent.values(), ...[...this.#retained.values()].map((one) => one.floor()));
    const isDone = (index: number) => {
      const segment = this.#segments[index];
      return index < this.#segments.length - 1 && segment !== undefined && segment.lastSeq <= floor;
    };
    if (!isDone(0)) return;
    await Promise.all([...this.#retained.values()].map((one) => one.persist()));
    await this.#register();
    while (isDone(0)) {
      const segment = this.#segments.shift();
      if (segment === undefined) return;
      this.#bytes -= segment.end;
      await this.storage.remove(segment.name);
    }
  }

  /** Accepts no more, writes what is queued, and lets go of the directory. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const error = new StreamError('CLOSED', 'the journal was closed');
    for (const room of this.#rooms.splice(0)) {
      clearTimeout(room.timer);
      room.refuse(error);
    }
    await this.#committing;
    await this.#trimming;
    await this.#registering;
    await this.#closeFile();
    await this.storage.close();
    this.#lock?.release();
  }
}

function corrupt(directory: string, damage: readonly Damage[]): StreamError {
  const lines = damage.map(({ segment, offset, from, to }) =>
    to < from
      ? `  ${segment}, at byte ${offset}: the header is damaged; nothing is lost`
      : `  ${segment}, at byte ${offset}: records ${from} to ${to} are lost`,
  );
  return new StreamError(
    'CORRUPT',
    `the journal in ${directory} has accepted records that cannot be read:\n${lines.join('\n')}\n` +
      'Restore the files, or open it with onDamage "salvage" to keep the rest.',
  );
}
