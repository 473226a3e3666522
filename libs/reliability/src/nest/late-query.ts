import { Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { callbackify } from 'node:util';
import type { SettleOn } from './call-options.js';
import { LateIterator } from './late-iterable.js';
import { asPromise, type RunLate } from './late-work.js';
import { kindOfResult } from './result-kind.js';

/** Makes of what the method gives for a repetition what its caller had made of the first. */
type Remake = (fresh: unknown) => object;

type Key = string | symbol;
type Arguments = readonly unknown[];

/**
 * A query (knex, mongoose, …) whose work goes through the chain when it begins: with each `await`, loop, stream or
 * cursor, as without protection. All else of it is as before. A repetition calls the method again for a fresh query and
 * refines it in the way its caller has refined this one.
 */
export function lateQuery(query: object, run: RunLate, settleOn: SettleOn): object {
  return new LateQuery(query, run, settleOn, (fresh) => fresh as object).proxy;
}

class LateQuery {
  readonly proxy: object;
  /** What its caller has called to refine it. */
  readonly #steps: (readonly [Key, Arguments])[] = [];
  #reading: LateIterator | undefined;

  constructor(
    private readonly query: object,
    private readonly run: RunLate,
    private readonly settleOn: SettleOn,
    private readonly made: Remake,
  ) {
    this.proxy = new Proxy(query, { get: (_, key) => this.#get(key) });
  }

  #get(key: Key): unknown {
    const value: unknown = Reflect.get(this.query, key, this.query);
    if (typeof value !== 'function') return value;
    return (...args: unknown[]) => this.#beginning(key, args) ?? this.#refine(key, args);
  }

  /** What begins the work; `undefined` for all else. */
  #beginning(key: Key, args: Arguments): unknown {
    switch (key) {
      case 'then':
      case 'catch':
      case 'finally': {
        const result = this.#begin((query) => query);
        return Reflect.apply(result[key as 'then'], result, args as never[]);
      }
      case 'exec':
      case 'execute':
        return this.#begin((query) => call(query, key, args));
      case 'asCallback': {
        const result = this.#begin((query) => query);
        callbackify(() => result)(args[0] as never);
        return result;
      }
      case Symbol.asyncIterator:
        return this.#iterate((query) => query as AsyncIterable<unknown>);
      case 'stream':
        return typeof args[0] === 'function' ? this.#streamTo(args[0] as never) : this.#stream(args);
      case 'pipe':
        return 'stream' in this.query ? this.#stream(args.slice(1)).pipe(args[0] as Writable) : undefined;
      case 'next':
        return Symbol.asyncIterator in this.query ? this.#next() : undefined;
      default:
        return undefined;
    }
  }

  #begin(work: (query: object) => unknown): Promise<unknown> {
    const remake = this.#remake();
    let first: object | undefined = this.query;
    const lateRun = this.run((_attempt, make) => {
      const query = first ?? remake(make());
      first = undefined;
      return Promise.resolve(work(query));
    });
    return asPromise(() => lateRun.start());
  }

  #iterate(open: (query: object) => AsyncIterable<unknown>): LateIterator {
    const remake = this.#remake();
    const run: RunLate = (begin) => this.run((attempt, make) => begin(attempt, () => open(remake(make()))));
    return new LateIterator(run, this.settleOn, {
      [Symbol.asyncIterator]: () => open(this.query)[Symbol.asyncIterator](),
    });
  }

  #stream(args: Arguments): Readable {
    return Readable.from(this.#iterate((query) => call(query, 'stream', args) as AsyncIterable<unknown>));
  }

  /** Ends with the stream. */
  #streamTo(handler: (stream: Readable) => void): Promise<void> {
    const stream = this.#stream([]);
    const ended = finished(stream);
    handler(stream);
    return ended;
  }

  /** A mongoose cursor says `null` at its end. */
  async #next(): Promise<unknown> {
    this.#reading ??= this.#iterate((cursor) => cursor as AsyncIterable<unknown>);
    const { done, value } = await this.#reading.next();
    return done === true ? null : value;
  }

  #refine(key: Key, args: Arguments): unknown {
    const remake = this.#remake();
    const given = call(this.query, key, args);
    if (given === this.query || given === undefined) {
      this.#steps.push([key, args]);
      return given === undefined ? undefined : this.proxy;
    }
    const further = key === 'cursor' || (isObject(given) && kindOfResult(given) === 'query');
    if (!further) return given;
    return new LateQuery(given as object, this.run, this.settleOn, (fresh) => call(remake(fresh), key, args) as object)
      .proxy;
  }

  #remake(): Remake {
    const steps = [...this.#steps];
    return (fresh) => {
      const query = this.made(fresh);
      for (const [key, args] of steps) call(query, key, args);
      return query;
    };
  }
}

const call = (query: object, key: Key, args: Arguments): unknown =>
  Reflect.apply(Reflect.get(query, key, query) as () => unknown, query, args as never[]);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
