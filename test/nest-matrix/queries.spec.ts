import 'reflect-metadata';
import { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CircuitBreaker, type CircuitBreakerHandle, getPolicyToken, Retry } from '@marketprism/reliability';
import { type ManualClock, ReliabilityTesting } from '@marketprism/reliability/testing';
import knex, { type Knex } from 'knex';
import mongoose from 'mongoose';
import { describeWithEngines } from '../engines/engine.js';
import { postgresServer, type PostgresServer } from '../engines/postgresql.js';
import { Tallied, tallied, tallyOf } from './tally.js';

jest.setTimeout(30_000);

const RETRY = { attempts: 2, backoff: { kind: 'fixed', delayMs: 10, jitter: 'none' } } as const;
const options = { ...tallied, policies: { ...tallied.policies, down: { circuitBreaker: {} } } };

async function start<T>(service: new (...args: never[]) => T, instance: () => T) {
  const testing = new ReliabilityTesting();
  const module = testing.use(
    await Test.createTestingModule({
      imports: [testing.forRoot(options)],
      providers: [{ provide: service, useFactory: instance }],
    }).compile(),
  );
  await module.init();
  const takeDown = () =>
    module.get<CircuitBreakerHandle>(getPolicyToken('circuit-breaker', 'down'), { strict: false }).forceOpen();
  return { service: module.get<T>(service), tally: tallyOf(module), clock: testing.clock, takeDown };
}

const read = async (items: AsyncIterable<unknown>) => {
  const found: unknown[] = [];
  for await (const item of items) found.push(item);
  return found;
};

/** The result of `work`, while virtual time goes on. */
async function passing<T>(clock: ManualClock, work: PromiseLike<T>): Promise<T> {
  const at = { end: false };
  const result = Promise.resolve(work).finally(() => (at.end = true));
  while (!at.end) await clock.run(10);
  return result;
}

/** The error that `work` ends with. */
const failureOf = async (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => 'no error',
    (error: unknown) => error,
  );

@Injectable()
class RatesTable {
  called = 0;
  /** The next calls look at a table that is not there. */
  missing = 0;

  constructor(private readonly database: Knex) {}

  @Retry({ ...RETRY, retryIf: () => true })
  @Tallied('okx')
  rates() {
    this.called += 1;
    const table = this.missing > 0 ? 'nowhere' : 'rates';
    this.missing -= 1;
    return this.database(table).select('symbol').orderBy('symbol');
  }

  @CircuitBreaker('down')
  @Tallied('okx')
  guarded() {
    return this.database('rates').select('symbol');
  }
}

