import { setTimeout as pause } from 'node:timers/promises';
import {
  circuitBreakerPolicy,
  type CircuitBreakerOptions,
  type Outcome,
  Refusal,
  systemCapabilities,
} from '@marketprism/reliability';
import { FleetBreaker, type FleetBreakerOptions, redisConnection, SharedStore } from '@marketprism/reliability/redis';
import { testCall } from '@marketprism/reliability/testing';
import { describeWithEngines, type Engine } from '../engines/engine.js';
import { redisServer } from '../engines/redis.js';
import { connect, unused } from './clients.js';
import { eventually } from '../engines/eventually.js';

const OPTIONS: CircuitBreakerOptions = {
  consecutiveFailures: 4,
  failureRate: false,
  slowCallRate: false,
  openForMs: 1_500,
  openForCapMs: 1_500,
  openForJitter: 0,
  halfOpenPermits: 1,
  rampMs: 0,
};
const FLEET: FleetBreakerOptions = { heartbeatMs: 100, probeMs: 2_000 };

describeWithEngines(['redis-server'], 'breakers of one fleet', () => {
  let server: Engine;
  const cleanUp: (() => void)[] = [];

  beforeEach(async () => {
    server = await (await redisServer()).start();
  });
  afterEach(async () => {
    for (const close of cleanUp.splice(0)) close();
    await server.kill();
  });

  async function instance() {
    const client = await connect('node-redis', server.port);
    const capabilities = systemCapabilities();
    const options = circuitBreakerPolicy.options.parse(OPTIONS);
    const breaker = circuitBreakerPolicy.create('venue', options, { ...capabilities, create: unused, shared: unused });
    const store = new SharedStore(redisConnection(client.client), capabilities, { commandMs: 200, firstProbeMs: 20 });
    const fleet = new FleetBreaker(breaker, store, capabilities, FLEET);
    cleanUp.push(() => {
      fleet.close();
      client.close();
    });
    const { clock } = capabilities;
    /** Makes a call if it is let through. @returns whether it was */
    const call = (succeeds: boolean): boolean => {
      const permit = breaker.admit(testCall(), clock.now(), { site: 'test' });
      if (permit instanceof Refusal) return false;
      const outcome: Outcome = succeeds
        ? { kind: 'success', value: 'ok', durationMs: 1 }
        : { kind: 'failure', error: new Error('down'), durationMs: 1 };
      breaker.settle(permit, outcome, testCall(), clock.now());
      return true;
    };
    const fail = (times: number) => {
      for (let index = 0; index < times; index += 1) call(false);
    };
    const state = () => breaker.inspect(clock.now()).state;
    /** As in a crash: nothing is heard of it any more. */
    const vanish = () => client.close();
    return { breaker, fleet, call, fail, state, vanish };
  }

  const fleetOf = (count: number) => Promise.all(Array.from({ length: count }, instance));
  const heartbeats = () => pause(400);
  it('one instance alone opens nobody else, and makes the others wary', async () => {
    const [bad, ...others] = await fleetOf(4);
    await heartbeats();
    bad!.fail(4);
    await eventually(() => others.every(({ fleet }) => fleet.verdict === 'wary'));
    expect(others.map(({ state }) => state())).toEqual(['closed', 'closed', 'closed']);
    expect(others.map(({ fleet }) => fleet.verdict)).toEqual(['wary', 'wary', 'wary']);
    others[0]!.fail(1);
    expect(others[0]!.state()).toBe('closed');
    others[0]!.fail(1);
    expect(others[0]!.state()).toBe('open');
  });

  it('a quorum opens everywhere', async () => {
    const [one, two, ...others] = await fleetOf(4);
    await heartbeats();
    one!.fail(4);
    two!.fail(4);
    await eventually(() => others.every(({ state }) => state() === 'open'));
    expect(others.map(({ state }) => state())).toEqual(['open', 'open']);
    expect(others.map(({ fleet }) => fleet.counters.openedByFleet)).toEqual([1, 1]);
  });

  it('one instance probes while the others wait, and all recover after it', async () => {
    const all = await fleetOf(4);
    await heartbeats();
    all[0]!.fail(4);
    all[1]!.fail(4);
    await pause(1_400);
    // The open time is over soon; everybody has traffic, the dependency is still down.
    let probes = 0;
    const until = performance.now() + 1_600;
    while (performance.now() < until) {
      for (const { call } of all) if (call(false)) probes += 1;
      await pause(5);
    }
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(2);
    expect(all.reduce((sum, { fleet }) => sum + fleet.counters.probesDenied, 0)).toBeGreaterThan(0);
    // Now it is back.
    const back = performance.now() + 15_000;
    while (performance.now() < back && !all.every(({ state }) => state() === 'closed')) {
      for (const { call } of all) call(true);
      await pause(10);
    }
    expect(all.map(({ state }) => state())).toEqual(['closed', 'closed', 'closed', 'closed']);
    await eventually(() => all.every(({ fleet }) => fleet.verdict === 'calm'));
    expect(all.map(({ fleet }) => fleet.verdict)).toEqual(['calm', 'calm', 'calm', 'calm']);
  }, 30_000);

  it('forgets the word of an instance that is gone', async () => {
    const [bad, other] = await fleetOf(2);
    await heartbeats();
    bad!.fail(4);
    await eventually(() => other!.fleet.verdict === 'wary');
    expect(other!.fleet.verdict).toBe('wary');
    bad!.vanish();
    await eventually(() => other!.fleet.verdict === 'calm');
    expect(other!.fleet.verdict).toBe('calm');
    // Its breaker's open time is longer than it was remembered.
    expect(bad!.state()).toBe('open');
  }, 20_000);

  it('counts an instance once that is restarted again and again', async () => {
    const others = await fleetOf(2);
    await heartbeats();
    for (let restarts = 0; restarts < 3; restarts += 1) {
      const bad = await instance();
      bad.fail(4);
      expect(bad.state()).toBe('open');
      await eventually(() => others.every(({ fleet }) => fleet.verdict === 'wary'));
      bad.fleet.close();
    }
    await heartbeats();
    expect(others.map(({ fleet }) => fleet.counters.openedByFleet)).toEqual([0, 0]);
    expect(others.map(({ fleet }) => fleet.verdict)).toEqual(['calm', 'calm']);
  }, 20_000);

  it('goes by each instance’s own evidence while the store is away', async () => {
    const [one, other] = await fleetOf(2);
    await heartbeats();
    await server.kill();
    one!.fail(4);
    expect(one!.state()).toBe('open');
    await pause(1_700);
    expect(one!.call(true)).toBe(true);
    expect([one!.state(), other!.state()]).toEqual(['closed', 'closed']);
  });
});
