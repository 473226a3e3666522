import { SlotFile, type Journal, type JournalRecord } from '@marketprism/stream/journal';

import { randomUUID } from 'node:crypto';

import type { Database } from '../database.js';
import { durableTableSettings } from '../features.js';
import { asStoreError, isStoreError, StoreError } from '../errors.js';
import { applyBlock, isBlock } from './block.js';

/** One node of a redundant store, and how it is reached. */
export interface NodeSpec {
  /** Stable: what the node has is remembered under it. */
  readonly name: string;
  readonly open: () => Promise<Database>;
}

export type ReplicaState =
  /** Not reached, or not answering. */
  | 'down'
  /** Reached, and catching up or caught up. */
  | 'up'
  /** It missed or refused what the others have: it takes nothing until it is repaired. */
  | 'detached';

/** What a replica asks of the whole. */
export interface ReplicaHost {
  /** Called whenever the state or the position of a replica changes. */
  changed(): void;
  /** What is to be done with a block that this node's engine refuses for good. */
  refused(replica: Replica, seq: number, error: StoreError): Promise<'skip' | 'detach'>;
  isSkipped(seq: number): boolean;
  /** Whether this writer has the lease, and blocks may be applied. */
  isStarted(): boolean;
  /** Throws when this writer may not write any more. */
  checkLease(database: Database): Promise<void>;
  log(line: string): void;
}

interface Position {
  readonly applied: number;
  readonly detached: boolean;
  /** What the node was marked with when it was first taken in. */
  readonly identity: string | undefined;
}

const READ_BYTES = 4_194_304;
const SAVE_EVERY_MS = 20;
/** Longest time for one block on a node; after it the node is taken for dead, and the block is tried again. */
const APPLY_MS = 10_000;
const STOP_MS = 5_000;
const REOPEN_MS = [100, 200, 400, 800, 1_000] as const;

/**
 * A node and its place in the journal: applies blocks in order, each under a token of its own, so that one whose outcome was
 * not known is applied once.
 */
export class Replica {
  readonly name: string;
  state: ReplicaState = 'down';
  database: Database | undefined;
  /** Every block up to here is on the node, durably. */
  applied: number;
  lastError: string | undefined;
  readonly #spec: NodeSpec;
  readonly #journal: Journal;
  readonly #journalId: string;
  readonly #host: ReplicaHost;
  readonly #slot: SlotFile<Position>;
  #detached: boolean;
  #identity: string | undefined;
  #retention: { leave: () => void; forget: () => Promise<void> } | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #paused: Promise<void> | undefined;
  #pausedNow: (() => void) | undefined;
  #stopListening: () => void = () => undefined;

  private constructor(
    spec: NodeSpec,
    journal: Journal,
    journalId: string,
    host: ReplicaHost,
    slot: SlotFile<Position>,
    at: Position,
  ) {
    this.name = spec.name;
    this.#spec = spec;
    this.#journal = journal;
    this.#journalId = journalId;
    this.#host = host;
    this.#slot = slot;
    this.applied = at.applied;
    this.#detached = at.detached;
    this.#identity = at.identity;
  }

  /**
   * @param first whether this journal never had a block: its nodes begin at its end, alike as they are. A node that comes
   * later is filled from the others.
   */
  static async load(
    spec: NodeSpec,
    journal: Journal,
    journalId: string,
    first: boolean,
    host: ReplicaHost,
  ): Promise<Replica> {
    const slot = new SlotFile<Position>(journal.storage, `node-${spec.name}`);
    const begin = { applied: first ? journal.lastSeq : journal.floor, detached: !first, identity: undefined };
    const known = first ? undefined : await slot.load();
    const at = known ?? begin;
    const missing = at.applied < journal.floor;
    const replica = new Replica(spec, journal, journalId, host, slot, { ...at, detached: at.detached || missing });
    if (known === undefined) await replica.#save(true);
    return replica;
  }

  async start(): Promise<void> {
    await this.#retain();
    this.#stopListening = this.#journal.onAppend(() => this.#wake?.());
    this.#running = this.#run();
  }

