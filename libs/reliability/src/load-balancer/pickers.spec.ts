import fc from 'fast-check';
import { seededRandom } from '../core/random.js';
import { PLAIN_USE } from '../core/use.js';
import { testCall } from '../testing/test-call.js';
import type { Candidate } from './instance.js';
import { allowedOf, equallyWeighted, isAvoided, type Picker } from './picker.js';
import { RoundRobin, SmoothWeightedRoundRobin } from './rotation-pickers.js';
import { inFlightLoad, latencyLoad, PowerOfTwoChoices, RandomPicker } from './sampling-pickers.js';
import { leastConnections, lowestErrorRate, LowestScore, responseTime } from './scan-pickers.js';
import { STRATEGIES, STRATEGY_NAMES, strategyOf } from './strategies.js';

interface Stub extends Candidate {
  inFlight: number;
  weight: number;
  cost: number;
  errors: number;
  shadow: number;
  /** What slow start leaves of the weight. */
  share: number;
}

const stub = (id: string, given: Partial<Stub> = {}): Stub => ({
  ref: { id, target: undefined },
  inFlight: 0,
  weight: 1,
  cost: 10,
  errors: 0,
  shadow: 0,
  failureShadow(): number {
    return this.shadow;
  },
  share: 1,
  costMs(): number {
    return this.cost;
  },
  errorRate(): number {
    return this.errors;
  },
  weightAt(now: number): number {
    return this.weight * (now === Infinity ? 1 : this.share);
  },
  ...given,
});

const call = testCall();
const pick = (picker: Picker, avoided?: readonly string[]): string | undefined =>
  picker.pick(
    0,
    avoided?.map((id) => ({ id, target: undefined })),
    call,
    PLAIN_USE,
  )?.ref.id;
const picks = (picker: Picker, count: number) => Array.from({ length: count }, () => pick(picker)!);
const counts = (ids: readonly string[]) =>
  ids.reduce<Record<string, number>>((sum, id) => ({ ...sum, [id]: (sum[id] ?? 0) + 1 }), {});
const context = (seed = 1) => ({ policy: 'hosts', random: seededRandom(seed) });
const on = <P extends Picker>(picker: P, ...candidates: Candidate[]): P => {
  picker.update(candidates, 0);
  return picker;
};

describe('what has to be avoided', () => {
  const [a, b] = [stub('a'), stub('b')];

  test('is told by id', () => {
    expect(isAvoided(a, undefined)).toBe(false);
    expect(isAvoided(a, [])).toBe(false);
    expect(isAvoided(a, [{ id: 'b', target: 1 }])).toBe(false);
    expect(
      isAvoided(a, [
        { id: 'b', target: 1 },
        { id: 'a', target: 1 },
      ]),
    ).toBe(true);
  });

  test('leaves the others; nothing to avoid leaves the list itself', () => {
    const all = [a, b];
    expect(allowedOf(all, undefined)).toBe(all);
    expect(allowedOf(all, [{ id: 'a', target: undefined }])).toEqual([b]);
  });

  test('weights are equal when all are the same at that time', () => {
    expect(equallyWeighted([], 0)).toBe(true);
    expect(equallyWeighted([a, b], 0)).toBe(true);
    expect(equallyWeighted([a, stub('c', { weight: 2 })], 0)).toBe(false);
    expect(equallyWeighted([a, stub('c', { share: 0.5 })], 0)).toBe(false);
    expect(equallyWeighted([a, stub('c', { share: 0.5 })], Infinity)).toBe(true);
  });
});

