import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TableName } from './pipeline.js';

/** Makes one block of rows durable, or throws; `token` names the block when it has to be written again. */
export type Write = (table: TableName, rows: readonly object[], token: string) => Promise<void>;

export interface BatchWriterOptions {
  readonly batchRows: number;
  readonly flushEveryMs: number;
  readonly queueRows: number;
  /** Pause after a failed write, in ms. */
  readonly pauseMs: number;
}

interface Block {
  readonly table: TableName;
  readonly rows: readonly object[];
  readonly token: string;
}

/**
 * Gathers rows into blocks and writes them one after the other. A block that fails is written again, same rows and same
 * token, until it succeeds: rows are never dropped and never overtaken. The queue is bounded: `add` waits for room.
 */
export class BatchWriter {
  readonly #pending = new Map<TableName, object[]>();
  #queued = 0;
  #failures = 0;
  #failing: string | undefined;
  readonly #written: Record<TableName, number> = {
    funding_observation: 0,
    funding_settlement: 0,
    funding_rejected: 0,
  };
  #room: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #flushNow = false;
  #closed = false;
  readonly #stopped = new AbortController();
  readonly #loop: Promise<void>;

  constructor(
    private readonly write: Write,
    private readonly options: BatchWriterOptions,
  ) {
    this.#loop = this.#run();
  }

  get queued(): number {
    return this.#queued;
  }

  get written(): Readonly<Record<TableName, number>> {
    return this.#written;
  }

  get failures(): number {
    return this.#failures;
  }

  get failing(): string | undefined {
    return this.#failing;
  }

  /** Takes the rows of one answer, all tables at once; waits while the queue is full. */
  async add(rows: ReadonlyMap<TableName, readonly object[]>): Promise<void> {
    if (this.#closed) throw new Error('the writer is closed');
    while (this.#queued >= this.options.queueRows) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    for (const [table, added] of rows) {
      if (added.length === 0) continue;
      const pending = this.#pending.get(table) ?? [];
      for (const row of added) pending.push(row);
      this.#pending.set(table, pending);
      this.#queued += added.length;
    }
    this.#wake?.();
  }

  /** Writes what was added so far, for at most `capMs`, and ends. `false` when rows were left. */
  async close(capMs: number): Promise<boolean> {
    this.#closed = true;
    this.#flushNow = true;
    this.#wake?.();
    const cap = new AbortController();
    await Promise.race([this.#loop, sleep(capMs, undefined, { signal: cap.signal }).catch(() => undefined)]);
    cap.abort();
    this.#stopped.abort();
    return this.#queued === 0;
  }

  async #run(): Promise<void> {
    for (;;) {
      if (this.#queued === 0) {
        if (this.#closed) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      if (!this.#flushNow && this.#queued < this.options.batchRows) await this.#pause(this.options.flushEveryMs);
      for (const block of this.#take()) {
        if (!(await this.#writeUntilDone(block))) return;
      }
    }
  }

  #take(): Block[] {
    const blocks: Block[] = [];
    for (const [table, pending] of this.#pending) {
      const rows = pending.splice(0, this.options.batchRows);
      if (rows.length > 0) blocks.push({ table, rows, token: randomUUID() });
    }
    return blocks;
  }

  async #writeUntilDone({ table, rows, token }: Block): Promise<boolean> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.write(table, rows, token);
        this.#failing = undefined;
        this.#written[table] += rows.length;
        this.#queued -= rows.length;
        for (const resume of this.#room.splice(0)) resume();
        return true;
      } catch (error) {
        this.#failures += 1;
        this.#failing = error instanceof Error ? error.message : String(error);
        await this.#pause(this.options.pauseMs);
      }
    }
    return false;
  }

  /** Ends early when the writer is closed and a flush is due. */
  async #pause(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.#flushNow || this.#queued >= this.options.batchRows) resolve();
      };
    });
    const cap = new AbortController();
    await Promise.race([woken, sleep(ms, undefined, { signal: cap.signal }).catch(() => undefined)]);
    cap.abort();
    this.#wake = undefined;
  }
}
