import { parseOptions } from '../core/options.js';
import { Failure, Success } from '../core/outcome.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import { testContext } from '../testing/test-context.js';
import type { LoadBalancerOptions } from './load-balancer.options.js';
import { loadBalancerOptions } from './load-balancer.options.js';
import { LoadBalancer } from './load-balancer.js';

type Answer = 'ok' | 'server' | 'network' | 'timeout' | 'client' | 'auth' | 'data' | 'rateLimit' | 'unknown';

/** A balancer over endpoints that answer what the test says. */
function serving(options: LoadBalancerOptions) {
  const context = testContext();
  const parsed = parseOptions(
    loadBalancerOptions,
    {
      strategy: 'round-robin',
      classify: (error: unknown) => ({ errorClass: error as 'server' }),
      ...options,
      ...(options.passiveHealth !== false && { passiveHealth: { ejectionJitter: 0, ...options.passiveHealth } }),
    },
    'balancer',
  );
  const balancer = new LoadBalancer('hosts', parsed, context);
  const answers = new Map<string, Answer>();
  const { clock, events } = context;
  const call = (durationMs = 10) => {
    const attempt = testCall();
    const permit = balancer.admit(attempt, clock.now(), PLAIN_USE);
    if (attempt.endpoint === undefined) return undefined;
    const { id } = attempt.endpoint;
    const answer = answers.get(id) ?? 'ok';
    const outcome = answer === 'ok' ? new Success(0, durationMs) : new Failure(answer, durationMs);
    balancer.settle(permit, outcome, attempt, clock.now());
    balancer.end(permit, clock.now());
    return id;
  };
  const view = (id: string) => balancer.inspect(clock.now()).endpoints.find((endpoint) => endpoint.id === id)!;
  const calls = (count: number) => Array.from({ length: count }, () => call());
  const changes = () =>
    events
      .of('load-balancer.endpoint')
      .filter(({ change }) => change !== 'added')
      .map(({ at, endpoint, change, cause, forMs }) => [at, endpoint, change, cause, forMs]);
  return { ...context, parsed, balancer, answers, call, calls, view, changes };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => ({ id: String.fromCharCode(97 + index) }));

test.each<[Answer, number, number]>([
  ['server', 1, 0],
  ['rateLimit', 1, 0],
  ['unknown', 1, 0],
  ['data', 1, 0],
  ['network', 1, 1],
  ['timeout', 1, 1],
  ['client', 0, 0],
  ['auth', 0, 0],
])(
  'an error of class %s counts as %d failure of the endpoint, %d of them without an answer',
  (answer, failures, local) => {
    const { answers, call, view } = serving({ endpoints: ids(1) });
    answers.set('a', answer);
    call();
    expect(view('a')).toMatchObject({
      failures,
      localFailures: local,
      successes: 1 - failures,
      consecutiveFailures: failures,
    });
  },
);

describe('penalty', () => {
  const costAfter = (classification: object, durationMs: number) => {
    const { answers, call, view } = serving({
      endpoints: ids(1),
      strategy: 'peak-ewma',
      maxRestMs: 0,
      latency: { failurePenaltyMs: 1_000, maxPenaltyMs: 9_000 },
      classify: () => classification as never,
    });
    answers.set('a', 'server');
    call(durationMs);
    return view('a').latencyMs;
  };

  test('stands for the latency of a failure, unless that was longer', () => {
    expect(costAfter({ errorClass: 'server' }, 5)).toBe(1_000);
    expect(costAfter({ errorClass: 'server' }, 2_000)).toBe(2_000);
  });

  test('is the time the endpoint asked for, within its bound', () => {
    expect(costAfter({ errorClass: 'rateLimit', retryAfterMs: 4_000 }, 5)).toBe(4_000);
    expect(costAfter({ errorClass: 'rateLimit', retryAfterMs: 40_000 }, 5)).toBe(9_000);
  });

  test.each(['least-connections', 'power-of-two'] as const)(
    'with %s a failed call counts as one that is still under way, for less and less',
    (strategy) => {
      const { answers, calls, clock } = serving({
        endpoints: ids(2),
        strategy,
        passiveHealth: false,
        latency: { failurePenaltyMs: 1_000 },
      });
      answers.set('a', 'server');
      while (calls(1)[0] !== 'a');
      expect(calls(20)).toEqual(Array.from({ length: 20 }, () => 'b'));
      clock.advance(10_000);
      expect(calls(20).filter((id) => id === 'a').length).toBeLessThan(2);
    },
  );

  test('does not meet who is not at fault', () => {
    expect(costAfter({ errorClass: 'client' }, 5)).toBe(5);
  });
});

