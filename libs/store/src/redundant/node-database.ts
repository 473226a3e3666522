import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { CallOptions, Database, InsertOptions } from '../database.js';
import { StoreError } from '../errors.js';
import type { Features } from '../features.js';
import type { Parameters } from '../parameters.js';
import type { NodeAnswer, NodeError, NodeMethod } from './node-protocol.js';

/** An embedded engine in a process of its own. */
export interface NodeOptions {
  dataDir: string;
  /** Connections for queries in the node. Default 2. */
  readers?: number;
  /** Longest time for one call, in ms. Default 30,000. */
  deadlineMs?: number;
  /** Longest time to start, in ms. Default 30,000. */
  startMs?: number;
  /** Arguments of Node itself for the process. Default: those of this process. */
  execArgv?: readonly string[];
  env?: NodeJS.ProcessEnv;
}

interface Waiting {
  readonly method: NodeMethod;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
}

const CHANGES = new Set<NodeMethod>(['command', 'insert', 'insertJson', 'importTsv']);
const GRACE_MS = 500;

/** {@link Database} in a child process: so that one process can have several, and that a crash of one is its own. */
export class NodeDatabase implements Database {
  readonly kind = 'embedded';
  readonly name: string;
  readonly version: string;
  readonly features: Features;
  readonly #child: ChildProcess;
  readonly #deadlineMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #exited = false;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;

  private constructor(
    name: string,
    child: ChildProcess,
    deadlineMs: number,
    ready: { version: string; features: Features },
  ) {
    this.name = name;
    this.version = ready.version;
    this.features = ready.features;
    this.#child = child;
    this.#deadlineMs = deadlineMs;
    child.on('message', (answer: NodeAnswer) => this.#settle(answer));
    this.exited = new Promise((done) => {
      child.once('exit', (code, signal) => {
        this.#exited = true;
        for (const [id, { method, reject, timer }] of this.#waiting) {
          clearTimeout(timer);
          this.#waiting.delete(id);
          reject(
            new StoreError('UNAVAILABLE', `${name}: its process ended (${signal ?? code})`, {
              outcomeUnknown: CHANGES.has(method),
            }),
          );
        }
        done();
      });
    });
  }

  /** @throws StoreError what `openDatabase` throws in the node; `UNAVAILABLE` when the process does not come up */
  static start(options: NodeOptions): Promise<NodeDatabase> {
    const { readers, deadlineMs = 30_000, startMs = 30_000 } = options;
    const dataDir = resolve(options.dataDir);
    const file = import.meta.url.endsWith('.ts') ? 'node-process.ts' : 'node-process.js';
    const child = fork(
      fileURLToPath(new URL(file, import.meta.url)),
      [JSON.stringify({ dataDir, readers, deadlineMs })],
      {
        serialization: 'advanced',
        ...(options.execArgv !== undefined && { execArgv: [...options.execArgv] }),
        ...(options.env !== undefined && { env: options.env }),
      },
    );
    return new Promise((done, fail) => {
      const give = (error: StoreError) => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        fail(error);
      };
      const timer = setTimeout(
        () => give(new StoreError('UNAVAILABLE', `${dataDir}: the node did not start within ${startMs} ms`)),
        startMs,
      );
      const ended = () => give(new StoreError('UNAVAILABLE', `${dataDir}: the node ended while starting`));
      child.once('exit', ended);
      child.once('error', (cause) => give(new StoreError('UNAVAILABLE', `${dataDir}: ${cause.message}`, { cause })));
      child.once('message', (answer: NodeAnswer) => {
        if (answer.kind === 'failed') return give(toStoreError(answer.error));
        if (answer.kind !== 'ready') return;
        clearTimeout(timer);
        child.off('exit', ended);
        done(new NodeDatabase(dataDir, child, deadlineMs, answer));
      });
    });
  }

  /** The process, to be killed in tests. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  #settle(answer: NodeAnswer): void {
    if (answer.kind !== 'result' && answer.kind !== 'error') return;
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if (answer.kind === 'result') waiting.resolve(answer.value);
    else waiting.reject(toStoreError(answer.error));
  }

  #ask<R>(method: NodeMethod, args: readonly unknown[], deadlineMs = this.#deadlineMs): Promise<R> {
    if (this.#exited) return Promise.reject(new StoreError('UNAVAILABLE', `${this.name}: its process has ended`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(
          new StoreError('DEADLINE', `${this.name}: no answer from its process within ${deadlineMs} ms`, {
            outcomeUnknown: CHANGES.has(method),
          }),
        );
      }, deadlineMs + GRACE_MS);
      this.#waiting.set(id, { method, resolve: resolve as (value: unknown) => void, reject, timer });
      this.#child.send({ id, method, args }, (error) => {
        if (error === null || !this.#waiting.delete(id)) return;
        clearTimeout(timer);
        reject(new StoreError('UNAVAILABLE', `${this.name}: ${error.message}`, { cause: error }));
      });
    });
  }

  command(sql: string, parameters?: Parameters, options?: CallOptions): Promise<void> {
    return this.#ask('command', [sql, parameters, options], options?.deadlineMs);
  }

  insert<Row extends object>(table: string, rows: readonly Row[], options?: InsertOptions): Promise<void> {
    return this.#ask('insert', [table, rows, options], options?.deadlineMs);
  }

  insertJson(table: string, body: Buffer, options?: InsertOptions): Promise<void> {
    return this.#ask('insertJson', [table, body, options], options?.deadlineMs);
  }

  query<Row>(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Row[]> {
    return this.#ask('query', [sql, parameters, options], options?.deadlineMs);
  }

  async exportTsv(sql: string, parameters?: Parameters, options?: CallOptions): Promise<Buffer> {
    return Buffer.from(await this.#ask<Uint8Array>('exportTsv', [sql, parameters, options], options?.deadlineMs));
  }

  importTsv(table: string, columns: readonly string[], body: Buffer, options?: InsertOptions): Promise<void> {
    return this.#ask('importTsv', [table, columns, body, options], options?.deadlineMs);
  }

  async close(): Promise<void> {
    if (this.#exited) return;
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await this.#ask('close', [], 14_000).catch(() => this.#child.kill('SIGKILL'));
    const grace = setTimeout(() => this.#child.kill('SIGKILL'), 1_000);
    await this.exited;
    clearTimeout(timer);
    clearTimeout(grace);
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

const toStoreError = ({ code, message, engineCode, outcomeUnknown }: NodeError): StoreError =>
  new StoreError(code, message, { engineCode, outcomeUnknown });