describeWithEngines(['postgres'], 'a knex query', () => {
  let server: PostgresServer;
  let database: Knex;
  /** What reached the server. */
  let sent: string[] = [];

  beforeAll(async () => {
    server = await postgresServer();
    database = knex({ client: 'pg', connection: server.url });
    await database.schema.createTable('rates', (table) => table.string('symbol'));
    await database('rates').insert(['ADA', 'BTC', 'ETH'].map((symbol) => ({ symbol })));
    database.on('query', ({ sql }: { sql: string }) => sent.push(sql));
  });
  afterAll(async () => {
    await database?.destroy();
    await server?.remove();
  });

  const table = async () => {
    const started = await start(RatesTable, () => new RatesTable(database));
    // Nothing is declared: the first call of each method finds out that it gives queries.
    started.service.rates();
    started.service.guarded();
    sent = [];
    started.service.called = 0;
    started.tally.outcomes.length = 0;
    return started;
  };

  it('is not begun before it is awaited, and runs once for each await', async () => {
    const { service, tally } = await table();
    const query = service.rates();
    expect([sent, tally.outcomes]).toEqual([[], []]);
    expect(await query).toEqual([{ symbol: 'ADA' }, { symbol: 'BTC' }, { symbol: 'ETH' }]);
    expect(sent).toHaveLength(1);
    expect(await query.limit(1)).toEqual([{ symbol: 'ADA' }]);
    expect([sent.length, tally.outcomes]).toEqual([2, ['success', 'success']]);
  });

  it('is refined, copied and put into others as before', async () => {
    const { service } = await table();
    const query = service.rates();
    expect(query.where('symbol', '>', 'ADA').limit(1)).toBe(query);
    const copy = query.clone().clearWhere();
    expect(await query).toEqual([{ symbol: 'BTC' }]);
    expect(await copy).toEqual([{ symbol: 'ADA' }]);
    expect(await copy.first()).toEqual({ symbol: 'ADA' });
    expect(query.toQuery()).toBe(`select "symbol" from "rates" where "symbol" > 'ADA' order by "symbol" asc limit 1`);
    expect(await database('rates').count('*').whereIn('symbol', service.rates().limit(2))).toEqual([{ count: '2' }]);
  });

  it('is repeated by asking the method anew, with what its caller refined', async () => {
    const { service, tally, clock } = await table();
    service.missing = 1;
    expect(await passing(clock, service.rates().where('symbol', '>', 'ADA').clone().limit(1))).toEqual([
      { symbol: 'BTC' },
    ]);
    expect([service.called, tally.outcomes]).toEqual([2, ['failure', 'success']]);
  });

  it('goes through the chain as a stream, piped or read, and with a callback', async () => {
    const { service, tally } = await table();
    const rows = [{ symbol: 'ADA' }, { symbol: 'BTC' }];
    const stream = service.rates().limit(2).stream();
    expect(sent).toEqual([]);
    expect(await read(stream)).toEqual(rows);
    const handled: unknown[] = [];
    await service
      .rates()
      .limit(2)
      .stream((items) => items.on('data', (row) => handled.push(row)));
    expect(handled).toEqual(rows);
    const piped: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const sink = new Writable({ objectMode: true, write: (row, _, done) => (piped.push(row), done()) });
      service.rates().limit(2).pipe(sink).on('finish', resolve).on('error', reject);
    });
    expect(piped).toEqual(rows);
    const called = await new Promise((resolve) =>
      service
        .rates()
        .limit(2)
        .asCallback((_: unknown, found: unknown) => resolve(found)),
    );
    expect(called).toEqual(rows);
    expect([sent.length, tally.outcomes]).toEqual([4, ['success', 'success', 'success', 'success']]);
  });

  it('is begun anew as a stream, too, when it fails before the first row', async () => {
    const { service, tally, clock } = await table();
    service.missing = 1;
    expect(await passing(clock, read(service.rates().limit(2).stream()))).toEqual([
      { symbol: 'ADA' },
      { symbol: 'BTC' },
    ]);
    expect([service.called, tally.outcomes]).toEqual([2, ['failure', 'success']]);
  });

  it('gives its connection back when its reader leaves', async () => {
    const { service } = await table();
    const seen: unknown[] = [];
    for await (const row of service.rates().stream()) {
      seen.push(row);
      break;
    }
    expect(seen).toEqual([{ symbol: 'ADA' }]);
    expect((database.client as { pool: { numUsed(): number } }).pool.numUsed()).toBe(0);
  });

  it('is refused by an open circuit however it would begin', async () => {
    const { service, takeDown } = await table();
    const query = service.guarded();
    takeDown();
    const refused = { code: 'CIRCUIT_OPEN' };
    expect(await failureOf(query)).toMatchObject(refused);
    expect(await failureOf(query.where('symbol', 'BTC').catch((error) => Promise.reject(error)))).toMatchObject(
      refused,
    );
    expect(await failureOf(read(service.guarded().stream()))).toMatchObject(refused);
    expect(sent).toEqual([]);
  });
});

interface Rate {
  readonly symbol: string;
}

/** What a collection does, without a server. */
function stub(model: mongoose.Model<Rate>) {
  const rows = [{ symbol: 'ADA' }, { symbol: 'BTC' }];
  const asked: unknown[] = [];
  const failing: Error[] = [];
  model.collection.find = ((filter: object, { limit = 0 }: { limit?: number } = {}) => {
    let left = limit === 0 ? [...rows] : rows.slice(0, limit);
    const answer = <T>(value: () => T) => {
      const error = failing.shift();
      return error === undefined ? Promise.resolve(value()) : Promise.reject(error);
    };
    return {
      toArray: () => {
        asked.push({ filter, limit });
        return answer(() => left);
      },
      next: () => {
        if (left.length === rows.length || left.length === limit) asked.push({ filter, limit });
        return answer(() => {
          const [row = null, ...rest] = left;
          left = rest;
          return row;
        });
      },
      close: async () => undefined,
    };
  }) as never;
  return { asked, failing };
}

