import { openDatabase } from '@marketprism/store';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoSummary } from '../../apps/collector/src/demo/summary.js';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { natsServer } from '../engines/nats.js';
import { build, endAll, type Process, start } from './built-demo.js';

/** Process ids of the embedded nodes that a collector has started. */
function nodesOf({ child }: Process): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return parent === child.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('node-process');
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

describe('the built collector with several nodes', () => {
  let directory: string;
  const data = (): string => join(directory, 'data');

  beforeAll(build, 300_000);
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'pipelines-'))));
  afterEach(async () => {
    await endAll();
    await rm(directory, { recursive: true, force: true });
  });

  const demo = (environment: NodeJS.ProcessEnv, ...args: string[]): Process =>
    start('demo/main.js', ['--data', data(), '--json', join(directory, 'summary.json'), ...args], environment);
  const summary = async (): Promise<DemoSummary> =>
    JSON.parse(await readFile(join(directory, 'summary.json'), 'utf8')) as DemoSummary;
  const urlOf = async (process: Process): Promise<string> =>
    (await process.saying(/rates +(http:\S+)\/rates\/latest/))[1] ?? '';
  /** How many settlements a reader is told of. */
  const told = async (url: string): Promise<number> =>
    ((await fetch(`${url}/rates/history?exchange=bybit&limit=10000`).then((answer) => answer.json())) as Page).rates
      .length;

  /** Settlements on a node's own disk: rows, and different ones among them. */
  async function onDisk(node: string): Promise<{ rows: number; distinct: number }> {
    const database = await openDatabase({ dataDir: join(data(), 'nodes', node) });
    try {
      const [row] = await database.query<{ rows: string; distinct: string }>(
        'SELECT count() AS rows, uniqExact(exchange, symbolId, fundingTime) AS distinct FROM funding_settlement FINAL',
      );
      return { rows: Number(row?.rows), distinct: Number(row?.distinct) };
    } finally {
      await database.close();
    }
  }

  /** One run in which a node and, at the end, the collector itself are killed; then one that goes on to its end. */
  async function killAndGoOn(environment: NodeJS.ProcessEnv, midRun: (url: string) => Promise<void>): Promise<void> {
    const first = demo(environment, '--faults', 'none', '--seed', '31', '--nodes', '3');
    const url = await urlOf(first);
    await eventually(async () => expect(await told(url)).toBeGreaterThan(0), 120_000);
    process.kill(nodesOf(first)[0] ?? 0, 'SIGKILL');
    await midRun(url);
    const before = await told(url);
    await eventually(async () => expect(await told(url)).toBeGreaterThan(before), 120_000);
    const acknowledged = await told(url);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = demo(environment, '--duration', '15s', '--faults', 'none', '--seed', '31', '--nodes', '3');
    const again = await urlOf(second);
    expect(await told(again)).toBeGreaterThanOrEqual(acknowledged);
    expect(`${await second.ended}: ${second.output()}`).toMatch(/^0: [^]*lost 0/);
    expect(await summary()).toMatchObject({ lost: 0, wrong: 0, duplicated: 0, drained: true });
    const { stored } = await summary();
    const nodes = [await onDisk('a'), await onDisk('b'), await onDisk('c')]; // one at a time in a process
    for (const { rows, distinct } of nodes) expect(rows).toBe(distinct);
    expect(nodes.filter(({ rows }) => rows === stored).length).toBeGreaterThanOrEqual(2);
  }

  it('loses and doubles nothing when a node and the collector are killed: journal', async () => {
    await killAndGoOn({}, async () => undefined);
  }, 420_000);

  it('takes the rows of a single engine over into every node', async () => {
    const single = demo({}, '--duration', '6s', '--faults', 'none', '--seed', '32');
    expect(await single.ended).toBe(0);
    const { stored } = await summary();
    expect(stored).toBeGreaterThan(0);
    const several = demo({}, '--duration', '6s', '--faults', 'none', '--seed', '32', '--nodes', '3');
    expect(`${await several.ended}: ${several.output()}`).toMatch(/^0: [^]*lost 0/);
    const after = (await summary()).stored;
    expect(after).toBeGreaterThanOrEqual(stored);
    expect((await onDisk('c')).rows).toBeGreaterThanOrEqual(stored);
    const back = demo({}, '--duration', '6s', '--faults', 'none');
    expect(await back.ended).toBe(1);
    expect(back.output()).toContain('holds the nodes of an earlier run');
  }, 300_000);

  describeWithEngines(['nats-server'], 'and a NATS server', () => {
    let nats: Engine & { readonly url: string };
    beforeEach(async () => {
      nats = await natsServer(directory);
      await nats.start();
    });
    afterEach(() => nats.kill());

    it('loses and doubles nothing when a node, the server and the collector are killed', async () => {
      await killAndGoOn({ NATS_URL: nats.url }, async () => {
        await nats.kill();
        await nats.start();
      });
    }, 420_000);

    it('brings what an earlier run left in its journal to the server', async () => {
      const first = demo({}, '--faults', 'none', '--seed', '33');
      const url = await urlOf(first);
      await eventually(async () => expect(await told(url)).toBeGreaterThan(0), 120_000);
      first.child.kill('SIGKILL');
      await first.ended;
      const second = demo({ NATS_URL: nats.url }, '--duration', '8s', '--faults', 'none', '--seed', '33');
      expect(`${await second.ended}: ${second.output()}`).toMatch(/^0: [^]*lost 0/);
      expect(await summary()).toMatchObject({ lost: 0, wrong: 0, duplicated: 0, drained: true });
    }, 120_000);
  });
});

interface Page {
  readonly rates: readonly unknown[];
}
