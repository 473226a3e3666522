import { parseOptions } from '../core/options.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';
import type { Provisioned, Provisioner } from './provisioner.js';

class ScriptedProvisioner implements Provisioner {
  readonly started: string[] = [];
  readonly stopped: string[] = [];
  readonly lose = new Map<string, () => void>();
  failNext = false;

  start(signal: AbortSignal): Promise<Provisioned> {
    signal.throwIfAborted();
    if (this.failNext) return Promise.reject(new Error('no room'));
    const id = `p${this.started.length + 1}`;
    this.started.push(id);
    const lost = new Promise<void>((resolve) => {
      this.lose.set(id, resolve);
    });
    return Promise.resolve({ endpoint: { id, url: `http://${id}` }, lost });
  }

  stop({ id }: { id: string }): Promise<void> {
    this.stopped.push(id);
    return Promise.resolve();
  }
}

function scaled(scaling: object, given: object = {}) {
  const capabilities = testCapabilities();
  const provisioner = new ScriptedProvisioner();
  const options = parseOptions(
    loadBalancerOptions,
    {
      scaling: {
        capacity: 2,
        targetUtilization: 1,
        tolerance: 0,
        intervalMs: 1_000,
        upCooldownMs: 0,
        downCooldownMs: 0,
        stabilizationMs: 0,
        provisioner,
        ...scaling,
      },
      ...given,
    },
    'balancer',
  );
  const balancer = new LoadBalancer('hosts', options, {
    ...capabilities,
    create: () => {
      throw new Error('not wanted');
    },
    shared: (_kind, _name, make) => make(),
  });
  const { clock } = capabilities;
  const ids = () => balancer.inspect(clock.now()).endpoints.map(({ id }) => id);
  const begin = (count: number) =>
    Array.from({ length: count }, () => balancer.admit(testCall(), clock.now(), PLAIN_USE) as object);
  const finish = (permits: object[]) => {
    for (const permit of permits) balancer.end(permit, clock.now());
  };
  return { ...capabilities, balancer, options, provisioner, ids, begin, finish };
}

test('starts the fewest there should be, follows the load up, and down again when calls are over', async () => {
  const { clock, provisioner, ids, begin, finish, events, balancer } = scaled({ min: 1, max: 3 });
  await clock.run(0);
  expect(ids()).toEqual(['p1']);
  const permits = begin(20);
  await clock.run(1_000);
  expect(ids()).toEqual(['p1', 'p2', 'p3']);
  expect(balancer.inspect(clock.now())).toMatchObject({ scaling: { desired: 3, current: 3, utilization: 10 } });
  finish(permits.slice(0, 19));
  expect(provisioner.stopped).toEqual([]);
  await clock.run(1_000);
  expect(provisioner.stopped).toEqual(['p2', 'p3']);
  expect(ids()).toEqual(['p1']);
  expect(events.of('load-balancer.scaling').map(({ desired, current, cause }) => [desired, current, cause])).toEqual([
    [1, 0, 'bounds'],
    [3, 1, 'bounds'],
    [1, 3, 'utilization'],
  ]);
});

test('an endpoint with calls under way is drained before it is stopped', async () => {
  const { clock, provisioner, ids, begin, finish, balancer } = scaled(
    { min: 0, max: 2 },
    { endpoints: [{ id: 'own' }] },
  );
  const permits = begin(4);
  await clock.run(0);
  expect(ids()).toEqual(['own', 'p1']);
  const late = begin(2);
  finish(permits);
  await clock.run(1_000);
  const p1 = balancer.inspect(clock.now()).endpoints.find(({ id }) => id === 'p1');
  expect(p1).toMatchObject({ service: 'draining', inFlight: 1 });
  expect(balancer.inspect(clock.now())).toMatchObject({ scaling: { current: 1, stopping: 1 } });
  expect(provisioner.stopped).toEqual([]);
  finish(late);
  await clock.run(0);
  expect(provisioner.stopped).toEqual(['p1']);
  expect(balancer.inspect(clock.now())).toMatchObject({ scaling: { stopping: 0 } });
});

test('one that is lost leaves at once and is replaced', async () => {
  const { clock, provisioner, ids } = scaled({ min: 2, max: 4 });
  await clock.run(0);
  expect(ids()).toEqual(['p1', 'p2']);
  provisioner.lose.get('p1')!();
  await clock.run(0);
  expect(ids()).toEqual(['p2']);
  await clock.run(1_000);
  expect(ids()).toEqual(['p2', 'p3']);
  expect(provisioner.stopped).toEqual([]);
});

test('a start that fails is told and tried again', async () => {
  const { clock, provisioner, ids, events, balancer } = scaled({ min: 1, max: 1 });
  provisioner.failNext = true;
  await clock.run(0);
  expect(events.of('load-balancer.provisioning-failed')).toMatchObject([
    { what: 'start', error: { message: 'no room' } },
  ]);
  expect(balancer.inspect(clock.now())).toMatchObject({ scaling: { startFailures: 1, starting: 0 } });
  provisioner.failNext = false;
  await clock.run(1_000);
  expect(ids()).toEqual(['p1']);
});

test('without a provisioner the advice is announced, once for each change', async () => {
  const { clock, begin, events, balancer } = scaled(
    { provisioner: undefined, min: 1, max: 9 },
    { endpoints: [{ id: 'a' }] },
  );
  begin(8);
  await clock.run(3_000);
  expect(events.of('load-balancer.scaling')).toEqual([
    { type: 'load-balancer.scaling', policy: 'hosts', at: 0, desired: 4, current: 1, cause: 'utilization' },
  ]);
  expect(balancer.inspect(clock.now())).toMatchObject({ scaling: { desired: 4, current: 1, utilization: 4 } });
});

test('calls that wait before the balancer ask for more', async () => {
  const { clock, events } = scaled({ provisioner: undefined, queueDepth: () => 6 }, { endpoints: [{ id: 'a' }] });
  await clock.run(1_000);
  expect(events.of('load-balancer.scaling')).toMatchObject([{ desired: 3, cause: 'queue' }]);
});

test('closing stops what was started, and nothing else', async () => {
  const { clock, provisioner, ids, balancer } = scaled({ min: 2, max: 4 }, { endpoints: [{ id: 'own' }] });
  await clock.run(0);
  balancer.close();
  await clock.run(0);
  expect(provisioner.stopped).toEqual(['p1']);
  expect(ids()).toEqual(['own']);
  expect(clock.pending).toBe(0);
});

test('new bounds apply to what runs already', async () => {
  const { clock, provisioner, balancer, options, ids } = scaled({ min: 3, max: 4 });
  await clock.run(0);
  expect(ids()).toHaveLength(3);
  balancer.reconfigure({ ...options, scaling: { ...options.scaling!, min: 1, max: 1 } });
  await clock.run(1_000);
  expect(provisioner.stopped).toHaveLength(2);
  expect(ids()).toHaveLength(1);
});