describe('rest', () => {
  const asked = (retryAfterMs: number | undefined, options: LoadBalancerOptions = {}) => {
    const made = serving({
      endpoints: ids(2),
      classify: () => ({ errorClass: 'rateLimit', retryAfterMs }),
      ...options,
    });
    made.answers.set('a', 'rateLimit');
    made.call();
    return made;
  };

  test('lasts as long as was asked for, at most the longest', () => {
    expect(asked(5_000).changes()).toEqual([[0, 'a', 'resting', 'rateLimit', 5_000]]);
    expect(asked(5_000, { maxRestMs: 2_000 }).changes()).toEqual([[0, 'a', 'resting', 'rateLimit', 2_000]]);
  });

  test('is not for those who ask for none, nor when it is off', () => {
    expect(asked(undefined).changes()).toEqual([]);
    expect(asked(0).changes()).toEqual([]);
    expect(asked(5_000, { maxRestMs: 0 }).changes()).toEqual([]);
  });

  test('a shorter wish does not shorten it, a longer one lengthens it', () => {
    let retryAfterMs = 5_000;
    const made = serving({ endpoints: ids(1), classify: () => ({ errorClass: 'rateLimit', retryAfterMs }) });
    const { balancer, clock } = made;
    const late = [testCall(), testCall(), testCall()].map((call) => ({
      call,
      permit: balancer.admit(call, 0, PLAIN_USE) as object,
    }));
    for (const [index, wish] of [5_000, 1_000, 8_000].entries()) {
      retryAfterMs = wish;
      const { call, permit } = late[index]!;
      balancer.settle(permit, new Failure('x', 1), call, clock.now());
      balancer.end(permit, clock.now());
      clock.advance(100);
    }
    expect(made.view('a').returnsInMs).toBe(7_900);
    expect(made.changes()).toHaveLength(2);
  });
});

describe('comparison of all endpoints', () => {
  const options: LoadBalancerOptions = {
    endpoints: ids(6),
    passiveHealth: { consecutiveFailures: 1_000, failurePercentage: { minCalls: 20, threshold: 0.5 } },
  };

  test('happens at the end of each interval, not before', () => {
    const { answers, calls, clock, changes } = serving(options);
    answers.set('c', 'server');
    calls(6 * 30);
    clock.advance(9_999);
    calls(6);
    expect(changes()).toEqual([]);
    clock.advance(1);
    calls(6);
    expect(changes()).toEqual([[10_000, 'c', 'ejected', 'failure-percentage', 30_000]]);
  });

  test('looks at the last interval alone', () => {
    const { answers, calls, clock, changes } = serving(options);
    answers.set('c', 'server');
    calls(6 * 15);
    clock.advance(10_000);
    calls(6 * 15);
    clock.advance(10_000);
    calls(6);
    expect(changes()).toEqual([]);
  });

  test('forgets what is older than one interval', () => {
    const { answers, calls, clock, changes } = serving(options);
    answers.set('c', 'server');
    calls(6 * 30);
    clock.advance(20_000);
    calls(6);
    expect(changes()).toEqual([]);
    answers.set('c', 'server');
    calls(6 * 30);
    clock.advance(10_000);
    calls(6);
    expect(changes()).toEqual([[30_000, 'c', 'ejected', 'failure-percentage', 30_000]]);
  });

  test('ejects no more than allowed, the worst first', () => {
    const { answers, clock, balancer, changes } = serving({
      ...options,
      passiveHealth: { ...options.passiveHealth, maxEjectedShare: 0.34 },
    });
    for (let round = 0; round < 30; round += 1) {
      for (const [index, id] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
        answers.set(id, index >= 3 && round < 12 + 4 * index ? 'server' : 'ok');
      }
      for (let count = 0; count < 6; count += 1) {
        const attempt = testCall();
        const permit = balancer.admit(attempt, clock.now(), PLAIN_USE) as object;
        const answer = answers.get(attempt.endpoint!.id)!;
        balancer.settle(permit, answer === 'ok' ? new Success(0, 1) : new Failure(answer, 1), attempt, clock.now());
        balancer.end(permit, clock.now());
      }
    }
    clock.advance(10_000);
    balancer.inspect(clock.now());
    expect(changes().map(([, id]) => id)).toEqual(['f', 'e']);
  });

  test('counts ejections by cause, for each endpoint and for all', () => {
    const { answers, calls, clock, balancer, view } = serving({
      ...options,
      passiveHealth: { consecutiveFailures: 3 },
    });
    answers.set('a', 'server').set('b', 'network');
    calls(18);
    clock.advance(30_000);
    calls(6);
    expect(balancer.inspect(clock.now()).ejections).toEqual({ 'consecutive-failures': 4 });
    expect(view('a').ejections).toEqual({ 'consecutive-failures': 2 });
    expect(view('c').ejections).toEqual({});
  });
});

