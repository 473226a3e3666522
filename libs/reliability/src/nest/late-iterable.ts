import type { Call } from '../core/call.js';
import type { SettleOn } from './call-options.js';
import { asPromise, type LateRun, type Make, READER_LEFT, type RunLate } from './late-work.js';

const STREAMING = Symbol('streaming');
const COMPLETED = Symbol('completed');

interface Reader {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

/**
 * An async iterator whose items come through the chain: nothing runs before the first item is asked for, and nothing
 * further ahead than asked for. Leaving early (`break`) counts as neither success nor failure.
 */
export class LateIterator implements AsyncIterableIterator<unknown> {
  readonly #run: LateRun;
  #state: 'new' | 'open' | 'closed' = 'new';
  #settled = false;
  #leading: AsyncIterator<unknown> | undefined;
  #readers: Reader[] = [];
  /** Pumps that wait for somebody to read. */
  #idle: (() => void)[] = [];
  #ended: (() => void) | undefined;

  constructor(
    run: RunLate,
    private readonly settleOn: SettleOn,
    private made?: AsyncIterable<unknown>,
  ) {
    this.#run = run((attempt, make) => this.#begin(attempt, make));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#state === 'closed') return Promise.resolve({ done: true, value: undefined });
    const item = new Promise<IteratorResult<unknown>>((resolve, reject) => this.#readers.push({ resolve, reject }));
    if (this.#state === 'new') this.#start();
    this.#wake();
    return item;
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    const open = this.#state === 'open';
    this.#close();
    if (open && !this.#settled) this.#run.call.abort(READER_LEFT);
    else if (open) await this.#leading?.return?.();
    this.#ended?.();
    return { done: true, value };
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    await this.return();
    throw error;
  }

  #start(): void {
    this.#state = 'open';
    asPromise(() => this.#run.start()).then(
      (value) => {
        this.#settled = true;
        if (value === COMPLETED) this.#close();
        else if (value !== STREAMING) this.#answer(value);
      },
      (error: unknown) => {
        this.#settled = true;
        this.#fail(error);
      },
    );
  }

  /** What a fallback gave: items, or one. */
  #answer(value: unknown): void {
    const items = isAsyncIterable(value) ? value : one(value);
    this.#leading = items[Symbol.asyncIterator]();
    void this.#pump(this.#leading, () => undefined).then(
      () => this.#close(),
      (error: unknown) => this.#fail(error),
    );
  }

  #begin(attempt: Call, make: Make): Promise<unknown> {
    const source = (this.made ?? make()) as AsyncIterable<unknown>;
    this.made = undefined;
    const iterator = source[Symbol.asyncIterator]();
    return new Promise((resolve, reject) => {
      let streaming = false;
      const release = attempt.onAbort((reason) => {
        if (this.#leading === iterator) this.#leading = undefined;
        void asPromise(() => iterator.return?.()).catch(() => undefined);
        this.#wake();
        reject(reason);
      });
      const onItem = () => {
        if (streaming || this.settleOn === 'completion') return;
        streaming = true;
        this.#settled = true;
        release();
        attempt.abandon(new Promise<void>((ended) => (this.#ended = ended)));
        resolve(STREAMING);
      };
      this.#pump(iterator, onItem, attempt).then(
        () => {
          release();
          if (streaming) this.#close();
          resolve(COMPLETED);
        },
        (error: unknown) => {
          release();
          if (streaming) this.#fail(error);
          else if (this.#leading === iterator) this.#leading = undefined;
          reject(error);
        },
      );
    });
  }

  /** Hands items to readers, one for each that asks, until there are no more or another attempt is ahead. */
  async #pump(iterator: AsyncIterator<unknown>, onItem: () => void, attempt?: Call): Promise<void> {
    for (;;) {
      while (this.#readers.length === 0 && this.#state === 'open') {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
      }
      if (this.#state === 'closed' || (!this.#settled && attempt?.attemptAborted === true)) return;
      const item = await iterator.next();
      if (!this.#settled && attempt?.attemptAborted === true) return;
      this.#leading ??= iterator;
      if (this.#leading !== iterator) {
        await iterator.return?.();
        return;
      }
      if (item.done === true) return;
      onItem();
      this.#readers.shift()?.resolve(item);
    }
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resume of idle) resume();
  }

  #close(): void {
    this.#state = 'closed';
    this.#ended?.();
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) reader.resolve({ done: true, value: undefined });
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#readers.shift()?.reject(error);
    this.#close();
  }
}

/** An object that is iterated through the chain, and else is itself. */
export function lateCursor(cursor: object, run: RunLate, settleOn: SettleOn): object {
  return new Proxy(cursor, {
    get(target, key) {
      if (key === Symbol.asyncIterator) return () => new LateIterator(run, settleOn, target as AsyncIterable<unknown>);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* one(value: unknown): AsyncGenerator {
  yield value;
}
