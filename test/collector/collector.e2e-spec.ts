import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoSummary } from '../../apps/collector/src/demo/summary.js';
import { build, endAll, start } from './built-demo.js';

/** The built programs, run with plain node as a user runs them. */
describe('the built collector', () => {
  let directory: string;
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(join(directory, file), 'utf8')) as T;

  beforeAll(build, 180_000);
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'collector-e2e-'))));
  afterEach(async () => {
    await endAll();
    await rm(directory, { recursive: true, force: true });
  });

  const demo = (...args: string[]) =>
    start('demo/main.js', ['--data', join(directory, 'data'), '--json', join(directory, 'summary.json'), ...args]);

  it('loses nothing, doubles nothing and keeps every limit in a storm', async () => {
    const { ended, output } = demo('--duration', '15s', '--faults', 'storm', '--seed', '11');
    expect([await ended, output()]).toEqual([0, expect.stringContaining('lost 0')]);
    const summary = await read<DemoSummary>('summary.json');
    expect(summary).toMatchObject({ lost: 0, wrong: 0, duplicated: 0, rateLimitViolations: 0, drained: true });
    expect(summary.stored).toBe(summary.distinct);
    expect(summary.longestRecoveryMs).toBeLessThan(30_000);
    expect(summary.retries).toBeGreaterThan(0);
    expect(Object.values(summary.exchanges).filter(({ limiterWaits }) => limiterWaits > 0).length).toBeGreaterThan(1);
    expect(Object.keys(summary.exchanges)).toHaveLength(8);
  }, 90_000);

  it('survives kill -9: nothing stored is gone, nothing double, and what was missed meanwhile is filled', async () => {
    const first = demo('--faults', 'none', '--seed', '7');
    const url = (await first.saying(/rates +(http:\S+)\/rates\/latest/))[1];
    await first.saying(/\n10 s/);
    const before = await settlements(`${url}/rates/history?exchange=bybit&limit=10000`);
    expect(before.size).toBeGreaterThan(100);
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    const second = demo('--duration', '12s', '--faults', 'none', '--seed', '7');
    const again = (await second.saying(/rates +(http:\S+)\/rates\/latest/))[1];
    const restored = await settlements(`${again}/rates/history?exchange=bybit&limit=10000`);
    for (const [key, rate] of before) expect([key, restored.get(key)]).toEqual([key, rate]);
    await second.saying(/\n10 s/);
    const filled = await settlements(`${again}/rates/history?exchange=binanceusdm&limit=10000`);
    const times = [...new Set([...filled.keys()].map((key) => Number(key.split('|')[0])))].sort((a, b) => a - b);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(new Set(gaps)).toEqual(new Set([5_000]));

    const all = `${again}/rates/history?exchange=gate&limit=10000&to=${times.at(-1)}`;
    const known = await settlements(all);
    const paged = new Map<string, string>();
    let cursor = '';
    for (let next: string | null = cursor; next !== null;) {
      const page = (await fetch(
        `${again}/rates/history?exchange=gate&limit=97&to=${times.at(-1)}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      ).then((response) => response.json())) as { next: string | null; rates: Settlement[] };
      for (const { fundingTime, symbolId, fundingRate } of page.rates) {
        expect(paged.has(`${fundingTime}|${symbolId}`)).toBe(false);
        paged.set(`${fundingTime}|${symbolId}`, fundingRate);
      }
      next = page.next;
      cursor = next ?? '';
    }
    // Histories go on being filled: what was there before is in the pages, and what is in them is there after.
    const after = await settlements(all);
    expect([...known.keys()].filter((key) => !paged.has(key))).toEqual([]);
    expect([...paged.keys()].filter((key) => !after.has(key))).toEqual([]);
    const csv = await fetch(`${again}/rates/latest?exchange=okx&format=csv`).then((response) => response.text());
    expect(csv.split('\n')[0]).toContain('exchange,symbol,symbolId,fundingRate');
    expect(csv.trim().split('\n').length).toBeGreaterThan(100);
    expect((await fetch(`${again}/rates/history?limit=0`)).status).toBe(400);

    expect(await second.ended).toBe(0);
    expect(await read<DemoSummary>('summary.json')).toMatchObject({ lost: 0, wrong: 0, duplicated: 0 });
  }, 120_000);

  it('starts without a network, says whom it does not reach, keeps trying and ends when told', async () => {
    const config = join(directory, 'collector.json');
    const unreachable = { hosts: ['http://127.0.0.1:1'] };
    await writeFile(
      config,
      JSON.stringify({
        http: { port: 0 },
        collect: { pollEveryMs: 200 },
        reliability: { retryBaseMs: 10, retryCapMs: 50, breakerOpenForMs: 300, breakerCapMs: 600 },
        venues: { okx: unreachable, gate: unreachable },
      }),
    );
    const { child, ended, saying } = start('main.js', ['--config', config, '--data', join(directory, 'data')]);
    const url = (await saying(/health +(http:\S+)/))[1] ?? '';
    const health = await until(
      () => fetch(url).then((response) => response.json() as Promise<Health>),
      ({ details }) => details.exchanges.unreachable?.length === 2,
    );
    expect(health).toMatchObject({ status: 'degraded', details: { exchanges: { unreachable: ['okx', 'gate'] } } });
    expect((await fetch(`${url}/live`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const failed = /collector_polls_total\{exchange="okx",list="swap",result="failed"\} [1-9]/;
    const metrics = await until(
      () => fetch(url.replace('/health', '/metrics')).then((response) => response.text()),
      (text) => failed.test(text),
    );
    expect(metrics).toMatch(failed);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }, 60_000);

  it('ends with one line for each mistake in the configuration', async () => {
    const config = join(directory, 'collector.yaml');
    await writeFile(config, 'venues:\n  okx: { hosts: [nowhere] }\ncollect: { pollEveryMs: 1 }\n');
    const { ended, output } = start('main.js', ['--config', config]);
    expect(await ended).toBe(1);
    expect(output()).toContain('2 problems:\n');
    expect(output()).toContain('venues.okx.hosts.0: must be an http:// or https:// address; got "nowhere"');
    expect(output()).toContain('collect.pollEveryMs:');
  }, 60_000);
});

interface Settlement {
  readonly fundingTime: number;
  readonly symbolId: string;
  readonly fundingRate: string;
}

interface Health {
  readonly status: string;
  readonly details: { readonly exchanges: { readonly unreachable?: readonly string[] } };
}

/** `time|id` and rate of every settlement that an address lists. */
async function settlements(url: string): Promise<Map<string, string>> {
  const { rates } = (await fetch(url).then((response) => response.json())) as {
    rates: Settlement[];
  };
  return new Map(rates.map(({ fundingTime, symbolId, fundingRate }) => [`${fundingTime}|${symbolId}`, fundingRate]));
}

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (holds(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
