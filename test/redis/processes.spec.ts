import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SharedRateLimiterOptions } from '@marketprism/reliability/redis';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { eventually } from '../engines/eventually.js';
import { redisServer } from '../engines/redis.js';
import { forkTypeScript } from '../engines/typescript-child.js';
import type { Admissions, Go, Progress } from './processes/instance.js';

const INSTANCES = 4;

const FRESH: Progress = { admitted: 0, inOutage: 0, storeAvailable: true };

class Instance {
  progress = FRESH;
  private stopped: (admissions: Admissions) => void = () => undefined;

  private constructor(readonly child: ChildProcess) {
    // One listener for all of them: messages that come together would slip past one that is set anew for each.
    child.on('message', (message: Progress | Admissions) => {
      if (Array.isArray(message)) this.stopped(message as Admissions);
      else this.progress = message as Progress;
    });
  }

  static async start(): Promise<Instance> {
    const child = forkTypeScript('test/redis/processes/instance.ts', []);
    await once(child, 'message');
    return new Instance(child);
  }

  go(order: Go): void {
    this.progress = FRESH;
    this.child.send(order);
  }

  stop(): Promise<Admissions> {
    return new Promise((resolve) => {
      this.stopped = resolve;
      this.child.send('stop');
    });
  }
}

function mostInAnyWindow(times: Admissions, windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last += 1) {
    while (sorted[last]! - sorted[first]! >= windowMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describeWithEngines(['redis-server'], 'four processes that share one limit', () => {
  let server: Engine;
  let directory: string;
  let fleet: Instance[] = [];

  beforeAll(async () => {
    fleet = await Promise.all(Array.from({ length: INSTANCES }, () => Instance.start()));
  }, 160_000);
  afterAll(() => {
    for (const { child } of fleet) child.kill('SIGKILL');
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'redis-fleet-'));
  });
  afterEach(async () => {
    await stop();
    await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(options: SharedRateLimiterOptions, serverOptions: readonly string[] = []): Promise<void> {
    server = await (await redisServer(['--dir', directory, ...serverOptions])).start();
    for (const instance of fleet) instance.go({ port: server.port, options });
  }

  const admitted = () => fleet.reduce((sum, { progress }) => sum + progress.admitted, 0);
  const all = (expected: Partial<Progress>) =>
    eventually(() => {
      for (const { progress } of fleet) expect(progress).toMatchObject(expected);
    }, 60_000);
  const stop = async () => (await Promise.all(fleet.map((instance) => instance.stop()))).flat();

  const LIMIT = 200;
  const STRICT: SharedRateLimiterOptions = {
    decide: 'strict',
    mode: 'reject',
    // The second window lets the first one last for some seconds: who knows that there is nothing left asks no more.
    windows: [
      { algorithm: 'sliding-window', limit: LIMIT, windowMs: 600_000 },
      { algorithm: 'gcra', limit: 20, windowMs: 1_000 },
    ],
    instances: INSTANCES,
  };

  it('strict: admit the limit and not one more, though the server is killed in mid-run and keeps its file', async () => {
    await start(STRICT, ['--appendonly', 'yes', '--appendfsync', 'always']);
    await eventually(() => expect(admitted()).toBeGreaterThan(10), 60_000);
    await server.kill();
    await all({ storeAvailable: false });
    const before = admitted();
    await server.start();
    await all({ storeAvailable: true });
    await eventually(() => expect(admitted()).toBeGreaterThan(before + 10), 60_000);
    expect((await stop()).length).toBeLessThanOrEqual(LIMIT);
  }, 160_000);

  it('strict: nor when it stops in its tracks; one limit more at most when it forgets everything', async () => {
    await start(STRICT);
    await eventually(() => expect(admitted()).toBeGreaterThan(10), 60_000);
    server.hang();
    await all({ storeAvailable: false });
    server.resume();
    await all({ storeAvailable: true });
    const before = admitted();
    await eventually(() => expect(admitted()).toBeGreaterThan(before + 10), 60_000);
    await server.kill();
    await all({ storeAvailable: false });
    expect(admitted()).toBeLessThanOrEqual(LIMIT);
    await server.start();
    await all({ storeAvailable: true });
    await eventually(() => expect(admitted()).toBeGreaterThan(LIMIT), 60_000);
    expect((await stop()).length).toBeLessThanOrEqual(2 * LIMIT);
  }, 160_000);

  it('leased: stay within the bound that is stated, and while the server is away within their shares', async () => {
    const [limit, windowMs] = [400, 1_000];
    // A(W) + n · S, where each holds at most a tenth of the limit.
    const bound = limit + INSTANCES * 40;
    await start({ mode: 'reject', algorithm: 'sliding-window', limit, windowMs, leaseMs: 200, instances: INSTANCES });
    await eventually(() => expect(admitted()).toBeGreaterThan(1_000), 60_000);
    const lost = Number(process.hrtime.bigint()) / 1e6;
    await server.kill();
    await all({ storeAvailable: false });
    await eventually(() => fleet.map(({ progress }) => expect(progress.inOutage).toBeGreaterThan(100)), 60_000);
    const back = Number(process.hrtime.bigint()) / 1e6;
    await server.start();
    await all({ storeAvailable: true });
    const again = admitted();
    await eventually(() => expect(admitted()).toBeGreaterThan(again + 1_000), 60_000);
    const admissions = await stop();
    expect(
      mostInAnyWindow(
        admissions.filter((at) => at < back),
        windowMs,
      ),
    ).toBeLessThanOrEqual(bound);
    expect(
      mostInAnyWindow(
        admissions.filter((at) => at > lost + 1_500 && at < back),
        windowMs,
      ),
    ).toBeLessThanOrEqual(limit);
    // One that gave something out in the outage has yet to ask: its share comes on top until it does.
    expect(mostInAnyWindow(admissions, windowMs)).toBeLessThanOrEqual(bound + limit);
  }, 160_000);
});
