import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventBus,
  type LoadBalancerHandle,
  type RateLimiterHandle,
  ReliabilityManager,
  ReliabilityModule,
  seededRandom,
} from '@marketprism/reliability';
import { ReliabilityPrometheusModule } from '@marketprism/reliability/prometheus';
import { ManualClock } from '@marketprism/reliability/testing';
import { directoryTarget, openDatabase, RedundantStore } from '@marketprism/store';
import { bindStoreMetrics, MeteredBackups, MeteredDatabase } from '@marketprism/store/prometheus';
import { BatchWorker, openStream } from '@marketprism/stream';
import { bindStreamMetrics } from '@marketprism/stream/prometheus';
import { Journal } from '@marketprism/stream/journal';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { join } from 'node:path';
import { register } from 'prom-client';
import { failure, Keyed, policies } from '../metrics/library-world.js';

const clock = new ManualClock();

@Module({
  imports: [
    ReliabilityModule.forRoot({ policies, capabilities: { clock, random: seededRandom(1), emit: new EventBus() } }),
    PrometheusModule.register({ defaultMetrics: { enabled: false } }),
    ReliabilityPrometheusModule,
  ],
  providers: [Keyed],
})
class BusyModule {}

/** An application that uses what the collector does not: every kind of policy, a stream and a redundant store. */
export class BusyApplication {
  readonly #ends: (() => unknown)[] = [];
  #release!: (value: string) => void;
  /** What never ends while the application runs. */
  readonly #never = new Promise<string>((resolve) => (this.#release = resolve));
  #app!: INestApplication;

  /** Starts it, and leaves every policy in the middle of something. */
  async start(directory: string): Promise<string> {
    register.clear();
    this.#app = await NestFactory.create(BusyModule, { logger: false });
    await this.#app.listen(0, '127.0.0.1');
    await this.#usePolicies(this.#app.get(ReliabilityManager), this.#app.get(Keyed));
    const journal = await this.#useStore(directory);
    await this.#useStream(directory);
    this.#ends.push(
      () => journal.close(),
      () => this.#app.close(),
    );
    return new URL(await this.#app.getUrl()).host;
  }

  async close(): Promise<void> {
    this.#release('over');
    // Shutting down waits by the clock for what is under way.
    const passing = setInterval(() => clock.advance(1_000), 5);
    for (const end of this.#ends) await end();
    clearInterval(passing);
  }

  async #usePolicies(manager: ReliabilityManager, keyed: Keyed): Promise<void> {
    const run = (name: string, work: () => unknown) => manager.executeWithProtection(name, work).catch(() => undefined);
    const fail = (name: string, status?: number) => run(name, () => Promise.reject(failure(status)));
    const ok = (name: string) => run(name, async () => 'good');
    const hang = (name: string) => void run(name, () => this.#never);

    await fail('opens');
    await ok('opens');
    await fail('shadow');
    await ok('shadow');
    const slow = run('slow', () => new Promise((resolve) => clock.schedule(10, () => resolve('late'))));
    await clock.run(11);
    await slow;
    await keyed.watched('a', true).catch(() => undefined);
    await keyed.watched('b', false);
    await ok('rejects');
    await ok('rejects');
    await keyed.limited('a');
    await keyed.limited('b');
    (manager.policy('rate-limiter', 'paused') as RateLimiterHandle).penalize(900_000);
    hang('refunds');
    await ok('refunds');
    const first = run('queues', () => new Promise((resolve) => clock.schedule(5, () => resolve('done'))));
    const second = run('queues', async () => 'second');
    await clock.run(6);
    await Promise.all([first, second]);
    await ok('sheds');
    const limited = run('limited', () => new Promise((_, reject) => clock.schedule(20, () => reject(failure()))));
    const aborted = run('limited', () => {
      const error = Object.assign(new Error('aborted'), { name: 'AbortError' });
      return new Promise((_, reject) => clock.schedule(20, () => reject(error)));
    });
    hang('limited');
    hang('bounded');
    await clock.run(30);
    await Promise.all([limited, aborted]);
    await fail('retries', 400);
    const hedged = run(
      'hedges',
      () => new Promise((resolve) => clock.schedule(30, () => resolve({ [Symbol.dispose]() {} }))),
    );
    await clock.run(50);
    await hedged;
    const unhedged = run('hedges', () => new Promise((resolve) => clock.schedule(30, () => resolve(1))));
    await clock.run(50);
    await unhedged;
    keyed.work = this.#never;
    void keyed.equal('a');
    void keyed.equal('a');
    void keyed.equal(new Map());
    await fail('falls');
    await fail('falls', 400);
    for (const argument of ['a', 'b', new Map()]) await keyed.kept(argument, false);
    await fail('breaks');
    await ok('balanced');
    const failing = fail('balanced');
    await clock.run(1);
    await failing;
    await ok('discovers');
    await (manager.policy('load-balancer', 'discovers') as LoadBalancerHandle).refresh();
    await ok('scales');
    for (let step = 0; step < 4; step += 1) await clock.run(1_000);
    // What passes with time is made last, so that it holds while somebody scrapes.
    await fail('opens');
    await fail('ramps');
    await clock.run(11);
    await ok('ramps');
    const retrying = fail('retries');
    void retrying;
    hang('queues');
    hang('queues');
    await new Promise(setImmediate);
  }

  async #useStream(directory: string): Promise<void> {
    const stream = await openStream({ journal: { directory: join(directory, 'stream') } });
    const worker = await BatchWorker.start(
      stream,
      { consumer: 'work', waitMs: 1, failures: { unknown: { attempts: 1 } } },
      (messages) => {
        if (messages.some(({ subject }) => subject === 'bad')) throw new Error('bad');
      },
    );
    const unbind = bindStreamMetrics(register, { consumers: () => [worker.snapshot()], stream });
    const publish = (subject: string) => stream.publish(subject, 'text');
    await Promise.all([publish('bad'), publish('good')]);
    const publishing = setInterval(() => void publish('good'), 100);
    this.#ends.push(
      () => clearInterval(publishing),
      unbind,
      () => worker.stop(),
      () => stream.close(),
    );
  }

  async #useStore(directory: string): Promise<Journal> {
    const journal = await Journal.open({ directory: join(directory, 'journal') });
    const node = { name: 'a', open: () => openDatabase({ dataDir: join(directory, 'a') }) };
    const redundant = await RedundantStore.open({ nodes: [node], journal, minReplicas: 0 });
    const database = new MeteredDatabase(redundant);
    const backups = new MeteredBackups({ target: directoryTarget(join(directory, 'backups')) });
    const unbind = bindStoreMetrics(register, { database, redundant, backups });
    await database.command('CREATE TABLE rate (id UInt64) ENGINE = MergeTree ORDER BY id');
    await backups.create(database, 'full');
    let id = 0;
    const use = async () => {
      await database.insert('rate', [{ id: (id += 1) }]);
      await database.query('SELECT count() FROM rate');
      await database.exportTsv('SELECT id FROM rate LIMIT 1');
      await database.command('SELECT 1').catch(() => undefined);
    };
    await use();
    let using = Promise.resolve();
    const timer = setInterval(() => (using = using.then(use).catch(() => undefined)), 500);
    this.#ends.push(
      () => clearInterval(timer),
      () => using,
      unbind,
      () => redundant.close(),
    );
    return journal;
  }
}
