import { Failure, Ignored, Success } from '../core/outcome.js';
import type { Policy, PolicyContext } from '../core/policy.js';
import { parseOptions } from '../core/options.js';
import { Refusal } from '../core/refusal.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import type { TestCapabilities } from '../testing/test-capabilities.js';
import { testCapabilities } from '../testing/test-capabilities.js';
import type { LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';
import { isNoEndpoint, NoEndpoint } from './no-endpoint-error.js';

const three = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];

function contextOf(capabilities: TestCapabilities, policies: Record<string, Policy> = {}): PolicyContext {
  return {
    ...capabilities,
    create: (_type, name) => policies[name]!,
    shared: <T>(_kind: string, _name: string, make: () => T) => make(),
  };
}

function balancer(options: LoadBalancerOptions, capabilities = testCapabilities(), policies?: Record<string, Policy>) {
  const parsed = parseOptions(loadBalancerOptions, options, 'balancer');
  const policy = new LoadBalancer('hosts', parsed, contextOf(capabilities, policies));
  /** One whole call: where it went. */
  const call = (error?: unknown, durationMs = 10): string => {
    const attempt = testCall();
    const permit = policy.admit(attempt, capabilities.clock.now(), PLAIN_USE);
    if (permit instanceof Refusal) return (permit as NoEndpoint).reason;
    const outcome = error === undefined ? new Success('ok', durationMs) : new Failure(error, durationMs);
    policy.settle(permit, outcome, attempt, capabilities.clock.now());
    policy.end(permit, capabilities.clock.now());
    return attempt.endpoint!.id;
  };
  const calls = (count: number) => Array.from({ length: count }, () => call());
  return { policy, call, calls, ...capabilities };
}

const failure = (errorClass: string, retryAfterMs?: number) => ({ errorClass, retryAfterMs });
const classify = (error: unknown) => error as never;

test('sets the endpoint of the call: id, address, target and zone as configured', () => {
  const target = { client: true };
  const { policy } = balancer({ endpoints: [{ id: 'a', url: 'http://a', target, zone: 'z' }] });
  const call = testCall();
  policy.admit(call, 0, PLAIN_USE);
  expect(call.endpoint).toEqual({ id: 'a', url: 'http://a', target, zone: 'z' });
  expect(call.endpoint!.target).toBe(target);
});

test('by default turns are taken by weight, smoothly', () => {
  const { calls } = balancer({ endpoints: [{ id: 'a', weight: 5 }, { id: 'b' }, { id: 'c' }] });
  expect(calls(7)).toEqual(['a', 'a', 'b', 'a', 'c', 'a', 'a']);
});

test('a retry goes where no attempt of the call has been, and anywhere once all have been tried', () => {
  const { policy } = balancer({ endpoints: three });
  const call = testCall();
  const attempts = [1, 2, 3, 4].map((attempt) => {
    if (attempt > 1) call.beginAttempt();
    policy.admit(call, 0, PLAIN_USE);
    return call.endpoint!.id;
  });
  expect(new Set(attempts.slice(0, 3))).toEqual(new Set(['a', 'b', 'c']));
  expect(['a', 'b', 'c']).toContain(attempts[3]);
  expect(policy.inspect(0).failovers.retry).toBe(3);
});

test('hedged attempts under way at the same time go to different endpoints', () => {
  const { policy } = balancer({ endpoints: three, strategy: 'random' });
  for (let round = 0; round < 50; round += 1) {
    const call = testCall();
    policy.admit(call, 0, PLAIN_USE);
    const hedges = [call.fork(), call.fork()];
    for (const hedge of hedges) policy.admit(hedge, 0, PLAIN_USE);
    expect(new Set([call, ...hedges].map(({ endpoint }) => endpoint!.id)).size).toBe(3);
  }
});

test('without endpoints calls are refused, before any queue', () => {
  const { policy } = balancer({});
  const refusal = policy.precheck(testCall(), 0) as NoEndpoint;
  expect(refusal.toError()).toMatchObject({
    code: 'NO_ENDPOINT',
    reason: 'empty',
    refused: true,
    name: 'NoEndpointError',
  });
  expect(isNoEndpoint(refusal.toError())).toBe(true);
  expect(refusal.toError().message).toBe('Load balancer "hosts" has no endpoint for the call: it has none');
});

