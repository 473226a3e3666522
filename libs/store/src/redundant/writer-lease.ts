import type { Database } from '../database.js';
import { StoreError } from '../errors.js';
import { durableTableSettings } from '../features.js';

const TABLE = 'store_writer_lease';

interface LeaseRow {
  epoch: string;
  holder: string;
  expiresAt: string;
}

/**
 * One writer at a time. A writer holds the highest epoch on a majority of the nodes, and says so again before it expires; once
 * it has expired the next one may take over, with a higher epoch. From then on the old one is fenced: it looks at the epoch on
 * a server before each block, and an embedded node has only one parent. Clocks of writers must agree to within `leaseMs`.
 */
export class WriterLease {
  readonly #holder: string;
  readonly #leaseMs: number;
  readonly #nodes: () => readonly Database[];
  readonly #total: number;
  readonly #now: () => number;
  #epoch = 0;
  #expiresAt = 0;
  /** True once a higher epoch has been seen: never held again. */
  #fenced = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    holder: string;
    leaseMs: number;
    /** The nodes that can be reached now. */
    nodes: () => readonly Database[];
    /** All nodes there are. */
    total: number;
    now?: () => number;
  }) {
    this.#holder = options.holder;
    this.#leaseMs = options.leaseMs;
    this.#nodes = options.nodes;
    this.#total = options.total;
    this.#now = options.now ?? Date.now;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** True once another writer has been seen to have taken over. */
  get isFenced(): boolean {
    return this.#fenced;
  }

  get isHeld(): boolean {
    return !this.#fenced && this.#epoch > 0 && this.#now() < this.#expiresAt;
  }

  /**
   * Takes the lease, waiting at most for that of a dead writer to expire.
   *
   * @throws StoreError `FENCED` while another writer holds it; `UNAVAILABLE` without a majority of the nodes
   */
  async acquire(): Promise<void> {
    const nodes = this.#nodes();
    if (nodes.length < this.#majority)
      throw new StoreError(
        'UNAVAILABLE',
        `the writer's lease needs ${this.#majority} of ${this.#total} nodes, ${nodes.length} answer`,
      );
    for (const node of nodes)
      await node.command(
        `CREATE TABLE IF NOT EXISTS ${TABLE} (epoch UInt64, holder String, expiresAt UInt64) ` +
          `ENGINE = ReplacingMergeTree(expiresAt) ORDER BY (epoch, holder) ${durableTableSettings(node.features)}`,
      );
    const highest = await this.#whenFree(nodes);
    this.#epoch = highest + 1;
    await this.#write(nodes);
    const seen = (await Promise.all(nodes.map((node) => this.#read(node)))).flat();
    const winner = seen
      .filter((row) => Number(row.epoch) >= this.#epoch)
      .sort((a, b) => Number(b.epoch) - Number(a.epoch) || (a.holder < b.holder ? -1 : 1))[0];
    if (winner !== undefined && winner.holder !== this.#holder) {
      this.#epoch = 0;
      throw new StoreError('FENCED', `another writer, ${winner.holder}, took the lease at the same time`);
    }
    if (!this.isHeld)
      throw new StoreError(
        'UNAVAILABLE',
        `the writer's lease was not written on ${this.#majority} of ${this.#total} nodes`,
      );
    this.#timer = setInterval(() => void this.#renew(), this.#leaseMs / 3);
  }

  /** Waits for the lease of a writer that has died to expire; one that lives says so meanwhile. Gives the highest epoch. */
  async #whenFree(nodes: readonly Database[]): Promise<number> {
    let before: LeaseRow | undefined;
    for (;;) {
      const rows = (await Promise.all(nodes.map((node) => this.#read(node)))).flat();
      const highest = Math.max(0, ...rows.map((row) => Number(row.epoch)));
      const [rival] = rows
        .filter((row) => Number(row.epoch) === highest && row.holder !== this.#holder)
        .sort((a, b) => Number(b.expiresAt) - Number(a.expiresAt));
      const leftMs = Number(rival?.expiresAt ?? 0) - this.#now();
      if (rival === undefined || leftMs <= 0) return highest;
      if (before !== undefined && (before.holder !== rival.holder || before.expiresAt !== rival.expiresAt))
        throw new StoreError('FENCED', `another writer, ${rival.holder}, holds the lease and goes on renewing it`);
      before = rival;
      await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs + 1, this.#leaseMs / 10)));
    }
  }

  get #majority(): number {
    return Math.floor(this.#total / 2) + 1;
  }

  async #read(node: Database): Promise<LeaseRow[]> {
    return node.query<LeaseRow>(
      `SELECT toString(epoch) AS epoch, holder, toString(max(expiresAt)) AS expiresAt FROM ${TABLE} ` +
        'GROUP BY epoch, holder ORDER BY epoch DESC LIMIT 10',
      {},
      { deadlineMs: this.#leaseMs },
    );
  }

  /** Resolves when a majority has it, or when it is clear that none will; a node that hangs is not waited for. */
  #write(nodes: readonly Database[]): Promise<void> {
    const expiresAt = this.#now() + this.#leaseMs;
    const row = { epoch: this.#epoch, holder: this.#holder, expiresAt };
    return new Promise((resolve) => {
      let [written, left] = [0, nodes.length];
      const settled = () => {
        left -= 1;
        if (written >= this.#majority) this.#expiresAt = Math.max(this.#expiresAt, expiresAt);
        if (written >= this.#majority || left === 0) resolve();
      };
      for (const node of nodes)
        node.insert(TABLE, [row], { deadlineMs: this.#leaseMs / 2 }).then(() => {
          written += 1;
          settled();
        }, settled);
    });
  }

  async #renew(): Promise<void> {
    const nodes = this.#nodes();
    const checked = await Promise.all(
      nodes.map((node) =>
        this.check(node).then(
          () => node,
          () => undefined,
        ),
      ),
    );
    // Not renewed on a majority it expires, and others may take over.
    if (!this.#fenced) await this.#write(checked.filter((node) => node !== undefined));
  }

  /** @throws StoreError `FENCED` when a node knows a writer with a higher epoch */
  async check(node: Database): Promise<void> {
    const [row] = await node.query<{ epoch: string }>(
      `SELECT toString(max(epoch)) AS epoch FROM ${TABLE}`,
      {},
      { deadlineMs: this.#leaseMs / 3 },
    );
    if (Number(row?.epoch ?? 0) <= this.#epoch) return;
    this.#fenced = true;
    throw new StoreError('FENCED', `a writer with epoch ${row?.epoch} has taken over from ${this.#epoch}`);
  }

  /** Gives the lease up, so that the next writer need not wait for it to expire. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.isHeld) return;
    this.#expiresAt = 0;
    await Promise.allSettled(
      this.#nodes().map((node) => node.insert(TABLE, [{ epoch: this.#epoch + 1, holder: 'released', expiresAt: 0 }])),
    );
  }
}