test('who returns from an ejection starts slowly', () => {
  const { answers, calls, clock, view } = serving({
    endpoints: ids(2),
    slowStart: { windowMs: 10_000 },
    passiveHealth: { consecutiveFailures: 2 },
  });
  answers.set('a', 'server');
  calls(4);
  clock.advance(30_000);
  expect(view('a')).toMatchObject({ service: 'in-service', currentWeight: 0.1, consecutiveFailures: 1 });
  clock.advance(5_000);
  expect(view('a').currentWeight).toBe(0.5);
});

test('passive health that is off ejects nobody', () => {
  const { answers, calls, changes } = serving({ endpoints: ids(2), passiveHealth: false });
  answers.set('a', 'server');
  calls(100);
  expect(changes()).toEqual([]);
});

test('panic begins and ends with an event, and shows', () => {
  const { answers, calls, clock, events, balancer } = serving({
    endpoints: ids(4),
    passiveHealth: { consecutiveFailures: 1, maxEjectedShare: 1, baseEjectionMs: 1_000 },
  });
  for (const id of ['a', 'b', 'c']) answers.set(id, 'server');
  calls(4);
  expect(balancer.inspect(0).panic).toBe(true);
  expect(new Set(calls(4))).toEqual(new Set(['a', 'b', 'c', 'd']));
  answers.clear();
  clock.advance(1_000);
  calls(1);
  expect(balancer.inspect(clock.now()).panic).toBe(false);
  expect(
    events.of('load-balancer.panic').map(({ at, active, healthy, total }) => [at, active, healthy, total]),
  ).toEqual([
    [0, true, 1, 4],
    [1_000, false, 4, 4],
  ]);
});

test('with panic off and nobody healthy calls are refused until the first returns', () => {
  const { answers, calls, call, clock, balancer } = serving({
    endpoints: ids(2),
    panicThreshold: 0,
    passiveHealth: { consecutiveFailures: 1, maxEjectedShare: 1, baseEjectionMs: 1_000 },
  });
  for (const id of ['a', 'b']) answers.set(id, 'server');
  calls(2);
  clock.advance(400);
  expect(call()).toBeUndefined();
  expect(balancer.precheck(testCall(), clock.now())).toMatchObject({ reason: 'unavailable', retryAfterMs: 600 });
  clock.advance(600);
  expect(balancer.precheck(testCall(), clock.now())).toBeUndefined();
});