  async #retain(): Promise<void> {
    if (this.#detached) return;
    this.#retention = await this.#journal.retain(`node ${this.name}`, {
      floor: () => this.applied,
      persist: () => this.#save(true),
    });
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#stopped; attempt += 1) {
      try {
        const database = await this.#spec.open();
        if (this.#stopped) return await database.close();
        attempt = 0;
        await this.#recognize(database);
        this.#up(database);
        await this.#serve(database);
      } catch (error) {
        this.lastError = asStoreError(error, this.name).message;
      }
      await this.#down();
      if (!this.#stopped) await this.#sleep(REOPEN_MS[Math.min(attempt, REOPEN_MS.length - 1)] ?? 1_000);
    }
  }

  /** A node whose disk was replaced has lost what was applied to it, whatever is remembered here. */
  async #recognize(database: Database): Promise<void> {
    await database.command(
      `CREATE TABLE IF NOT EXISTS store_node (identity String) ENGINE = MergeTree ORDER BY identity ${durableTableSettings(database.features)}`,
    );
    const known = await database.query<{ identity: string }>('SELECT identity FROM store_node');
    if (this.#identity !== undefined && known.some(({ identity }) => identity === this.#identity)) return;
    const isNew = this.#identity === undefined;
    const identity = randomUUID();
    await database.insert('store_node', [{ identity }]);
    this.#identity = identity;
    if (isNew) await this.#save(true);
    else this.detach('its data is not what it was: the node was replaced');
  }

  #up(database: Database): void {
    this.database = database;
    this.state = this.#detached ? 'detached' : 'up';
    this.#host.log(`${this.name}: ${this.state}, at ${this.applied} of ${this.#journal.lastSeq}`);
    this.#host.changed();
    const { exited } = database as { exited?: Promise<void> };
    void exited?.then(() => {
      if (this.database !== database) return;
      this.state = 'down';
      this.#host.changed();
      this.#wake?.();
    });
  }

  async #down(): Promise<void> {
    const { database } = this;
    this.database = undefined;
    this.#pausedNow?.();
    if (this.state !== 'down' && !this.#stopped)
      this.#host.log(`${this.name}: down: ${this.lastError ?? 'its process ended'}`);
    this.state = 'down';
    this.#host.changed();
    await database?.close().catch(() => undefined);
  }

  /** Applies what comes, until the node fails or this stops. */
  async #serve(database: Database): Promise<void> {
    const reader = this.#journal.reader(this.applied + 1);
    try {
      while (!this.#stopped && this.#isServing(database)) {
        if (!this.#host.isStarted()) {
          await this.#sleep(100);
          continue;
        }
        await this.#whilePaused();
        const records = this.#detached ? [] : await reader.read(READ_BYTES);
        for (const record of records) {
          if (this.#stopped || !this.#isServing(database) || this.#detached) break;
          await this.#whilePaused();
          if (record.seq > this.applied) await this.#apply(database, record);
        }
        if (this.#detached || (records.length === 0 && reader.next > this.#journal.lastSeq)) await this.#sleep(1_000);
      }
    } finally {
      await reader.close();
    }
  }

  async #whilePaused(): Promise<void> {
    const paused = this.#paused;
    if (paused === undefined) return;
    this.#pausedNow?.();
    await paused;
  }

  readonly #isServing = (database: Database): boolean => this.database === database && this.state !== 'down';

  async #apply(database: Database, record: JournalRecord): Promise<void> {
    if (isBlock(record) && !this.#host.isSkipped(record.seq)) {
      try {
        if (database.kind === 'server') await this.#host.checkLease(database); // an embedded node has one parent only
        await applyBlock(database, record, `${this.#journalId}-${record.seq}`, APPLY_MS);
      } catch (thrown) {
        const error = asStoreError(thrown, this.name);
        if (error.code !== 'REFUSED' && error.code !== 'INVALID') throw error; // opened again, the same block is next
        if ((await this.#host.refused(this, record.seq, error)) === 'detach') {
          this.detach(`it refuses block ${record.seq}: ${error.message}`);
          return;
        }
      }
    }
    this.applied = record.seq;
    this.#saveSoon();
    this.#host.changed();
  }

  /** Takes the node out until it is repaired; the journal need not wait for it any more. */
  detach(reason: string): void {
    if (this.#detached) return;
    this.#detached = true;
    this.lastError = reason;
    if (this.state === 'up') this.state = 'detached';
    this.#host.log(`${this.name}: detached: ${reason}`);
    void this.#save(true)
      .then(() => this.#retention?.forget())
      .catch(() => undefined); // still retained: more is kept than needed
    this.#host.changed();
  }

  /** Takes the node back in: it holds everything up to `applied`. */
  async reattach(applied: number): Promise<void> {
    this.applied = applied;
    this.#detached = false;
    await this.#save(true);
    await this.#retain();
    await this.#down(); // served anew, from its new place
  }

  /** Waits until nothing is being applied, and keeps it so until the given function is called. */
  async pause(): Promise<() => void> {
    if (this.database === undefined) return () => undefined;
    let resume = () => {};
    this.#paused = new Promise<void>((resolve) => {
      resume = () => {
        this.#paused = undefined;
        resolve();
      };
    });
    const still = new Promise<void>((resolve) => (this.#pausedNow = resolve));
    this.#wake?.();
    await still;
    this.#pausedNow = undefined;
    return resume;
  }

  /** Treats a node that does not answer as gone: its process is ended, and it is opened again. */
  giveUp(reason: string): void {
    const { database } = this;
    this.lastError = reason;
    this.state = 'down';
    this.#host.changed();
    const killable = database as { kill?: () => Promise<void> } | undefined;
    if (killable?.kill !== undefined) void killable.kill();
    this.#wake?.();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        resolve();
      }
      this.#wake = done;
    });
  }

  #saveSoon(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save(false).then(
        () => this.#journal.trim(),
        () => undefined,
      );
    }, SAVE_EVERY_MS);
  }

  #save(sync: boolean): Promise<void> {
    const saved = this.#saving.then(() =>
      this.#slot.save({ applied: this.applied, detached: this.#detached, identity: this.#identity }, sync),
    );
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#wake?.();
    const timer = setTimeout(() => this.giveUp('it does not stop'), STOP_MS);
    await this.#running;
    clearTimeout(timer);
    clearTimeout(this.#saveTimer);
    await this.#save(true).catch((error: unknown) => {
      if (!isStoreError(error)) throw error;
    });
    this.#retention?.leave();
  }
}
