import {
  Call,
  EventBus,
  type Failure,
  type LoadBalancerOptions,
  loadBalancerOptions,
  loadBalancerPolicy,
  type Outcome,
  type PolicyContext,
  type Random,
  seededRandom,
  type Success,
} from '@marketprism/reliability';
import {
  type Behaviour,
  type Chooser,
  type Insight,
  logNormal,
  exponential,
  type Load,
  type Result,
  simulate,
  SimulatedClock,
  type SimulatedEndpoint,
} from './balancer-simulation-model.js';

const SITE = { site: 'simulation' };
const SEEDS = [1, 2, 3];
const STRATEGIES = ['round-robin', 'least-connections', 'power-of-two', 'ewma', 'peak-ewma', 'response-time'] as const;

type MakeChooser = (clock: SimulatedClock, random: Random, insight: Insight) => Chooser;

/** The library's own balancer, driven call by call. */
function balanced(endpoints: readonly SimulatedEndpoint[], options: LoadBalancerOptions): MakeChooser {
  return (clock, random) => {
    const context: PolicyContext = {
      clock,
      random,
      emit: new EventBus(),
      create: () => {
        throw new Error('No policy of an endpoint is configured');
      },
      shared: (_kind, _name, make) => make(),
    };
    const parsed = loadBalancerOptions.parse({
      endpoints: endpoints.map(({ id }) => ({ id })),
      classify: () => ({ errorClass: 'server' }),
      ...options,
    });
    const policy = loadBalancerPolicy.create('simulation', parsed, context);
    return {
      choose(now) {
        const call = new Call('simulation', () => undefined, undefined, []);
        const permit = policy.admit(call, now, SITE) as object;
        return {
          index: Number(call.endpoint!.id),
          done(ok, durationMs, at) {
            const outcome: Outcome = ok
              ? ({ kind: 'success', value: undefined, durationMs } satisfies Success)
              : ({ kind: 'failure', error: undefined, durationMs } satisfies Failure);
            policy.settle(permit, outcome, call, at);
            policy.end(permit, at);
          },
        };
      },
    };
  };
}

/** Knows how long each endpoint takes on average and how many calls it has: sends each call where it is done first. */
function oracle(endpoints: readonly SimulatedEndpoint[], meanMs: readonly number[]): MakeChooser {
  return (_clock, random, insight) => ({
    choose() {
      const backlogs = insight.backlogs();
      const start = Math.floor(random.next() * backlogs.length);
      let best = start;
      let least = Infinity;
      for (let step = 0; step < backlogs.length; step += 1) {
        const index = (start + step) % backlogs.length;
        const waiting = Math.floor(backlogs[index]! / endpoints[index]!.servers);
        const expected = meanMs[index]! * (waiting + 1);
        if (expected < least) {
          least = expected;
          best = index;
        }
      }
      return { index: best, done: () => undefined };
    },
  });
}

function run(endpoints: readonly SimulatedEndpoint[], load: Load, make: MakeChooser): Result[] {
  return SEEDS.map((seed) => {
    const clock = new SimulatedClock();
    return simulate(endpoints, load, seededRandom(seed), clock, (insight) =>
      make(clock, seededRandom(seed + 100), insight),
    );
  });
}

const mean = (results: readonly Result[], of: (result: Result) => number) =>
  results.reduce((sum, result) => sum + of(result), 0) / results.length;

const fleet = (count: number, servers: number, behaviour: (index: number) => Behaviour): SimulatedEndpoint[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), servers, behaviour: behaviour(index) }));

const taking =
  (meanMs: number, draw: (meanMs: number, random: Random) => number): Behaviour =>
  (_now, random) => ({ ms: draw(meanMs, random) });
const spread = (median: number, random: Random) => logNormal(median, 0.5, random);

function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function printHead(title: string, cells: readonly string[]): void {
  console.log(`\n### ${title}\n`);
  printRow(cells);
  printRow(cells.map(() => '---'));
}

