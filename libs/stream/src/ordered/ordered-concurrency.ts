import { StreamError } from '../errors.js';
import { FairQueue, type FairBatch } from './fair-queue.js';
import {
  resolveOrderedConcurrencyOptions,
  type OrderedConcurrencyOptions,
  type ResolvedOrderedConcurrencyOptions,
} from './ordered-concurrency.options.js';
import { WaitHistogram, type WaitSnapshot } from './wait-histogram.js';

/** What is still free. */
export interface Room {
  readonly count: number;
  readonly bytes: number;
}

export interface OrderedConcurrencySnapshot {
  /** Items waiting. */
  readonly depth: number;
  readonly depthBytes: number;
  /** How long the oldest of them has waited, in ms; 0 when none waits. */
  readonly ageMs: number;
  readonly running: number;
  readonly topics: number;
  readonly keys: number;
  /** The limit per topic in force. */
  readonly perTopic: number;
  /** How long items waited before their batch started. */
  readonly wait: WaitSnapshot;
}

/** How a batch went, for an adaptive limit: `dropped` when it was lost to overload. */
export type BatchVerdict = 'done' | 'dropped';

/**
 * Runs work in batches, at most so many at once per topic and per key, in order within each key and in turns between keys
 * and topics. What does not fit waits; nothing is skipped. The work settles its own items, and must not throw.
 */
export class OrderedConcurrency<T> {
  readonly #options: ResolvedOrderedConcurrencyOptions;
  readonly #queue: FairQueue<T>;
  readonly #work: (topic: string, items: readonly T[]) => Promise<BatchVerdict | void>;
  readonly #now: () => number;
  readonly #wait = new WaitHistogram();
  readonly #waiters: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #linger: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    options: OrderedConcurrencyOptions,
    work: (topic: string, items: readonly T[]) => Promise<BatchVerdict | void>,
    now: () => number = () => performance.now(),
  ) {
    this.#options = resolveOrderedConcurrencyOptions(options);
    this.#work = work;
    this.#now = now;
    this.#queue = new FairQueue({
      perTopic: () => this.#perTopic,
      perKey: this.#options.perKey,
      total: this.#options.total,
    });
  }

  get #perTopic(): number {
    const { perTopic } = this.#options;
    return typeof perTopic === 'number' ? perTopic : Math.max(1, Math.floor(perTopic.limit));
  }

  /** How much more may be submitted now. */
  get room(): Room {
    return {
      count: Math.max(0, this.#options.maxQueued - this.#queue.size),
      bytes: Math.max(0, this.#options.maxQueuedBytes - this.#queue.bytes),
    };
  }

  /** Resolves when at least `count` items, and any bytes, may be submitted. */
  async whenRoom(count: number): Promise<Room> {
    const wanted = Math.min(count, this.#options.maxQueued);
    for (let room = this.room; ; room = this.room) {
      if (this.#stopped || (room.count >= wanted && room.bytes > 0)) return room;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  /** @throws StreamError `FULL` when the bounds are reached: ask for {@link room} first; `CLOSED` after {@link stop} */
  submit(topic: string, key: string, item: T, bytes: number): void {
    if (this.#stopped) throw new StreamError('CLOSED', 'the ordered queue is stopped');
    const { count, bytes: free } = this.room;
    if (count === 0 || free === 0)
      throw new StreamError('FULL', `the ordered queue holds ${this.#queue.size} items of ${this.#queue.bytes} bytes`);
    this.#queue.enqueue(topic, key, item, bytes, this.#now());
    this.#schedule();
  }

  #schedule(): void {
    const { waitMs, batchSize } = this.#options;
    if (waitMs === 0 || this.#queue.size >= batchSize) this.#start();
    else this.#linger ??= setTimeout(() => this.#start(), waitMs);
  }

  #start(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    const { batchSize, batchBytes } = this.#options;
    for (;;) {
      const batch = this.#queue.take(batchSize, batchBytes);
      if (batch === undefined) break;
      const now = this.#now();
      for (const at of batch.enqueuedAt) this.#wait.add(now - at);
      void this.#run(batch, now);
    }
    if (this.room.count > 0) for (const wake of this.#waiters.splice(0)) wake();
  }

  async #run(batch: FairBatch<T>, startedAt: number): Promise<void> {
    const inWork = this.#queue.running;
    let verdict: BatchVerdict | void = 'dropped';
    try {
      verdict = await this.#work(batch.topic, batch.items);
    } finally {
      const now = this.#now();
      const { perTopic } = this.#options;
      if (typeof perTopic !== 'number') perTopic.observe(now - startedAt, inWork, verdict === 'dropped', now);
      this.#queue.finish(batch);
      this.#start();
      if (this.#queue.running === 0 && this.#queue.size === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Resolves when nothing waits and nothing runs. */
  async whenIdle(): Promise<void> {
    if (this.#queue.running === 0 && this.#queue.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Takes no more; gives back, in order of arrival, what has not started. What runs goes on: see {@link whenIdle}. */
  stop(): T[] {
    this.#stopped = true;
    clearTimeout(this.#linger);
    const left = this.#queue.drain();
    for (const wake of this.#waiters.splice(0)) wake();
    if (this.#queue.running === 0) for (const wake of this.#idle.splice(0)) wake();
    return left;
  }

  snapshot(): OrderedConcurrencySnapshot {
    const { oldest } = this.#queue;
    return {
      depth: this.#queue.size,
      depthBytes: this.#queue.bytes,
      ageMs: oldest === undefined ? 0 : this.#now() - oldest,
      running: this.#queue.running,
      topics: this.#queue.topics,
      keys: this.#queue.keys,
      perTopic: this.#perTopic,
      wait: this.#wait.snapshot(),
    };
  }
}
