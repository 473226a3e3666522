import fc from 'fast-check';
import type { PolicySnapshot } from '../core/policy.js';
import { scoreDependency, scorePolicy, scoreSystem } from './health-score.js';

const breaker = (state: string, calls = 0, failures = 0, slow = 0, admittedShare = 1): PolicySnapshot => ({
  type: 'circuit-breaker',
  name: 'okx',
  state,
  admittedShare,
  window: { calls, failures, slow },
});

const balancer = (out: number, all: number): PolicySnapshot => ({
  type: 'load-balancer',
  name: 'okx',
  panic: false,
  endpoints: Array.from({ length: all }, (_, index) => ({
    id: `host-${index}`,
    service: index < out ? 'ejected' : 'in-service',
  })),
});

describe('health score', () => {
  it.each([
    ['closed', breaker('closed'), 100, []],
    ['closed with a tenth failing', breaker('closed', 100, 10), 95, ['10 % of calls fail']],
    ['closed with two of a thousand failing', breaker('closed', 1_000, 2), 99.9, ['under 1 % of calls fail']],
    ['half-open', breaker('half-open'), 40, ['circuit is half-open']],
    ['ramping at a quarter', breaker('ramping', 0, 0, 0, 0.25), 65, ['circuit is ramping, 75 % held back']],
    ['open', breaker('open', 10, 10), 0, ['circuit is open', '100 % of calls fail']],
    ['forced open', breaker('forced-open'), 0, ['circuit is forced-open']],
    ['one host of four out', balancer(1, 4), 75, ['out of service: host-0']],
    [
      'a retry budget spent',
      { type: 'retry', name: 'okx', budget: { available: 0 } },
      70,
      ['the retry budget is exhausted'],
    ],
    [
      'fifty calls waiting',
      { type: 'rate-limiter', name: 'okx', waiting: { low: 50 }, pausedForMs: 0 },
      85,
      ['50 calls wait for the limiter'],
    ],
    [
      'half of the places held by abandoned work',
      { type: 'bulkhead', name: 'okx', limit: 10, abandoned: 5, queued: 0, shedding: undefined },
      80,
      ['50 % of places held by abandoned work'],
    ],
    [
      'a bulkhead that refuses the low priority',
      { type: 'bulkhead', name: 'okx', limit: 10, abandoned: 0, queued: 0, shedding: 'low' },
      50,
      ['load is being shed'],
    ],
    ['a policy of one’s own', { type: 'tally', name: 'okx' }, 100, []],
  ])('gives points for %s', (_, snapshot, score, reasons) => {
    const scored = scorePolicy(snapshot);
    expect(scored.score).toBeCloseTo(score, 6);
    expect(scored.reasons.map(({ reason }) => reason)).toEqual(reasons);
  });

  it('puts a dependency together from its policies, the heaviest reason first', () => {
    const { score, reasons, unreachable } = scoreDependency('okx', [breaker('closed', 10, 2), balancer(1, 2)]);
    expect(score).toBeCloseTo(45);
    expect(reasons.map(({ reason }) => reason)).toEqual(['out of service: host-0', '20 % of calls fail']);
    expect(unreachable).toBe(false);
    expect(scoreDependency('okx', [balancer(2, 2)]).unreachable).toBe(true);
  });

  it('is the mean over dependencies, with the worst one first', () => {
    const { score, dependencies } = scoreSystem([
      { ...breaker('closed'), name: 'bybit' },
      { ...breaker('open'), name: 'okx' },
    ]);
    expect([score, dependencies.map(({ name }) => name)]).toEqual([50, ['okx', 'bybit']]);
    expect(scoreSystem([]).score).toBe(100);
  });

  it('is never raised by a worse state', () => {
    const STATES = ['closed', 'ramping', 'half-open', 'open', 'forced-open'];
    const figures = fc.record({
      state: fc.nat(4),
      failures: fc.nat(100),
      slow: fc.nat(100),
      held: fc.double({ min: 0, max: 1, noNaN: true }),
      waiting: fc.nat(1_000),
      pausedForMs: fc.nat(60_000),
      queued: fc.nat(1_000),
      shedding: fc.nat(1),
      abandoned: fc.nat(10),
      out: fc.nat(5),
      panic: fc.nat(1),
      spent: fc.nat(1),
    });
    type Figures = typeof figures extends fc.Arbitrary<infer F> ? F : never;
    const snapshotsOf = (f: Figures): PolicySnapshot[] => [
      breaker(STATES[f.state]!, 100, f.failures, f.slow, 1 - f.held),
      { type: 'rate-limiter', name: 'okx', waiting: { normal: f.waiting }, pausedForMs: f.pausedForMs },
      {
        type: 'bulkhead',
        name: 'okx',
        limit: 10,
        queued: f.queued,
        shedding: f.shedding === 1 ? 'low' : undefined,
        abandoned: f.abandoned,
      },
      { ...balancer(f.out, 5), panic: f.panic === 1 },
      { type: 'retry', name: 'okx', budget: { available: 1 - f.spent } },
    ];
    fc.assert(
      fc.property(figures, figures, (a, b) => {
        const keys = Object.keys(a) as (keyof Figures)[];
        const worse = Object.fromEntries(keys.map((key) => [key, Math.max(a[key], b[key])])) as Figures;
        expect(scoreSystem(snapshotsOf(worse)).score).toBeLessThanOrEqual(scoreSystem(snapshotsOf(a)).score + 1e-9);
      }),
      { numRuns: 2_000 },
    );
  });
});
