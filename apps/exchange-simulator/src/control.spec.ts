import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatorClient } from './simulator-client.js';
import { startSimulator, type Simulator } from './simulator.js';

const PATH = '/fapi/v1/premiumIndex';

describe('control API', () => {
  let simulator: Simulator;
  let client: SimulatorClient;

  beforeAll(async () => {
    simulator = await startSimulator({
      seed: 11,
      venues: ['binanceusdm', 'bitget'],
      symbolsPerVenue: 4,
      hostsPerVenue: 2,
      settlementMs: 1_000,
      settlementMsByVenue: { bitget: 2_000 },
      deliveryGraceMs: 5,
    });
    client = new SimulatorClient(simulator.controlUrl);
  });
  afterAll(() => simulator.close());

  it('lists the hosts, all on loopback and each answering', async () => {
    const hosts = await client.hosts();
    expect(hosts.map(({ host }) => host)).toEqual(['binanceusdm-1', 'binanceusdm-2', 'bitget-1', 'bitget-2']);
    for (const { url } of hosts) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answers = await Promise.all(hosts.map(({ url }) => fetch(`${url}/nothing`)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });

  it('lists the contracts with their groups, and which of them settle', async () => {
    const contracts = await client.instruments('bitget');
    expect(contracts.slice(0, 1)).toEqual([
      { symbolId: 'BTCUSDT', group: 'USDT-FUTURES', settles: true, intervalHours: expect.any(Number) as number },
    ]);
    expect(contracts.filter(({ settles }) => !settles).map(({ symbolId }) => symbolId)).toEqual([
      'BTCUSD_270326',
      'ETHUSD_270326',
    ]);
  });

  it('tells what was served, with the lexemes that were sent, and published when it settled', async () => {
    const host = simulator.hosts()[0]?.url ?? '';
    const rows = (await (await fetch(host + PATH)).json()) as Record<string, string | number>[];
    await new Promise((resolve) => setTimeout(resolve, 30));
    const sent = Object.fromEntries(
      rows.filter((row) => row['nextFundingTime'] !== 0).map((row) => [row['symbol'], row['lastFundingRate']]),
    );
    const time = String(rows[0]?.['nextFundingTime']);
    expect(Object.keys(sent)).toEqual(['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']);
    expect((await client.served('binanceusdm'))[time]).toEqual(sent);

    await new Promise((resolve) => setTimeout(resolve, Number(time) - Date.now() + 5));
    expect((await client.published('binanceusdm'))[time]).toEqual(sent);
    expect(await client.published('binanceusdm', { from: Number(time), to: Number(time) })).toEqual({ [time]: sent });
  });

  it('publishes other groups on request, and nothing of the time to come', async () => {
    const from = Math.ceil(simulator.startedAt / 2_000) * 2_000 - 4_000;
    const table = await client.published('bitget', { from, to: from + 3_999, group: 'COIN-FUTURES' });
    expect(Object.keys(table)).toEqual([String(from), String(from + 2_000)]);
    expect(Object.keys(table[String(from)] ?? {})).toEqual(['BTCUSD', 'ETHUSD']);
    expect(await client.published('bitget', { from: Date.now() + 10_000, to: Date.now() + 20_000 })).toEqual({});
  });

  it('adds a fault, lists it and ends it', async () => {
    const host = simulator.hosts()[1];
    const [fault] = await client.addFaults([
      { kind: 'unavailable', venue: 'binanceusdm', host: 'binanceusdm-2', durationMs: 60_000 },
    ]);
    expect(fault).toMatchObject({ kind: 'unavailable', hosts: ['binanceusdm-2'], affected: 0 });
    expect((await fetch((host?.url ?? '') + PATH)).status).toBe(503);
    expect(await client.faults()).toMatchObject([{ id: fault?.id, affected: 1 }]);
    await client.endFault(fault?.id ?? '');
    expect((await fetch((host?.url ?? '') + PATH)).status).toBe(200);
    expect((await client.faults())[0]?.endsAt).toBeLessThanOrEqual(Date.now());
  });

  it('counts requests by host, status and fault', async () => {
    // An answer is booked when its connection has outlived it by the grace of 5 ms.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { seed, startedAt, venues } = await client.stats();
    expect({ seed, startedAt }).toEqual({ seed: 11, startedAt: simulator.startedAt });
    expect(venues.bitget).toMatchObject({
      settlementMs: 2_000,
      mainGroup: 'USDT-FUTURES',
      violations: 0,
      impatient: 0,
    });
    expect(venues.binanceusdm?.hosts['binanceusdm-2']).toEqual({
      requests: 3,
      byStatus: { '200': 1, '404': 1, '503': 1 },
      byFault: { unavailable: 1 },
      uncertain: 0,
      broken: 0,
    });
    expect(await client.violations()).toEqual([]);
  });

  it('answers bad input with every problem by path, rule and value', async () => {
    await expect(
      client.addFaults([
        { kind: 'unavailable', venue: 'binanceusdm', host: 'nowhere', durationMs: 10 },
        { kind: 'unavailable', venue: 'okx', durationMs: 10 },
      ]),
    ).rejects.toThrow(
      'POST /faults: 400: Faults:\n' +
        '  [0].host: must be * or one of binanceusdm-1, binanceusdm-2; got "nowhere"\n' +
        '  [1].venue: must be one that is served; got "okx"',
    );
    await expect(client.served('okx')).rejects.toThrow(
      'venue: must be one that is served (binanceusdm, bitget); got "okx"',
    );
    await expect(client.published('bitget', { from: 0 })).rejects.toThrow('from: at most 1000000 at once');
    await expect(client.endFault('f404')).rejects.toThrow('DELETE /faults/f404: 404');
    const unknown = await fetch(`${simulator.controlUrl}/served?venue=bitget&sinse=1`);
    expect(unknown.status).toBe(400);
    expect(await unknown.text()).toContain('sinse');
  });
});

describe('startSimulator', () => {
  it('refuses bad options with one error that names every problem', async () => {
    await expect(
      startSimulator({
        seed: -1,
        settlementMs: 1_500,
        hostsPerVenue: 0,
        venues: ['nasdaq'] as never,
        spare: 1,
      } as never),
    ).rejects.toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        problems: [
          expect.stringMatching(/^seed: .*; got -1$/),
          expect.stringMatching(/^venues\[0\]: .*; got "nasdaq"$/),
          expect.stringMatching(/^hostsPerVenue: .*; got 0$/),
          expect.stringMatching(/^settlementMs: must be a multiple of 1000.*; got 1500$/),
          expect.stringMatching(/"spare"/),
        ],
      }) as Error,
    );
  });

  it('begins the schedule that is named, and the one in a file', async () => {
    const storm = await startSimulator({ faults: 'storm', hostsPerVenue: 1 });
    expect(storm.faults()).toHaveLength(8 * 9);
    expect(Math.min(...storm.faults().map(({ startsAt }) => startsAt))).toBeGreaterThanOrEqual(storm.startedAt);
    await storm.close();

    const folder = await mkdtemp(join(tmpdir(), 'faults-'));
    const file = join(folder, 'faults.yaml');
    await writeFile(file, 'faults: [{ kind: html, venue: gate, startMs: 50, durationMs: 10 }]');
    const fromFile = await startSimulator({ faults: { file }, venues: ['gate'], hostsPerVenue: 1 });
    expect(fromFile.faults()).toMatchObject([{ kind: 'html', venue: 'gate', hosts: ['gate-1'] }]);
    await fromFile.close();
    await rm(folder, { recursive: true });
  });

  it('goes on with the same series after a restart with the same seed', async () => {
    const rates: (string | null)[] = [];
    for (let run = 0; run < 2; run += 1) {
      const simulator = await startSimulator({ seed: 5, venues: ['gate'], hostsPerVenue: 1, symbolsPerVenue: 2 });
      rates.push(simulator.rateAt('gate', 'BTC_USDT', 1_795_230_385_000));
      await simulator.close();
    }
    expect(rates[0]).toMatch(/^-?0\.\d+$/);
    expect(rates[1]).toBe(rates[0]);
  });

  it('closes with requests still waiting for headers that never come', async () => {
    const simulator = await startSimulator({ venues: ['gate'], hostsPerVenue: 1 });
    simulator.addFaults([{ kind: 'headersNever', venue: 'gate', durationMs: 60_000 }]);
    const waiting = fetch(`${simulator.hosts()[0]?.url}/api/v4/futures/usdt/contracts`).catch(() => 'broken');
    await new Promise((resolve) => setTimeout(resolve, 30));
    await simulator.close();
    expect(await waiting).toBe('broken');
  });
});
