import 'reflect-metadata';
import { Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  RateLimit,
  ReliabilityModule,
  ReliabilityRuntime,
  Retry,
  Signal,
  TimeLimit,
} from '@marketprism/reliability';
import { ManualClock, ReliabilityTesting } from '@marketprism/reliability/testing';
import { firstValueFrom, lastValueFrom, NEVER, Observable, of, Subject, throwError, toArray } from 'rxjs';
import { Tallied, tallied, tallyOf } from './tally.js';

const THEN = Object.getOwnPropertyNames(Promise.prototype).find((name) => name.startsWith('th')) as 'then';

/** A query that begins whenever it is awaited. */
class Query {
  begun = 0;
  readonly parts: string[] = [];

  constructor(private readonly answer: () => Promise<unknown>) {}

  where(part: string): this {
    this.parts.push(part);
    return this;
  }

  [THEN](onValue?: (value: unknown) => unknown, onError?: (error: unknown) => unknown) {
    this.begun += 1;
    return this.answer().then(onValue, onError);
  }
}

const fail = () => Promise.reject(Object.assign(new Error('unavailable'), { status: 503 }));

@Injectable()
class Streams {
  source: Observable<unknown> = of(1, 2, 3);
  subscriptions = 0;
  attempts = 0;
  queries: Query[] = [];
  answers: (() => Promise<unknown>)[] = [];

  @Tallied('okx')
  declared(): Observable<unknown> {
    return new Observable((subscriber) => {
      this.subscriptions += 1;
      return this.source.subscribe(subscriber);
    });
  }

  @Tallied('okx')
  undeclared() {
    this.attempts += 1;
    return this.source;
  }

  @Tallied('okx', { settleOn: 'completion' })
  whole(): Observable<unknown> {
    return this.source;
  }