test('an endpoint counts as busy until the work ends, not until its caller has an outcome', () => {
  const { policy } = balancer({ endpoints: three, strategy: 'least-connections' });
  const call = testCall();
  const permit = policy.admit(call, 0, PLAIN_USE) as object;
  policy.settle(permit, new Failure(new Error('too slow'), 50), call, 50);
  expect(policy.inspect(50).endpoints.map(({ inFlight }) => inFlight)).toEqual([1, 0, 0]);
  policy.end(permit, 60);
  expect(policy.inspect(60).endpoints.map(({ inFlight }) => inFlight)).toEqual([0, 0, 0]);
});

test('an ignored outcome teaches nothing', () => {
  const { policy } = balancer({ endpoints: [{ id: 'a' }], strategy: 'ewma' });
  const call = testCall();
  const permit = policy.admit(call, 0, PLAIN_USE) as object;
  policy.settle(permit, new Ignored(new Error('gone')), call, 1);
  policy.end(permit, 1);
  expect(policy.inspect(1).endpoints[0]).toMatchObject({
    picks: 1,
    successes: 0,
    failures: 0,
    latencyMs: 0,
    inFlight: 0,
  });
});

describe('passive health', () => {
  const options: LoadBalancerOptions = {
    endpoints: three,
    classify,
    strategy: 'round-robin',
    passiveHealth: { ejectionJitter: 0 },
  };

  test('five failures in a row eject, and the event says why and for how long', () => {
    const { call, events, policy } = balancer({ ...options, endpoints: [{ id: 'a' }, { id: 'b', weight: 1 }] });
    const answers = { a: failure('server'), b: undefined };
    for (let count = 0; count < 10; count += 1) call(count % 2 === 0 ? answers.a : undefined);
    expect(events.of('load-balancer.endpoint').filter(({ change }) => change === 'ejected')).toEqual([
      {
        type: 'load-balancer.endpoint',
        policy: 'hosts',
        at: 0,
        endpoint: 'a',
        change: 'ejected',
        cause: 'consecutive-failures',
        forMs: 30_000,
      },
    ]);
    expect([call(), call(), call()]).toEqual(['b', 'b', 'b']);
    expect(policy.inspect(0)).toMatchObject({ ejections: { 'consecutive-failures': 1 } });
    expect(policy.inspect(0).endpoints[0]).toMatchObject({
      service: 'ejected',
      cause: 'consecutive-failures',
      returnsInMs: 30_000,
      failures: 5,
    });
  });

  test('an ejected endpoint returns when its time is over; one more failure ejects it for twice as long', () => {
    const { call, clock, policy } = balancer({ ...options, endpoints: [{ id: 'a' }, { id: 'b' }] });
    for (let count = 0; count < 10; count += 1) call(count % 2 === 0 ? failure('network') : undefined);
    clock.advance(29_999);
    expect([call(), call()]).toEqual(['b', 'b']);
    clock.advance(1);
    expect([call(), call(failure('network'))]).toEqual(['b', 'a']);
    expect(policy.inspect(clock.now()).endpoints[0]).toMatchObject({ service: 'ejected', returnsInMs: 60_000 });
    expect([call(), call()]).toEqual(['b', 'b']);
  });

  test('no more are ejected than the share allows, the new one included', () => {
    const { call, policy } = balancer({ ...options, passiveHealth: { maxEjectedShare: 0.67 } });
    for (let count = 0; count < 100; count += 1) call(failure('server'));
    expect(policy.inspect(0).endpoints.filter(({ service }) => service === 'ejected')).toHaveLength(2);
  });

  test('errors that the caller caused do not count', () => {
    const { call, policy } = balancer(options);
    for (let count = 0; count < 100; count += 1) call(failure(count % 2 === 0 ? 'client' : 'auth'));
    expect(policy.inspect(0).endpoints.map(({ service, failures }) => ({ service, failures }))).toEqual(
      Array.from({ length: 3 }, () => ({ service: 'in-service', failures: 0 })),
    );
  });
});