@Injectable()
class RateModels {
  called = 0;

  constructor(private readonly model: mongoose.Model<Rate>) {}

  @Retry(RETRY)
  @Tallied('okx')
  rates() {
    this.called += 1;
    return this.model.find({ symbol: { $gt: 'A' } }, { symbol: 1 }).lean();
  }

  @CircuitBreaker('down')
  @Tallied('okx')
  guarded() {
    return this.model.find().lean();
  }

  @CircuitBreaker('down')
  declared(): mongoose.Query<unknown, Rate> {
    return this.model.find().lean();
  }
}

describe('a mongoose query', () => {
  let collection: ReturnType<typeof stub>;

  const models = async () => {
    const connection = mongoose.createConnection();
    const options = { _id: false, bufferCommands: false, autoIndex: false, autoCreate: false };
    const model = connection.model<Rate>('Rate', new mongoose.Schema<Rate>({ symbol: String }, options));
    collection = stub(model);
    const started = await start(RateModels, () => new RateModels(model));
    started.service.rates();
    started.service.guarded();
    started.service.called = 0;
    started.tally.outcomes.length = 0;
    return started;
  };
  const ROWS = [{ symbol: 'ADA' }, { symbol: 'BTC' }];
  const unavailable = () => Object.assign(new Error('unavailable'), { status: 503 });

  it('is not begun before it is awaited or executed, and is begun once', async () => {
    const { service, tally } = await models();
    const query = service.guarded();
    expect([collection.asked, tally.outcomes]).toEqual([[], []]);
    expect(await query).toEqual(ROWS);
    expect(await failureOf(query)).toMatchObject({ message: expect.stringContaining('Query was already executed') });
    expect(await service.rates().exec()).toEqual(ROWS);
    expect(collection.asked).toHaveLength(2);
  });

  it('is refined as before, and repeated with that', async () => {
    const { service, tally, clock } = await models();
    collection.failing.push(unavailable());
    const query = service.rates();
    expect(query.where('symbol').ne('ETH').limit(1)).toBe(query);
    expect(await passing(clock, query.exec())).toEqual([{ symbol: 'ADA' }]);
    const asked = { filter: { symbol: { $gt: 'A', $ne: 'ETH' } }, limit: 1 };
    expect(collection.asked).toEqual([asked, asked]);
    expect([service.called, tally.outcomes]).toEqual([2, ['failure', 'success']]);
  });

  it('goes through the chain when it is iterated, by itself or by a cursor', async () => {
    const { service, tally, clock } = await models();
    expect(await read(service.rates())).toEqual(ROWS);
    expect(await read(service.rates().cursor())).toEqual(ROWS);
    const cursor = service.rates().limit(1).cursor();
    expect([await cursor.next(), await cursor.next()]).toEqual([{ symbol: 'ADA' }, null]);
    expect(tally.outcomes).toEqual(['success', 'success', 'success']);
    collection.failing.push(unavailable());
    expect(await passing(clock, read(service.rates()))).toEqual(ROWS);
    expect(tally.outcomes.slice(3)).toEqual(['failure', 'success']);
  });

  it('is refused by an open circuit however it would begin', async () => {
    const { service, takeDown } = await models();
    const queries = [service.guarded(), service.guarded(), service.guarded(), service.guarded()] as const;
    takeDown();
    const refused = { code: 'CIRCUIT_OPEN' };
    expect(await failureOf(queries[0])).toMatchObject(refused);
    expect(await failureOf(queries[1].exec())).toMatchObject(refused);
    expect(await failureOf(read(queries[2]))).toMatchObject(refused);
    expect(await failureOf(queries[3].cursor().next())).toMatchObject(refused);
    expect(collection.asked).toEqual([]);
  });

  it('that is declared is one from its first call on', async () => {
    const { service, takeDown } = await models();
    takeDown();
    const query = service.declared();
    expect(query.where('symbol').ne('ETH')).toBe(query);
    expect(await failureOf(query)).toMatchObject({ code: 'CIRCUIT_OPEN' });
    expect(collection.asked).toEqual([]);
  });
});