  @Retry({ attempts: 3, backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } })
  @Tallied('okx')
  retried(): Observable<unknown> {
    return new Observable((subscriber) => {
      this.subscriptions += 1;
      if (this.subscriptions < 3) subscriber.error(Object.assign(new Error('unavailable'), { status: 503 }));
      else return of('third').subscribe(subscriber);
    });
  }

  @Fallback({ value: 'instead' })
  @Tallied('okx')
  answered(): Observable<string> {
    return throwError(() => new Error('down'));
  }

  @TimeLimit({ limitMs: 50 })
  @Tallied('okx')
  limited(): Observable<unknown> {
    return this.source;
  }

  @Bulkhead({ maxConcurrent: 1, maxQueued: 0 })
  @Tallied('okx')
  slot(): Observable<unknown> {
    return this.source;
  }

  @Tallied('okx')
  async *generate(failAt = Infinity): AsyncGenerator<number> {
    this.attempts += 1;
    for (let item = 1; item <= 3; item += 1) {
      if (item === failAt) throw new Error(`failed at ${item}`);
      yield item;
    }
  }

  @Retry({ attempts: 2, backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } })
  @Tallied('okx', { settleOn: 'completion' })
  async *repeated(): AsyncGenerator<number> {
    this.attempts += 1;
    yield 1;
    if (this.attempts === 1) throw Object.assign(new Error('unavailable'), { status: 503 });
    yield 2;
  }

  @Retry({ attempts: 2, backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } })
  @Tallied('okx')
  query(): Query {
    const query = new Query(this.answers.shift() ?? (async () => 'rows'));
    this.queries.push(query);
    return query;
  }

  @Tallied('okx')
  @CircuitBreaker()
  plain(value: number): number {
    if (value < 0) throw new RangeError('negative');
    return value * 2;
  }

  @Tallied('okx')
  asked(@Signal() _signal?: AbortSignal, wrong = false) {
    if (wrong) throw new Error('a mistake');
    return Promise.resolve('answer');
  }

  @Tallied('okx')
  started() {
    // What other libraries call a promise has begun already.
    return { constructor: { name: 'Promise' }, [THEN]: (done: (value: string) => void) => done('foreign') };
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what a method gives', () => {
  let clock: ManualClock;
  const start = async () => {
    const testing = new ReliabilityTesting();
    clock = testing.clock;
    const module = testing.use(
      await Test.createTestingModule({ imports: [testing.forRoot(tallied)], providers: [Streams] }).compile(),
    );
    await module.init();
    return { module, streams: module.get(Streams), tally: tallyOf(module) };
  };

  describe('an Observable', () => {
    it('begins with each subscription, not before, and settles with the first item', async () => {
      const { streams, tally } = await start();
      const observable = streams.declared();
      expect([streams.subscriptions, tally.admitted]).toEqual([0, 0]);
      expect(await lastValueFrom(observable.pipe(toArray()))).toEqual([1, 2, 3]);
      expect(await firstValueFrom(observable)).toBe(1);
      await settled();
      expect([streams.subscriptions, tally.admitted, tally.outcomes]).toEqual([2, 2, ['success', 'success']]);
    });

    it('that is not declared is found out, and then begins with each subscription too', async () => {
      const { streams, tally } = await start();
      expect(await lastValueFrom(streams.undeclared().pipe(toArray()))).toEqual([1, 2, 3]);
      const later = streams.undeclared();
      const begun = streams.attempts;
      expect(await lastValueFrom(later.pipe(toArray()))).toEqual([1, 2, 3]);
      expect([begun, streams.attempts]).toEqual([1, 2]);
      expect(tally.outcomes.at(-1)).toBe('success');
    });

    it('settles on completion where asked to, with the failure of any item', async () => {
      const { streams, tally } = await start();
      const items = new Subject<number>();
      streams.source = items;
      const received: unknown[] = [];
      streams.whole().subscribe({ next: (item) => received.push(item), error: (error) => received.push(error) });
      items.next(1);
      await settled();
      expect([received, tally.outcomes]).toEqual([[1], []]);
      const down = new Error('down');
      items.error(down);
      await settled();
      expect([received, tally.outcomes]).toEqual([[1, down], ['failure']]);
    });

    it('counts as ignored when its subscriber leaves before it has anything, and is unsubscribed', async () => {
      const { streams, tally } = await start();
      const items = new Subject<number>();
      streams.source = items;
      const subscription = streams.declared().subscribe();
      await settled();
      subscription.unsubscribe();
      await settled();
      expect([tally.outcomes, tally.ended, items.observed]).toEqual([['ignored'], 1, false]);
    });

    it('is repeated by subscribing anew', async () => {
      const { streams, tally } = await start();
      const result = lastValueFrom(streams.retried());
      await clock.run(100);
      expect(await result).toBe('third');
      expect([streams.subscriptions, tally.outcomes]).toEqual([3, ['failure', 'failure', 'success']]);
    });

    it('is answered by a fallback', async () => {
      const { streams } = await start();
      expect(await lastValueFrom(streams.answered().pipe(toArray()))).toEqual(['instead']);
    });

    it('has the time of an attempt for its first item, and as long as it likes for the rest', async () => {
      const { streams } = await start();
      streams.source = NEVER;
      const late = firstValueFrom(streams.limited()).catch((error: unknown) => error);
      await clock.run(60);
      expect(await late).toMatchObject({ code: 'CALL_TIMEOUT' });
      const items = new Subject<number>();
      streams.source = items;
      const all = lastValueFrom(streams.limited().pipe(toArray()));
      items.next(1);
      await clock.run(1_000);
      items.next(2);
      items.complete();
      expect(await all).toEqual([1, 2]);
    });

    it('holds its slot until it has ended', async () => {
      const { streams } = await start();
      const items = new Subject<number>();
      streams.source = items;
      const first = streams.slot().subscribe();
      items.next(1);
      await settled();
      await expect(firstValueFrom(streams.slot())).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
      first.unsubscribe();
      await settled();
      streams.source = of('free');
      expect(await firstValueFrom(streams.slot())).toBe('free');
    });
  });

  describe('an async iterable', () => {
    it('begins with the first item asked for', async () => {
      const { streams, tally } = await start();
      const iterable = streams.generate();
      await settled();
      expect([streams.attempts, tally.admitted]).toEqual([0, 0]);
      const items: number[] = [];
      for await (const item of iterable) items.push(item);
      expect([items, tally.outcomes]).toEqual([[1, 2, 3], ['success']]);
    });

    it('ends with `break`, its slot given back', async () => {
      const { streams, tally } = await start();
      for await (const item of streams.generate()) if (item === 2) break;
      await settled();
      expect([tally.outcomes, tally.ended]).toEqual([['success'], 1]);
    });

    it('fails the call when it fails at the first item', async () => {
      const { streams, tally } = await start();
      await expect(streams.generate(1).next()).rejects.toThrow('failed at 1');
      expect(tally.outcomes).toEqual(['failure']);
    });

    it('is repeated from the beginning where completion counts', async () => {
      const { streams, tally } = await start();
      const items: number[] = [];
      const read = (async () => {
        for await (const item of streams.repeated()) items.push(item);
      })();
      await clock.run(100);
      await read;
      expect([items, tally.outcomes]).toEqual([
        [1, 1, 2],
        ['failure', 'success'],
      ]);
    });
  });

  describe('a query', () => {
    it('is begun when it is awaited, once each time, and can be refined before', async () => {
      const { streams } = await start();
      const first = streams.query();
      expect(streams.queries[0]!.begun).toBe(0);
      expect(first.where('a').where('b')).toBe(first);
      expect(await first).toBe('rows');
      expect([streams.queries.length, streams.queries[0]!.begun]).toEqual([1, 1]);
      expect(await first.where('c')).toBe('rows');
      expect([streams.queries.length, streams.queries[0]!.begun]).toEqual([1, 2]);
      expect(streams.queries[0]!.parts).toEqual(['a', 'b', 'c']);
    });

    it('fails the call when it fails, and is made anew for a repetition, refined as it was', async () => {
      const { streams, tally } = await start();
      await streams.query();
      streams.answers = [fail];
      const result = Promise.resolve(streams.query().where('mine'));
      await clock.run(100);
      expect(await result).toBe('rows');
      expect(streams.queries.map(({ begun, parts }) => [begun, parts])).toEqual([
        [1, []],
        [1, ['mine']],
        [1, ['mine']],
      ]);
      expect(tally.outcomes.slice(-2)).toEqual(['failure', 'success']);
    });
  });

  it('a plain value stays plain, and what is thrown is thrown', async () => {
    const { streams, tally } = await start();
    expect(streams.plain(21)).toBe(42);
    expect(() => streams.plain(-1)).toThrow(RangeError);
    expect(tally.outcomes).toEqual(['success', 'failure']);
  });

  it('an aborted signal is a rejection where promises were given before, as is any refusal', async () => {
    const { streams } = await start();
    expect(await streams.asked()).toBe('answer');
    const left = new Error('left');
    const result = streams.asked(AbortSignal.abort(left));
    await expect(result).rejects.toBe(left);
    expect(() => streams.asked(undefined, true)).toThrow('a mistake');
  });

  it('a promise of another library is waited for', async () => {
    const { streams } = await start();
    expect(await streams.started()).toBe('foreign');
  });
});

describe('a method that gives a plain value', () => {
  it('stops the start when a policy on it may wait', async () => {
    class Rates {
      @Tallied('okx')
      @RateLimit({ limit: 1 })
      latest(): number {
        return 1;
      }
    }
    const module = await Test.createTestingModule({
      imports: [ReliabilityModule.forRoot(tallied)],
      providers: [Rates],
    }).compile();
    await expect(module.init()).rejects.toThrow(
      /Rates\.latest: gives a plain value, but rate-limiter "Rates\.latest" may wait: make it async/,
    );
  });

  it('is warned of once when nothing was declared', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    class Rates {
      @RateLimit({ limit: 5 })
      latest() {
        return 1;
      }
    }
    const module = await Test.createTestingModule({ imports: [ReliabilityModule.forRoot({})] }).compile();
    const rates = module.get(ReliabilityRuntime).attach(new Rates());
    expect([rates.latest(), rates.latest()]).toEqual([1, 1]);
    expect(warn.mock.calls.map(([line]) => line as unknown)).toEqual([
      'Rates.latest gives a plain value, but rate-limiter "Rates.latest" may have to wait: make it async',
    ]);
    warn.mockRestore();
  });
});
