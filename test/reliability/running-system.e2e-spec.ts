import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type HostAddress, SimulatorClient } from '@marketprism/exchange-simulator';
import { buildChain, systemClock } from '@marketprism/reliability';
import { type Database, openDatabase } from '@marketprism/store';
import { demoConfig, simulatorArguments } from '../../apps/collector/src/demo/demo-config.js';
import { build, endAll, start } from '../collector/built-demo.js';

/** `npm run test:reliability` runs a whole storm and holds the figures to their bounds; `npm test` a short one, to work. */
const FULL = process.env['RELIABILITY'] === 'full';
const STORM_MS = FULL ? 60_000 : 12_000;
/** Length of the schedule, which a run that goes on gets once more. */
const FAULTS_MS = FULL ? 60_000 : 20_000;
/** Longest time until every venue has answered once. */
const START_MS = 20_000;
const SECOND = 1_000;
/** Reads of the latest rates, one after the other, of which the slowest hundredth is left out. */
const READS = FULL ? 1_000 : 100;

interface Rate {
  readonly exchange: string;
  readonly ageMs: number;
  readonly stale: boolean;
}

/** What `/rates/latest` said at one moment. */
interface Look {
  readonly at: number;
  readonly tookMs: number;
  readonly rates: readonly Rate[];
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;

/** Exchanges, collector and reader are a process each, as they are where they run. */
describe('the running system', () => {
  let directory: string;
  let simulator: SimulatorClient;
  let hosts: readonly HostAddress[];
  let url: string;

  beforeAll(async () => {
    await build();
    directory = await mkdtemp(join(tmpdir(), 'reliability-'));
    const exchanges = start('simulator', simulatorArguments({ faults: 'storm', seed: 3, duration: FAULTS_MS }));
    const [ready] = await exchanges.saying(/^\{"event":"ready".*\}$/m);
    const { control } = JSON.parse(ready) as { control: string };
    simulator = new SimulatorClient(control);
    hosts = await simulator.hosts();
    const config = join(directory, 'collector.json');
    await writeFile(config, JSON.stringify(demoConfig(hosts, join(directory, 'data'), 0)));
    const collector = start('main.js', ['--config', config]);
    url = (await collector.saying(/rates +(http:\S+)\/rates\/latest/))[1] ?? '';
  }, 300_000);

  afterAll(async () => {
    await endAll();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const look = async (): Promise<Look> => {
    const from = systemClock.now();
    const { rates } = (await fetch(`${url}/rates/latest`).then((answer) => answer.json())) as {
      rates: Rate[];
    };
    return { at: systemClock.wallNow(), tookMs: systemClock.now() - from, rates };
  };

  it(
    'answers for every venue in every second of a storm, fresh or marked stale',
    async () => {
      const venues = [...new Set(hosts.map(({ venue }) => venue))];
      const missing = ({ rates }: Look) => venues.filter((venue) => !rates.some(({ exchange }) => exchange === venue));
      for (const end = systemClock.now() + START_MS; missing(await look()).length > 0 && systemClock.now() < end;) {
        await sleep(SECOND / 4);
      }
      const looks: Look[] = [];
      for (const end = systemClock.now() + STORM_MS; systemClock.now() < end;) {
        looks.push(await look());
        await sleep(Math.max(0, SECOND - looks.at(-1)!.tookMs));
      }
      const faults = await simulator.faults();
      let answered = 0;
      let sound = 0;
      let fresh = 0;
      for (const { at, rates } of looks) {
        for (const venue of venues) {
          const own = rates.filter(({ exchange }) => exchange === venue);
          if (own.length > 0) answered += 1;
          if (!hasSoundHost(venue, at, hosts, faults)) continue;
          sound += 1;
          if (own.some(({ stale }) => !stale)) fresh += 1;
        }
      }
      const availability = answered / (looks.length * venues.length);
      const freshness = fresh / sound;
      const p99 = percentile(
        looks.map(({ tookMs }) => tookMs),
        0.99,
      );
      console.log(
        `answered ${(100 * availability).toFixed(2)} %, fresh ${(100 * freshness).toFixed(2)} % of the time in which a host is sound; ` +
          `/rates/latest p99 ${p99.toFixed(0)} ms`,
      );
      expect(availability).toBeGreaterThanOrEqual(0.999);
      if (FULL) expect(freshness).toBeGreaterThanOrEqual(0.99);
    },
    STORM_MS + START_MS + 60_000,
  );

  it('answers twenty connections at once', async () => {
    const looks = await Promise.all(Array.from({ length: 20 }, look));
    expect(looks.every(({ rates }) => rates.length > 800)).toBe(true);
    const alone: number[] = [];
    while (alone.length < READS) alone.push((await look()).tookMs);
    const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => percentile(alone, share));
    console.log(
      `/rates/latest one by one: p50 ${p50!.toFixed(1)} ms, p99 ${p99!.toFixed(1)} ms, worst of ${READS} ${worst!.toFixed(1)} ms`,
    );
    if (FULL) expect(p99).toBeLessThan(100);
  }, 60_000);
});

describe('load', () => {
  const chain = () =>
    buildChain({
      retry: { attempts: 3 },
      circuitBreaker: {},
      rateLimit: { limit: 1_000_000, windowMs: 1_000 },
      bulkhead: { maxConcurrent: 1_000 },
      timeLimit: { limitMs: 10_000 },
    });

  it.each([100, 800])('gives each of %i concurrent calls its own answer', async (callers) => {
    const protection = chain();
    const answers = await Promise.all(
      Array.from({ length: callers }, (_, index) => protection.execute(() => sleep(10, index))),
    );
    expect(answers).toEqual(Array.from({ length: callers }, (_, index) => index));
  });

  it('carries thousands of tasks one after the other and loses none', async () => {
    const protection = chain();
    const bare: number[] = [];
    const protectedCalls: number[] = [];
    const task = async (index: number) => index;
    const started = systemClock.now();
    let sum = 0;
    for (let index = 0; index < 5_000; index += 1) {
      const before = systemClock.now();
      await task(index);
      const between = systemClock.now();
      sum += await protection.execute(() => task(index));
      protectedCalls.push(systemClock.now() - between);
      bare.push(between - before);
    }
    const perSecond = 5_000 / ((systemClock.now() - started) / SECOND);
    const added = percentile(protectedCalls, 0.99) - percentile(bare, 0.99);
    console.log(`${Math.round(perSecond)} protected tasks/s; the chain adds ${(1_000 * added).toFixed(0)} µs at p99`);
    expect(sum).toBe((4_999 * 5_000) / 2);
    if (FULL) expect([perSecond > 200, added < 1]).toEqual([true, true]);
  }, 60_000);
});

describe('a thousand messages', () => {
  let directory: string;
  let database: Database;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reliability-store-'));
    database = await openDatabase({ dataDir: join(directory, 'data') });
  }, 60_000);

  afterAll(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are stored exactly once, though every fifth write is answered with an error after it was made', async () => {
    await database.command(
      'CREATE TABLE message (id UInt32, text String) ENGINE = ReplacingMergeTree ORDER BY id SETTINGS fsync_after_insert = 1',
    );
    const protection = buildChain({
      retry: { attempts: 4, backoff: { kind: 'fixed', delayMs: 1, jitter: 'none' }, classes: {} },
    });
    let writes = 0;
    for (let batch = 0; batch < 50; batch += 1) {
      const rows = Array.from({ length: 20 }, (_, index) => ({
        id: batch * 20 + index,
        text: `message ${batch * 20 + index}`,
      }));
      await protection.execute(async () => {
        await database.insert('message', rows, { token: `batch-${batch}` });
        writes += 1;
        if (writes % 5 === 0) throw Object.assign(new Error('the answer was lost'), { code: 'ECONNRESET' });
      });
    }
    const [row] = await database.query<{ rows: string; ids: string; sum: string }>(
      'SELECT count() AS rows, uniqExact(id) AS ids, sum(id) AS sum FROM message FINAL',
    );
    expect(row).toEqual({ rows: '1000', ids: '1000', sum: '499500' });
    expect(writes).toBeGreaterThan(50);
  }, 120_000);
});

/** Whether at least one host of a venue has no fault that keeps it from answering well. */
function hasSoundHost(venue: string, at: number, hosts: readonly HostAddress[], faults: readonly Fault[]): boolean {
  const bad = new Set(
    faults
      .filter((fault) => fault.venue === venue && fault.kind !== 'latency' && fault.startsAt <= at && at < fault.endsAt)
      .flatMap((fault) => fault.hosts),
  );
  return hosts.some(({ venue: of, host }) => of === venue && !bad.has(host));
}