test('functions that throw or give nothing mask no outcome of a call', () => {
  const mistake = new Error('mistake');
  const throws = () => {
    throw mistake;
  };
  const { policy, events } = balancer({ endpoints: [{ id: 'a' }], classify: throws, classifyResult: throws });
  for (const outcome of [new Failure(new Error('own'), 1), new Success(7, 1)]) {
    const call = testCall();
    const permit = policy.admit(call, 0, PLAIN_USE) as object;
    policy.settle(permit, outcome, call, 1);
    policy.end(permit, 1);
  }
  expect(policy.inspect(1).endpoints[0]).toMatchObject({ successes: 1, failures: 1 });
  expect(events.of('custom').map(({ data }) => data)).toEqual([
    { type: 'load-balancer', what: 'classify', error: mistake },
    { type: 'load-balancer', what: 'classifyResult', error: mistake },
  ]);
});

test('an endpoint that names a time is left alone until then', () => {
  const { call, clock, policy, events } = balancer({ endpoints: three, classify, strategy: 'round-robin' });
  expect(call(failure('rateLimit', 7_000))).toBe('a');
  clock.advance(6_999);
  expect([call(), call(), call(), call()]).toEqual(['b', 'c', 'b', 'c']);
  expect(policy.inspect(clock.now()).endpoints[0]).toMatchObject({ service: 'resting', returnsInMs: 1 });
  clock.advance(1);
  expect(new Set([call(), call(), call()])).toEqual(new Set(['a', 'b', 'c']));
  expect(
    events
      .of('load-balancer.endpoint')
      .filter(({ endpoint }) => endpoint === 'a')
      .map(({ change, cause }) => [change, cause]),
  ).toEqual([
    ['added', 'configuration'],
    ['resting', 'rateLimit'],
    ['returned', 'rest-over'],
  ]);
});

test('when all endpoints rest, the refusal says when the first returns', () => {
  const { call, policy, clock } = balancer({ endpoints: three, classify });
  for (const waitMs of [9_000, 5_000, 7_000]) call(failure('rateLimit', waitMs));
  clock.advance(1_000);
  expect(policy.precheck(testCall(), clock.now())).toMatchObject({ reason: 'unavailable', retryAfterMs: 4_000 });
});

test('a fast failure counts as its penalty, so that it attracts no calls', () => {
  const { call, clock } = balancer({ endpoints: three, classify, strategy: 'adaptive', passiveHealth: false });
  const picked: Record<string, number> = { a: 0, b: 0, c: 0 };
  const { policy } = balancer({ endpoints: three, classify, strategy: 'adaptive', passiveHealth: false });
  for (let count = 0; count < 1_000; count += 1) {
    const attempt = testCall();
    const permit = policy.admit(attempt, clock.now(), PLAIN_USE) as object;
    const { id } = attempt.endpoint!;
    picked[id]! += 1;
    policy.settle(permit, id === 'a' ? new Failure(failure('server'), 1) : new Success(0, 20), attempt, clock.now());
    policy.end(permit, clock.now());
    clock.advance(1);
  }
  expect(picked['a']).toBeLessThan(10);
  expect(call()).toBeDefined();
});

test('a result can be a failure of the endpoint, too', () => {
  const { policy } = balancer({
    endpoints: [{ id: 'a' }, { id: 'b' }],
    classifyResult: (value) =>
      (value as { status: number }).status === 503 ? { errorClass: 'server', retryAfterMs: 2_000 } : undefined,
  });
  const call = testCall();
  const permit = policy.admit(call, 0, PLAIN_USE) as object;
  policy.settle(permit, new Success({ status: 503 }, 3), call, 3);
  policy.end(permit, 3);
  expect(policy.inspect(3).endpoints[0]).toMatchObject({ service: 'resting', failures: 1, returnsInMs: 2_000 });
});
