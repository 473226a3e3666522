import { parseOptions } from '../core/options.js';
import { seededRandom } from '../core/random.js';
import { testCall } from '../testing/test-call.js';
import { chaosOptions, type ChaosOptions } from './chaos.options.js';
import { planInjections } from './injection-plan.js';

const call = testCall();

/** The kinds planned for a call when chance draws the given numbers. */
function planned(
  injections: ChaosOptions['injections'],
  { draws = [0], key = undefined as string | undefined, elapsedMs = 0 } = {},
) {
  let drawn = 0;
  const random = { next: () => draws[drawn++] ?? 0 };
  const parsed = parseOptions(chaosOptions, { injections }, '').injections;
  const kinds = planInjections(parsed, { call, key: () => key, elapsedMs }, random).map(({ kind }) => kind);
  return { kinds, drawn };
}

const latency = { kind: 'latency', latencyMs: 5 } as const;
const fault = { kind: 'fault' } as const;

describe('planInjections', () => {
  it.each([
    [0, 0, []],
    [0.3, 0.29, ['fault']],
    [0.3, 0.3, []],
    [1, 0.999, ['fault']],
  ])('with a rate of %d and a draw of %d plans %p', (rate, draw, kinds) => {
    expect(planned([{ ...fault, rate }], { draws: [draw] }).kinds).toEqual(kinds);
  });

  it('befalls the share of calls that it says', () => {
    const random = seededRandom(3);
    const { injections } = parseOptions(chaosOptions, { injections: [{ ...fault, rate: 0.2 }] }, '');
    const victim = { call, key: () => undefined, elapsedMs: 0 };
    let befallen = 0;
    for (let calls = 0; calls < 10_000; calls += 1) befallen += planInjections(injections, victim, random).length;
    expect(befallen / 10_000).toBeCloseTo(0.2, 1);
  });

  it('draws once for each, and no more after the first that ends the call', () => {
    const all = [
      { ...latency, rate: 1 },
      { kind: 'behaviour', rate: 0.5, run: () => undefined },
      { ...fault, rate: 0.5 },
      { kind: 'result', rate: 1, value: 1 },
      { ...latency, rate: 1 },
    ] as const;
    expect(planned([...all], { draws: [0.9, 0.9, 0.4, 0] })).toEqual({ kinds: ['latency', 'fault'], drawn: 3 });
    expect(planned([...all], { draws: [0.9, 0.1, 0.9, 0] })).toEqual({
      kinds: ['latency', 'behaviour', 'result'],
      drawn: 4,
    });
  });

  it('is for calls of the keys given', () => {
    const injections = [{ ...fault, rate: 1, keys: ['btc', 'eth'] }];
    expect(planned(injections, { key: 'eth' }).kinds).toEqual(['fault']);
    expect(planned(injections, { key: 'xrp' })).toEqual({ kinds: [], drawn: 0 });
    expect(planned(injections)).toEqual({ kinds: [], drawn: 0 });
    expect(planned([{ ...fault, rate: 1 }], { key: 'xrp' }).kinds).toEqual(['fault']);
  });

  it('asks for the key only where keys are given', () => {
    const { injections } = parseOptions(chaosOptions, { injections: [{ ...fault, rate: 1 }] }, '');
    const key = () => {
      throw new Error('asked');
    };
    expect(planInjections(injections, { call, key, elapsedMs: 0 }, seededRandom(1))).toHaveLength(1);
  });

  it('is for calls of which the condition holds', () => {
    expect(planned([{ ...fault, rate: 1, when: (given) => given === call }]).kinds).toEqual(['fault']);
    expect(planned([{ ...fault, rate: 1, when: (given) => given !== call }])).toEqual({ kinds: [], drawn: 0 });
  });

  it.each([
    [99, []],
    [100, ['fault']],
    [149, ['fault']],
    [150, []],
  ])('in a box of 50 ms after 100, at %d ms plans %p', (elapsedMs, kinds) => {
    expect(planned([{ ...fault, rate: 1, afterMs: 100, forMs: 50 }], { elapsedMs }).kinds).toEqual(kinds);
  });

  it('has no end without a time box', () => {
    expect(planned([{ ...fault, rate: 1 }], { elapsedMs: 1e15 }).kinds).toEqual(['fault']);
  });
});
