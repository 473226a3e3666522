import { isStreamError } from '@marketprism/stream';
import { SlotFile, type Journal, type JournalEntry } from '@marketprism/stream/journal';
import { randomUUID } from 'node:crypto';

import type { CallOptions, Database, InsertOptions } from '../database.js';
import { asStoreError, isStoreError, StoreError } from '../errors.js';
import type { Features } from '../features.js';
import { jsonLines } from '../json-rows.js';
import { inlineParameters, type Parameters } from '../parameters.js';
import { blockEntry, SUBJECT, type Block } from './block.js';
import { resolveRedundantOptions, type RedundantOptions, type ResolvedRedundantOptions } from './redundant.options.js';
import { compareNodes, repairNode, type Difference } from './repair.js';
import { RowCheck } from '../row-check.js';
import { Replica, type ReplicaHost, type ReplicaState } from './replica.js';
import { WriterLease } from './writer-lease.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
}

/** Refused blocks that are remembered although every node is past them. */
const SKIPS_KEPT = 1_000;
/** How long a start waits for all nodes once a majority is there. */
const ALL_NODES_MS = 3_000;

export interface RedundantSnapshot {
  readonly primary: string | undefined;
  readonly epoch: number;
  /** Every block up to here is on the primary and on enough replicas. */
  readonly confirmed: number;
  readonly lastSeq: number;
  readonly failovers: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly state: ReplicaState;
    readonly applied: number;
    readonly behind: number;
    readonly lastError: string | undefined;
  }[];
}

/**
 * Several nodes as one database. A write is in the journal first, then goes to every node in order, and succeeds when the
 * primary and enough replicas have it durably; a node that is slow or dead gets the rest later, from the journal. Reads come
 * from the primary, or from a replica that has everything confirmed.
 */
export class RedundantStore implements Database, ReplicaHost {
  readonly kind = 'embedded';
  readonly name: string;
  version = '';
  features: Features = {} as Features;
  readonly #options: ResolvedRedundantOptions;
  readonly #journal: Journal;
  readonly #replicas: Replica[] = [];
  readonly #waiters = new Map<number, Waiter>();
  readonly #changes = new Set<() => void>();
  readonly #skipped = new Set<number>();
  readonly #skips: SlotFile<readonly number[]>;
  readonly #lease: WriterLease;
  readonly #rows = new RowCheck((sql) => this.query(sql));
  #primary: Replica | undefined;
  #confirmed = 0;
  #failovers = 0;
  #probe: NodeJS.Timeout | undefined;
  #misses = new Map<Replica, number>();
  #started = false;
  #closed = false;