/** p99 against the oracle's, and the share of calls that the odd endpoint got. */
function compareTails(): void {
  printHead('p99 × the oracle’s, three seeds (share of calls to endpoint 0)', ['ten endpoints', ...STRATEGIES]);
  const load = { callsPerSecond: 1_000, calls: 40_000, warmUp: 4_000 };
  const scenarios: [string, number, number, number, (mean: number, random: Random) => number][] = [
    ['one 5 × slower, no queueing, exponential', Infinity, 5, 1_000, exponential],
    ['one 5 × slower, no queueing, log-normal', Infinity, 5, 1_000, spread],
    ['one 10 × slower, 4 at a time, 50 % busy', 4, 10, 1_800, exponential],
    ['one 3 × slower, one at a time, 50 % busy', 1, 3, 450, exponential],
    ['all equal, no queueing', Infinity, 1, 1_000, spread],
    ['all equal, 2 at a time, 80 % busy', 2, 1, 1_600, exponential],
  ];
  for (const [title, servers, slower, callsPerSecond, draw] of scenarios) {
    const means = Array.from({ length: 10 }, (_, index) => (index === 0 ? 10 * slower : 10));
    const endpoints = fleet(10, servers, (index) => taking(means[index]!, draw));
    const given = { ...load, callsPerSecond };
    const best = mean(run(endpoints, given, oracle(endpoints, means)), ({ p99 }) => p99);
    const cells = STRATEGIES.map((strategy) => {
      const results = run(endpoints, given, balanced(endpoints, { strategy, passiveHealth: false }));
      const ratio = mean(results, ({ p99 }) => p99) / best;
      const share = mean(results, ({ shares }) => shares[0]!);
      return `${ratio > 10 ? '> 10' : ratio.toFixed(2)} (${(share * 100).toFixed(1)} %)`;
    });
    printRow([title, ...cells]);
  }
}

/** Failures, with and without ejection. */
function compareFailures(): void {
  printHead('Share of calls that fail, without any retry', ['ten endpoints, 10 ms each, 1,000 calls/s', ...STRATEGIES]);
  const load = { callsPerSecond: 1_000, calls: 40_000, warmUp: 0 };
  const good = (random: Random) => ({ ms: spread(10, random) });
  const fastFailure = { ms: 1, fails: true };
  const scenarios: [string, (index: number) => Behaviour, LoadBalancerOptions][] = [
    [
      'one fails fast, no ejection',
      (index) => (_now, random) => (index === 0 ? fastFailure : good(random)),
      { passiveHealth: false },
    ],
    ['one fails fast, ejection', (index) => (_now, random) => (index === 0 ? fastFailure : good(random)), {}],
    [
      'one fails every other 2 s, ejection',
      (index) => (now, random) => (index === 0 && Math.floor(now / 2_000) % 2 === 1 ? fastFailure : good(random)),
      { passiveHealth: { baseEjectionMs: 5_000 } },
    ],
    [
      'six of ten fail together from 10 s to 15 s, ejection and panic',
      (index) => (now, random) => (index < 6 && now >= 10_000 && now < 15_000 ? fastFailure : good(random)),
      { passiveHealth: { baseEjectionMs: 2_000 } },
    ],
  ];
  for (const [title, behaviour, options] of scenarios) {
    const endpoints = fleet(10, Infinity, behaviour);
    const cells = STRATEGIES.map((strategy) => {
      const results = run(endpoints, load, balanced(endpoints, { ...options, strategy }));
      return `${(mean(results, ({ failedShare }) => failedShare) * 100).toFixed(2)} %`;
    });
    printRow([title, ...cells]);
  }
}

/** The first second of a service that knows nothing of its endpoints. */
function compareColdStart(): void {
  printHead('p99 in ms from the very first call on', ['endpoints', ...STRATEGIES]);
  const scenarios: [string, number, number, number][] = [
    ['ten, one 20 × slower: first 1,000 calls', 10, 1_000, 1_000],
    ['1,000, a hundred 5 × slower: 50,000 calls at 10,000/s', 1_000, 10_000, 50_000],
  ];
  for (const [title, count, callsPerSecond, calls] of scenarios) {
    const slow = count === 10 ? 20 : 5;
    const endpoints = fleet(count, Infinity, (index) => taking(index < count / 10 ? 10 * slow : 10, spread));
    const cells = STRATEGIES.map((strategy) => {
      const load = { callsPerSecond, calls, warmUp: 0 };
      const make = balanced(endpoints, { strategy });
      const clock = new SimulatedClock();
      const result = simulate(endpoints, load, seededRandom(1), clock, (insight) =>
        make(clock, seededRandom(2), insight),
      );
      return result.p99.toFixed(0);
    });
    printRow([title, ...cells]);
  }
}

compareTails();
compareFailures();
compareColdStart();