describe('failover', () => {
  test('to the next level is told and counted, and so is the way back', () => {
    const { answers, calls, clock, events, balancer } = serving({
      endpoints: [{ id: 'a' }, { id: 'b', priority: 1 }],
      passiveHealth: { consecutiveFailures: 2, maxEjectedShare: 1, baseEjectionMs: 1_000 },
    });
    expect(calls(2)).toEqual(['a', 'a']);
    answers.set('a', 'network');
    expect(calls(4)).toEqual(['a', 'a', 'b', 'b']);
    answers.clear();
    clock.advance(1_000);
    expect(calls(1)).toEqual(['a']);
    expect(events.of('load-balancer.failover').map(({ at, from, to }) => [at, from, to])).toEqual([
      [0, '0', '1'],
      [1_000, '1', '0'],
    ]);
    expect(balancer.inspect(clock.now()).failovers).toEqual({ retry: 0, refused: 0, priority: 2, zone: 0 });
  });

  test('to nobody is told as such', () => {
    const { balancer, events } = serving({ endpoints: ids(1) });
    balancer.remove('a');
    expect(events.of('load-balancer.failover')).toMatchObject([{ from: '0', to: 'none' }]);
    balancer.add({ id: 'b' });
    expect(events.of('load-balancer.failover')).toHaveLength(1);
  });

  test('to other zones is counted', () => {
    const { answers, calls, balancer } = serving({
      endpoints: [
        { id: 'a', zone: 'own' },
        { id: 'b', zone: 'far' },
      ],
      zone: 'own',
      passiveHealth: { consecutiveFailures: 2 },
    });
    answers.set('a', 'network');
    expect(calls(5)).toEqual(['a', 'a', 'b', 'b', 'b']);
    expect(balancer.inspect(0).failovers).toMatchObject({ zone: 3, priority: 0 });
  });

  test('a retry leaves the level when all of it has been tried', () => {
    const { balancer } = serving({ endpoints: [{ id: 'a' }, { id: 'b', priority: 1 }, { id: 'c', priority: 2 }] });
    const call = testCall();
    const went = [1, 2, 3, 4].map((attempt) => {
      if (attempt > 1) call.beginAttempt();
      balancer.admit(call, 0, PLAIN_USE);
      return call.endpoint!.id;
    });
    expect(went).toEqual(['a', 'b', 'c', 'a']);
  });

  test('calls are shared between levels by what the first can carry', () => {
    const { answers, calls } = serving({
      endpoints: [...ids(2), { id: 'x', priority: 1 }, { id: 'y', priority: 1 }],
      passiveHealth: { consecutiveFailures: 1 },
    });
    answers.set('a', 'network');
    calls(1);
    const spilled = calls(10_000).filter((id) => id === 'x' || id === 'y').length;
    expect(spilled / 10_000).toBeCloseTo(0.3, 1);
  });
});

test('a strategy that picks anew after a reload starts with what there is', () => {
  const { balancer, parsed, calls } = serving({ endpoints: ids(3) });
  calls(2);
  balancer.reconfigure({ ...parsed, strategy: 'weighted-round-robin' });
  expect(calls(3)).toEqual(['a', 'b', 'c']);
  calls(1);
  balancer.reconfigure({ ...parsed, strategy: 'weighted-round-robin', maxRestMs: 1 });
  expect(calls(1)).toEqual(['b']);
  expect(balancer.inspect(0).strategy).toBe('weighted-round-robin');
});

test('pickers hear of changes, and only of changes', () => {
  const updates: number[] = [];
  const { clock, calls, balancer } = serving({
    endpoints: ids(2),
    strategy: {
      name: 'counting',
      latency: 'none',
      errorRate: false,
      createPicker: () => ({
        update: (candidates) => updates.push(candidates.length),
        pick: () => undefined,
      }),
    },
  });
  for (let count = 0; count < 5; count += 1) {
    clock.advance(10_000);
    calls(1);
  }
  expect(updates).toEqual([2]);
  balancer.add({ id: 'c' });
  balancer.setWeight('a', 2);
  expect(updates).toEqual([2, 3, 3]);
});

test('what can be looked at is complete', () => {
  const { balancer, calls, answers } = serving({
    endpoints: [{ id: 'a', url: 'http://a', zone: 'z', weight: 2, priority: 1 }],
    strategy: 'ewma',
    passiveHealth: { consecutiveFailures: 9 },
  });
  calls(1);
  answers.set('a', 'network');
  calls(1);
  expect(balancer.inspect(0)).toEqual({
    type: 'load-balancer',
    name: 'hosts',
    strategy: 'ewma',
    suspended: [],
    panic: false,
    picks: 2,
    refused: 0,
    failovers: { retry: 0, refused: 0, priority: 0, zone: 0 },
    ejections: {},
    endpoints: [
      {
        id: 'a',
        url: 'http://a',
        zone: 'z',
        priority: 1,
        service: 'in-service',
        weight: 2,
        currentWeight: 2,
        inFlight: 0,
        latencyMs: 5_010 / 3,
        errorRate: 0,
        picks: 2,
        successes: 1,
        failures: 1,
        localFailures: 1,
        consecutiveFailures: 1,
        ejections: {},
      },
    ],
  });
});