  private constructor(options: ResolvedRedundantOptions) {
    this.#options = options;
    this.#journal = options.journal;
    this.name = options.nodes.map(({ name }) => name).join('+');
    this.#skips = new SlotFile(options.journal.storage, 'store-skips');
    this.#lease = new WriterLease({
      holder: `${process.pid}-${randomUUID()}`,
      leaseMs: options.leaseMs,
      nodes: () =>
        this.#replicas.flatMap(({ state, database }) => (state !== 'down' && database !== undefined ? [database] : [])),
      total: options.nodes.length,
    });
  }

  /**
   * Opens the nodes, takes the writer's lease, and lets every node catch up.
   *
   * @throws StoreError `FENCED` while another writer has the lease, `UNAVAILABLE` without a majority of nodes within
   * `startMs`, `INVALID` (options)
   */
  static async open(options: RedundantOptions): Promise<RedundantStore> {
    const resolved = resolveRedundantOptions(options);
    const store = new RedundantStore(resolved);
    try {
      await store.#open();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async #open(): Promise<void> {
    // Where messages share the journal, they go only once their blocks are in it.
    this.#journal.reserve(`${SUBJECT}.`, this.#journal.maxBytes / 2);
    const identity = new SlotFile<string>(this.#journal.storage, 'store-identity');
    const known = await identity.load();
    const id = known ?? randomUUID();
    for (const seq of (await this.#skips.load()) ?? []) this.#skipped.add(seq);
    for (const spec of this.#options.nodes)
      this.#replicas.push(await Replica.load(spec, this.#journal, id, known === undefined, this));
    if (known === undefined) await identity.save(id, true); // last: before it there is no block in the journal
    this.#confirmed = Math.min(...this.#replicas.map(({ applied }) => applied));
    for (const replica of this.#replicas) await replica.start();
    const majority = Math.floor(this.#replicas.length / 2) + 1;
    const reached = (count: number) => () => this.#replicas.filter(({ state }) => state !== 'down').length >= count;
    await this.#until(reached(majority), this.#options.startMs);
    await this.#until(reached(this.#replicas.length), Math.min(this.#options.startMs, ALL_NODES_MS)); // the preferred one too
    if (!reached(majority)())
      throw new StoreError(
        'UNAVAILABLE',
        `of ${this.#replicas.length} nodes ${majority} are needed:\n${this.#replicas.map(({ name, state, lastError }) => `  ${name}: ${lastError ?? state}`).join('\n')}`,
      );
    await this.#lease.acquire();
    this.#started = true;
    this.changed();
    const first = this.#replicas.find(({ database }) => database !== undefined)?.database;
    this.version = first?.version ?? '';
    this.features = first?.features ?? this.features;
    this.#probe = setInterval(() => this.#probeAll(), this.#options.probeEveryMs);
  }

  log(line: string): void {
    this.#options.log?.(line);
  }

  isStarted(): boolean {
    return this.#started;
  }

  isSkipped(seq: number): boolean {
    return this.#skipped.has(seq);
  }

  checkLease(database: Database): Promise<void> {
    return this.#lease.check(database);
  }

  changed(): void {
    this.#choosePrimary();
    this.#confirm();
    for (const listener of this.#changes) listener();
  }

  /** Keeps the primary while it is up; otherwise the node that is furthest takes its place. */
  #choosePrimary(): void {
    if (!this.#started || this.#primary?.state === 'up') return;
    const [next] = this.#replicas.filter(({ state }) => state === 'up').sort((a, b) => b.applied - a.applied);
    if (next === undefined || next === this.#primary) return;
    if (this.#primary !== undefined) {
      this.#failovers += 1;
      this.log(`${next.name} takes over from ${this.#primary.name}`);
    }
    this.#primary = next;
  }

  #confirm(): void {
    const primary = this.#primary;
    if (primary === undefined) return;
    const others = this.#replicas.filter((replica) => replica !== primary).map(({ applied }) => applied);
    const enough =
      others.sort((a, b) => b - a)[this.#options.minReplicas - 1] ?? (this.#options.minReplicas === 0 ? Infinity : 0);
    const confirmed = Math.min(primary.applied, enough);
    if (confirmed <= this.#confirmed) return;
    this.#confirmed = confirmed;
    for (const [seq, { resolve, timer }] of this.#waiters) {
      if (seq > confirmed) continue;
      this.#waiters.delete(seq);
      clearTimeout(timer);
      resolve();
    }
    this.#forgetSkips();
  }

  async refused(replica: Replica, seq: number, error: StoreError): Promise<'skip' | 'detach'> {
    if (replica === this.#primary) {
      this.#skipped.add(seq);
      await this.#skips.save([...this.#skipped], true);
      this.#waiters
        .get(seq)
        ?.reject(new StoreError('REFUSED', error.message, { engineCode: error.engineCode, cause: error }));
      this.log(`block ${seq} is left out on every node: ${error.message}`);
      return 'skip';
    }
    const decided = () => this.isSkipped(seq) || (this.#primary?.applied ?? 0) >= seq;
    await this.#until(decided, this.#options.deadlineMs);
    return this.isSkipped(seq) ? 'skip' : 'detach';
  }

  /** The newest are kept when every node is past them: their tokens may come again. */
  #forgetSkips(): void {
    const floor = Math.min(...this.#replicas.map(({ applied }) => applied));
    for (const seq of this.#skipped) {
      if (this.#skipped.size <= SKIPS_KEPT || seq > floor) return;
      this.#skipped.delete(seq);
    }
  }

  /** Waits until something holds; false when it does not in time. */
  #until(holds: () => boolean, ms: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(false), ms);
      const end = (held: boolean) => {
        clearTimeout(timer);
        this.#changes.delete(listener);
        resolve(held);
      };
      const listener = () => {
        if (holds()) end(true);
      };
      this.#changes.add(listener);
    });
  }

  #probeAll(): void {
    for (const replica of this.#replicas) {
      const { database } = replica;
      if (database === undefined || replica.state === 'down') continue;
      database.query('SELECT 1', {}, { deadlineMs: this.#options.probeMs }).then(
        () => this.#misses.delete(replica),
        (error: unknown) => {
          const misses = (this.#misses.get(replica) ?? 0) + 1;
          this.#misses.set(replica, misses);
          if (misses < 2 || replica.database !== database) return;
          this.#misses.delete(replica);
          replica.giveUp(`it does not answer: ${asStoreError(error, replica.name).message}`);
        },
      );
    }
    this.#detachLaggards();
  }

  /** A node that has been away for so long that the journal would fill up is repaired when it is back instead. */
  #detachLaggards(): void {
    if (this.#journal.bytes < this.#options.maxLagBytes) return;
    const foremost = Math.max(...this.#replicas.map(({ applied }) => applied));
    for (const replica of this.#replicas)
      if (replica.state === 'down' && replica.applied < foremost && this.#upCount() > this.#options.minReplicas)
        replica.detach(`it is ${foremost - replica.applied} records behind, and the journal is full of them`);
  }

  #upCount(): number {
    return this.#replicas.filter(({ state }) => state === 'up').length;
  }

  async #write(block: Block, options: InsertOptions = {}): Promise<void> {
    if (this.#closed) throw new StoreError('CLOSED', `${this.name} is closed`);
    if (this.#lease.isFenced) throw new StoreError('FENCED', `${this.name}: another writer has taken over`);
    const entry = await blockEntry(block);
    const seq = await this.#append(entry, options.token);
    if (seq <= this.#confirmed) return;
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs;
    await new Promise<void>((resolve, reject) => {
      const before = this.#waiters.get(seq);
      const timer = setTimeout(() => {
        this.#waiters.delete(seq);
        const states = this.#replicas.map(({ name, state, applied }) => `${name} ${state} at ${applied}`).join(', ');
        reject(
          new StoreError(
            'UNKNOWN_OUTCOME',
            `${this.name}: block ${seq} is in the journal, and not on enough nodes after ${deadlineMs} ms: ${states}`,
            {
              outcomeUnknown: true,
            },
          ),
        );
      }, deadlineMs);
      this.#waiters.set(seq, {
        timer,
        resolve: () => {
          before?.resolve();
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          this.#waiters.delete(seq);
          before?.reject(error);
          reject(error);
        },
      });
    });
  }

  /** Puts a block into the journal. A token whose block was refused names no block any more: it is tried again. */
  async #append(entry: JournalEntry, token: string | undefined): Promise<number> {
    let id = token === undefined ? undefined : `${SUBJECT}:${token}`;
    for (;;) {
      const { seq, duplicate } = await this.#journal.append({ ...entry, id }).catch((error: unknown) => {
        const never = isStreamError(error, 'TOO_LARGE') || isStreamError(error, 'INVALID');
        throw new StoreError(
          never ? 'INVALID' : 'UNAVAILABLE',
          `${this.name}: the journal did not take a block: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      });
      if (!duplicate || !this.#skipped.has(seq)) return seq;
      id = `${id}~${seq}`;
    }
  }

  async command(sql: string, parameters: Parameters = {}, options: CallOptions = {}): Promise<void> {
    await this.#write({ kind: 'command', sql: inlineParameters(sql, parameters) }, options);
  }

  async insert<Row extends object>(table: string, rows: readonly Row[], options: InsertOptions = {}): Promise<void> {
    if (rows.length === 0) return;
    await this.#rows.refuse(table, rows);
    await this.insertJson(table, jsonLines(rows), options);
  }

  async insertJson(table: string, body: Buffer, options: InsertOptions = {}): Promise<void> {
    if (body.length > 0) await this.#write({ kind: 'json', table, body }, options);
  }

  async importTsv(table: string, columns: readonly string[], body: Buffer, options: InsertOptions = {}): Promise<void> {
    if (body.length > 0) await this.#write({ kind: 'tsv', table, columns, body }, options);
  }

  query<Row>(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Row[]> {
    return this.#read((database) => database.query<Row>(sql, parameters, options));
  }

  exportTsv(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Buffer> {
    return this.#read((database) => database.exportTsv(sql, parameters, options));
  }

  /** Reads from the first node that can answer, in order: the primary, then whoever has everything that is confirmed. */
  async #read<R>(work: (database: Database) => Promise<R>): Promise<R> {
    const until = performance.now() + this.#options.failoverMs;
    const tried = new Set<Database>();
    let last: unknown = new StoreError('UNAVAILABLE', `${this.name}: no node answers`);
    for (;;) {
      const database = this.#readable(tried);
      if (database === undefined) {
        const left = until - performance.now();
        if (this.#closed || left <= 0) throw last;
        tried.clear();
        await this.#until(() => this.#readable(tried) !== undefined, Math.min(left, 100));
        continue;
      }
      try {
        return await work(database);
      } catch (error) {
        if (!isStoreError(error) || !['UNAVAILABLE', 'CLOSED', 'BUSY'].includes(error.code)) throw error;
        last = error;
        tried.add(database);
      }
    }
  }

  #readable(tried: ReadonlySet<Database>): Database | undefined {
    const fresh = (replica: Replica | undefined) =>
      replica?.state === 'up' &&
      replica.applied >= this.#confirmed &&
      replica.database !== undefined &&
      !tried.has(replica.database)
        ? replica.database
        : undefined;
    return fresh(this.#primary) ?? this.#replicas.map(fresh).find((database) => database !== undefined);
  }

  /**
   * Compares every node with the primary, partition by partition, while writing stands still on the two.
   *
   * @returns by node, where it differs
   */
  async compare(): Promise<Map<string, Difference[]>> {
    const found = new Map<string, Difference[]>();
    for (const replica of this.#replicas) {
      if (replica === this.#primary || replica.database === undefined) continue;
      const differences = await this.#still(replica, (source, target) => compareNodes(source, target));
      if (differences.length > 0) found.set(replica.name, differences);
    }
    return found;
  }

  /**
   * Makes every node that differs, or was detached, hold what the primary holds, and takes it back in.
   *
   * @returns by node, what was repaired
   */
  async repair(): Promise<Map<string, Difference[]>> {
    const repaired = new Map<string, Difference[]>();
    for (const replica of this.#replicas) {
      if (replica === this.#primary || replica.database === undefined) continue;
      const differences = await this.#still(replica, async (source, target, applied) => {
        const changed = await repairNode(source, target);
        if (replica.state === 'detached') await replica.reattach(applied);
        return changed;
      });
      if (differences.length > 0) repaired.set(replica.name, differences);
    }
    return repaired;
  }

  async #still<R>(
    replica: Replica,
    work: (source: Database, target: Database, applied: number) => Promise<R>,
  ): Promise<R> {
    const primary = this.#primary;
    if (primary === undefined || replica.database === undefined)
      throw new StoreError('UNAVAILABLE', `${this.name}: no two nodes to compare`);
    if (replica.state === 'up') await this.#until(() => replica.applied >= primary.applied, this.#options.deadlineMs);
    const resumePrimary = await primary.pause();
    try {
      if (replica.state === 'up') await this.#until(() => replica.applied >= primary.applied, this.#options.deadlineMs);
      const resumeReplica = replica.state === 'up' ? await replica.pause() : () => undefined;
      try {
        if (primary.database === undefined) throw new StoreError('UNAVAILABLE', `${primary.name} went down`);
        return await work(primary.database, replica.database, primary.applied);
      } finally {
        resumeReplica();
      }
    } finally {
      resumePrimary();
    }
  }

  snapshot(): RedundantSnapshot {
    const { lastSeq } = this.#journal;
    return {
      primary: this.#primary?.name,
      epoch: this.#lease.epoch,
      confirmed: this.#confirmed,
      lastSeq,
      failovers: this.#failovers,
      nodes: this.#replicas.map(({ name, state, applied, lastError }) => ({
        name,
        state,
        applied,
        behind: lastSeq - applied,
        lastError,
      })),
    };
  }

  /** Lets go of the nodes; the journal is the caller's. What is not on every node yet gets there after the next start. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#probe);
    await this.#lease.release();
    const error = new StoreError('CLOSED', `${this.name} was closed`, { outcomeUnknown: true });
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }
}