/** What every way of choosing must hold, whatever it looks at. */
describe.each(STRATEGY_NAMES)('%s', (name) => {
  const strategy = STRATEGIES[name];

  test('is found by its name', () => {
    expect(strategyOf(name)).toBe(strategy);
    expect(strategyOf(strategy)).toBe(strategy);
    expect(strategy.name).toBe(name);
  });

  test('gives nothing without candidates', () => {
    const picker = strategy.createPicker(context());
    expect(pick(picker)).toBeUndefined();
    expect(pick(on(picker))).toBeUndefined();
  });

  test('gives the only candidate, unless it is to be avoided', () => {
    const picker = on(strategy.createPicker(context()), stub('a'));
    expect(picks(picker, 3)).toEqual(['a', 'a', 'a']);
    expect(pick(picker, ['a'])).toBeUndefined();
  });

  test('never gives one that is to be avoided while there is another', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            weight: fc.integer({ min: 1, max: 9 }),
            inFlight: fc.nat(9),
            cost: fc.nat(99),
            errors: fc.double({ min: 0, max: 0.99, noNaN: true }),
            share: fc.constantFrom(1, 1, 0.1),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        fc.uniqueArray(fc.nat(5)),
        fc.nat(),
        (given, avoided, seed) => {
          const candidates = given.map((fields, index) => stub(String(index), fields));
          const picker = on(strategy.createPicker(context(seed)), ...candidates);
          const skipped = avoided.map(String);
          const left = candidates.map(({ ref }) => ref.id).filter((id) => !skipped.includes(id));
          for (let round = 0; round < 10; round += 1) {
            const chosen = pick(picker, skipped);
            if (left.length === 0) expect(chosen).toBeUndefined();
            else expect(left).toContain(chosen);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('spreads calls evenly over equals', () => {
    const candidates = Array.from({ length: 8 }, (_, index) => stub(String(index)));
    const shares = Object.values(counts(picks(on(strategy.createPicker(context()), ...candidates), 8_000)));
    expect(shares).toHaveLength(8);
    // Those that draw lots are within five standard deviations of a fair share.
    for (const share of shares) expect(Math.abs(share - 1_000)).toBeLessThan(5 * Math.sqrt(1_000));
  });

  test('goes on with a changed list', () => {
    const picker = on(strategy.createPicker(context()), stub('a'), stub('b'));
    picks(picker, 3);
    picker.update([stub('c'), stub('d')], 0);
    expect(new Set(picks(picker, 50))).toEqual(new Set(['c', 'd']));
  });
});

describe('weighted shares over 10,000 calls', () => {
  const weights = { a: 1, b: 2, c: 3, d: 14 };
  const candidates = () => Object.entries(weights).map(([id, weight]) => stub(id, { weight }));

  test.each([
    ['weighted-round-robin', 0.001],
    ['random', 0.01],
    ['power-of-two', 0.01],
  ] as const)('are kept by %s within %d', (name, within) => {
    const shares = counts(picks(on(STRATEGIES[name].createPicker(context()), ...candidates()), 10_000));
    for (const [id, weight] of Object.entries(weights)) {
      expect(Math.abs(shares[id]! / 10_000 - weight / 20)).toBeLessThan(within);
    }
  });
});

describe('round robin', () => {
  test('takes turns in the given order', () => {
    expect(picks(on(new RoundRobin(seededRandom(1)), stub('a'), stub('b'), stub('c')), 5)).toEqual([
      'a',
      'b',
      'c',
      'a',
      'b',
    ]);
  });

  test('looks at no weights', () => {
    expect(picks(on(new RoundRobin(seededRandom(1)), stub('a', { weight: 9 }), stub('b')), 4)).toEqual([
      'a',
      'b',
      'a',
      'b',
    ]);
  });

  test('keeps its place when one before it, the next one or one after it goes', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => stub(id)) as [Stub, Stub, Stub, Stub];
    const after = (...left: Stub[]) => {
      const picker = on(new RoundRobin(seededRandom(1)), a, b, c, d);
      picks(picker, 2);
      picker.update(left, 0);
      return pick(picker);
    };
    expect(after(b, c, d)).toBe('c');
    expect(after(a, b, d)).toBe('d');
    expect(after(a, b, c)).toBe('c');
    expect(after(a, b)).toBe('a');
    expect(after(stub('x'))).toBe('x');
  });

  test('keeps its place at the end of the list', () => {
    const [a, b] = [stub('a'), stub('b')];
    const picker = on(new RoundRobin(seededRandom(1)), a, b);
    picks(picker, 2);
    picker.update([a, b, stub('c')], 0);
    expect(pick(picker)).toBe('a');
  });

  test('during slow start an instance gets its part of its turns', () => {
    const picker = on(new RoundRobin(seededRandom(1)), stub('a', { weight: 4, share: 0.2 }), stub('b'), stub('c'));
    const shares = counts(picks(picker, 10_000));
    expect(shares['a']! / shares['b']!).toBeCloseTo(0.2, 1);
  });

  test('when all are in slow start somebody gets the call all the same', () => {
    const picker = on(new RoundRobin({ next: () => 0.99 }), stub('a', { share: 0.1 }), stub('b', { share: 0.2 }));
    expect(picks(picker, 2)).toEqual(['a', 'a']);
  });
});

describe('smooth weighted round robin', () => {
  test('spreads the turns of the heavy: 5, 1, 1', () => {
    const picker = on(new SmoothWeightedRoundRobin(seededRandom(1)), stub('a', { weight: 5 }), stub('b'), stub('c'));
    expect(picks(picker, 14).join('')).toBe('aabacaaaabacaa');
  });

  test('keeps what everybody is owed when the list changes', () => {
    const [a, b, c] = [stub('a', { weight: 5 }), stub('b'), stub('c')];
    const picker = on(new SmoothWeightedRoundRobin(seededRandom(1)), a, b, c);
    expect(picks(picker, 3).join('')).toBe('aab');
    picker.update([c, b, a], 0);
    expect(picks(picker, 4).join('')).toBe('acaa');
  });

  test('goes in turns when weights are equal, and forgets old debts then', () => {
    const [a, b] = [stub('a', { weight: 3 }), stub('b')];
    const picker = on(new SmoothWeightedRoundRobin(seededRandom(1)), a, b);
    picks(picker, 2);
    a.weight = 1;
    picker.update([a, b], 0);
    expect(picks(picker, 4).join('')).toBe('abab');
    a.weight = 3;
    picker.update([a, b], 0);
    expect(picks(picker, 4).join('')).toBe('aaba');
  });

  test('who is avoided gains nothing by it', () => {
    const picker = on(new SmoothWeightedRoundRobin(seededRandom(1)), stub('a', { weight: 2 }), stub('b'));
    expect([pick(picker, ['b']), pick(picker, ['b']), ...picks(picker, 3)].join('')).toBe('aaaba');
  });

  test('a weight that grows from call to call counts at each call', () => {
    const a = stub('a', { weight: 4, share: 0.25 });
    const picker = on(new SmoothWeightedRoundRobin(seededRandom(1)), a, stub('b', { weight: 4 }));
    const early = counts(picks(picker, 100));
    a.share = 1;
    const late = counts(picks(picker, 100));
    expect(early).toEqual({ a: 20, b: 80 });
    expect(late).toEqual({ a: 50, b: 50 });
  });
});

describe('power of two choices', () => {
  test('takes the one with the lower load of two different ones', () => {
    const picker = on(new PowerOfTwoChoices(seededRandom(1), inFlightLoad), stub('a', { inFlight: 3 }), stub('b'));
    expect(counts(picks(picker, 100))).toEqual({ b: 100 });
  });

  test('the most loaded of all gets nothing, since it is never drawn twice', () => {
    const candidates = [5, 1, 2, 3, 4].map((inFlight, index) => stub(String(index), { inFlight }));
    const shares = counts(picks(on(new PowerOfTwoChoices(seededRandom(1), inFlightLoad), ...candidates), 10_000));
    // The rank decides: the least loaded of five is in two pairs of five, and so on down to none.
    expect(shares['0']).toBeUndefined();
    for (const [id, share] of [
      ['1', 0.4],
      ['2', 0.3],
      ['3', 0.2],
      ['4', 0.1],
    ] as const) {
      expect(shares[id]! / 10_000).toBeCloseTo(share, 1);
    }
  });

  test('every pair can be drawn, from the lowest number to the highest', () => {
    const candidates = [stub('a', { inFlight: 1 }), stub('b', { inFlight: 2 }), stub('c', { inFlight: 3 })];
    const chosenAt = (number: number) =>
      pick(on(new PowerOfTwoChoices({ next: () => number }, inFlightLoad), ...candidates));
    // Ordered pairs: ab ac, ba bc, ca cb.
    expect([0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 0.999999].map((number) => chosenAt(number + 1e-9))).toEqual([
      'a',
      'a',
      'a',
      'b',
      'a',
      'b',
      'b',
    ]);
  });

  test('a tie goes to the one drawn first', () => {
    const candidates = [stub('a'), stub('b')];
    const chosenAt = (number: number) =>
      pick(on(new PowerOfTwoChoices({ next: () => number }, inFlightLoad), ...candidates));
    expect([chosenAt(0), chosenAt(0.9)]).toEqual(['a', 'b']);
  });

  test('with unequal weights, calls under way count by the weight they are spread over', () => {
    const heavy = stub('heavy', { weight: 8, inFlight: 8 });
    const light = stub('light', { weight: 1, inFlight: 2 });
    const picker = on(new PowerOfTwoChoices(seededRandom(1), inFlightLoad), heavy, light);
    expect(counts(picks(picker, 200))['heavy']).toBeGreaterThan(190);
    heavy.inFlight = 17;
    expect(counts(picks(picker, 200))['light']).toBeGreaterThan(100);
  });

  test('one that weighs next to nothing is drawn next to never, and does not hold up the others', () => {
    const picker = on(
      new PowerOfTwoChoices(seededRandom(1), inFlightLoad),
      stub('a', { weight: 1e6 }),
      stub('b', { weight: 1e-6 }),
    );
    expect(counts(picks(picker, 1_000))).toEqual({ a: 1_000 });
  });

  test('slow start keeps an instance from being drawn', () => {
    const picker = on(
      new PowerOfTwoChoices(seededRandom(1), inFlightLoad),
      stub('a', { share: 0.1 }),
      stub('b'),
      stub('c'),
    );
    expect(counts(picks(picker, 10_000))['a']! / 10_000).toBeCloseTo(0.1 / 2.1, 2);
  });
});

describe('load', () => {
  test.each([
    [10, 0, 10],
    [10, 2, 30],
    [0, 0, 0],
    [0, 1, 1e9 + 1],
  ])('latency %d ms with %d under way is a wait of %d', (cost, inFlight, expected) => {
    expect(latencyLoad(stub('a', { cost }), inFlight, 0)).toBe(expected);
  });

  test('in flight is what is under way, and the shadow of failures', () => {
    expect(inFlightLoad(stub('a', { cost: 9 }), 3, 0)).toBe(3);
    expect(inFlightLoad(stub('a', { shadow: 2.5 }), 3, 0)).toBe(5.5);
  });

  test.each([
    [leastConnections, { inFlight: 3, weight: 2 }, 2],
    [leastConnections, { inFlight: 3, weight: 2, shadow: 2 }, 3],
    [responseTime, { cost: 10, inFlight: 3, weight: 2 }, 20],
    [responseTime, { cost: 0 }, 0],
    [responseTime, { cost: 0, inFlight: 1 }, 2 * Number.MAX_SAFE_INTEGER],
    [lowestErrorRate, { errors: 0.0199 }, 0],
    [lowestErrorRate, { errors: 0.02 }, 1],
    [lowestErrorRate, { errors: 0.5 }, 25],
  ])('score number %#', (score, given, expected) => {
    expect(score(stub('a', given), 0)).toBe(expected);
  });
});

describe('lowest score', () => {
  test('takes the lowest', () => {
    const candidates = [3, 1, 2].map((inFlight, index) => stub(String(index), { inFlight }));
    expect(picks(on(new LowestScore(leastConnections), ...candidates), 3)).toEqual(['1', '1', '1']);
  });

  test('equals take turns, also beside worse ones', () => {
    const candidates = [1, 0, 1, 0, 0].map((inFlight, index) => stub(String(index), { inFlight }));
    expect(picks(on(new LowestScore(leastConnections), ...candidates), 6).join('')).toBe('134134');
  });

  test('weights of less mean more load', () => {
    const picker = on(new LowestScore(leastConnections), stub('a'), stub('b', { weight: 3, inFlight: 1 }));
    expect(pick(picker)).toBe('b');
  });
});

describe('random', () => {
  test('falls back to a walk over the weights when draws are in vain', () => {
    const numbers = [...Array.from({ length: 32 }, () => 0.999), 0.5];
    let next = 0;
    const picker = on(
      new RandomPicker({ next: () => numbers[next++ % numbers.length]! }),
      stub('a', { weight: 100, share: 0.5 }),
      stub('b', { weight: 60, share: 0.5 }),
      stub('c', { weight: 40, share: 0.5 }),
    );
    expect(pick(picker)).toBe('b');
  });
});
