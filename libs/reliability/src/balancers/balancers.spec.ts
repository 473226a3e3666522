import fc from 'fast-check';
import { seededRandom } from '../core/random.js';
import type { Use } from '../core/use.js';
import type { Candidate } from '../load-balancer/instance.js';
import type { Picker, Strategy } from '../load-balancer/picker.js';
import { testCall } from '../testing/test-call.js';
import { deterministicSubset } from './deterministic-subset.js';
import { hashOf } from './hash.js';
import { maglev } from './maglev.js';
import { ringHash } from './ring-hash.js';

interface Stub extends Candidate {
  inFlight: number;
}

const stub = (id: string, weight = 1): Stub => ({
  ref: { id, target: undefined },
  inFlight: 0,
  costMs: () => 0,
  failureShadow: () => 0,
  errorRate: () => 0,
  weightAt: () => weight,
});
const stubs = (count: number) => Array.from({ length: count }, (_, index) => stub(`endpoint-${index}`));
const KEYS = Array.from({ length: 5_000 }, (_, index) => `key ${index}`);

function placing(strategy: Strategy, candidates: readonly Candidate[]) {
  const picker: Picker = strategy.createPicker({ policy: 'shards', random: seededRandom(1) });
  picker.update(candidates, 0);
  return (key: string, avoided?: readonly string[]): string | undefined => {
    const use: Use = { site: 'test', key: () => key };
    return picker.pick(
      0,
      avoided?.map((id) => ({ id, target: undefined })),
      testCall(),
      use,
    )?.ref.id;
  };
}

describe('hash', () => {
  test('is stable between processes and versions', () => {
    expect([hashOf(''), hashOf('a'), hashOf('BTC-USDT'), hashOf('a', 1)]).toMatchInlineSnapshot(`
     [
       2872998923,
       444641715,
       3864043437,
       3873127206,
     ]
    `);
  });

  test('is spread evenly, also over keys that are alike', () => {
    const buckets = Array.from({ length: 16 }, () => 0);
    for (const key of KEYS) buckets[hashOf(key) >>> 28]! += 1;
    for (const count of buckets) expect(Math.abs(count - 312.5)).toBeLessThan(100);
  });
});

describe.each<[string, () => Strategy]>([
  ['ring hash', () => ringHash({ loadFactor: 100 })],
  ['maglev', () => maglev()],
])('%s', (_name, strategy) => {
  test('sends a key always to the same endpoint, whatever the order of the list', () => {
    const one = placing(strategy(), stubs(10));
    const other = placing(strategy(), stubs(10).toReversed());
    for (const key of KEYS.slice(0, 500)) expect(other(key)).toBe(one(key));
  });

  test('spreads keys by weight', () => {
    const place = placing(strategy(), [stub('a'), stub('b', 2), stub('c', 5)]);
    const counts: Record<string, number> = {};
    for (const key of KEYS) counts[place(key)!] = (counts[place(key)!] ?? 0) + 1;
    for (const [id, share] of [
      ['a', 1 / 8],
      ['b', 2 / 8],
      ['c', 5 / 8],
    ] as const) {
      expect(Math.abs(counts[id]! / KEYS.length - share)).toBeLessThan(0.04);
    }
  });

  test('moves few keys beside its own when an endpoint goes', () => {
    const before = placing(strategy(), stubs(10));
    const after = placing(strategy(), stubs(10).slice(1));
    const others = KEYS.filter((key) => before(key) !== 'endpoint-0');
    const moved = others.filter((key) => after(key) !== before(key));
    expect(moved.length / others.length).toBeLessThan(0.03);
  });

  test('gives a second endpoint where the first is to be avoided, and nothing where all are', () => {
    const place = placing(strategy(), stubs(3));
    for (const key of KEYS.slice(0, 100)) {
      const first = place(key)!;
      const second = place(key, [first])!;
      expect(second).not.toBe(first);
      const third = place(key, [first, second])!;
      expect(new Set([first, second, third]).size).toBe(3);
      expect(place(key, [first, second, third])).toBeUndefined();
    }
  });

  test('gives nothing without endpoints', () => {
    expect(placing(strategy(), [])('key')).toBeUndefined();
  });

  test('needs a key', () => {
    const picker = strategy().createPicker({ policy: 'shards', random: seededRandom(1) });
    picker.update(stubs(2), 0);
    expect(() => picker.pick(0, undefined, testCall(), { site: 'Orders.load' })).toThrow(
      'Orders.load: key for policy "shards": is needed by a consistent-hash strategy',
    );
  });
});

test('only its own keys move on a ring when an endpoint goes', () => {
  const before = placing(ringHash({ loadFactor: 100 }), stubs(10));
  const after = placing(ringHash({ loadFactor: 100 }), stubs(10).slice(1));
  for (const key of KEYS) if (before(key) !== 'endpoint-0') expect(after(key)).toBe(before(key));
});

test('a strategy’s own key function serves call sites that name none', () => {
  const picker = ringHash({ key: ({ name }) => name }).createPicker({ policy: 'shards', random: seededRandom(1) });
  picker.update(stubs(5), 0);
  const place = placing(ringHash(), stubs(5));
  expect(picker.pick(0, undefined, testCall(), { site: 'x' })!.ref.id).toBe(place('Test.call'));
  expect(picker.pick(0, undefined, testCall(), { site: 'x', key: () => 'own' })!.ref.id).toBe(place('own'));
});

test('no endpoint of a ring gets more than its bound, however hot a key is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 60 }), (count, calls) => {
      const candidates = stubs(count);
      const place = placing(ringHash({ loadFactor: 1.25 }), candidates);
      for (let call = 1; call <= calls; call += 1) {
        candidates.find(({ ref }) => ref.id === place('hot'))!.inFlight += 1;
      }
      const most = Math.max(...candidates.map(({ inFlight }) => inFlight));
      expect(most).toBeLessThanOrEqual(Math.ceil((1.25 * calls) / count));
    }),
    { numRuns: 50 },
  );
});

test('a ring where everybody left is full sends the key to its first place', () => {
  const candidates = stubs(2);
  const place = placing(ringHash({ loadFactor: 1 }), candidates);
  const first = place('key')!;
  const other = candidates.find(({ ref }) => ref.id !== first)!;
  candidates.find(({ ref }) => ref.id === first)!.inFlight = 50;
  expect(place('key')).toBe(other.ref.id);
  expect(place('key', [other.ref.id])).toBe(first);
});

test('when nearly all of a table is to be avoided the rest is found all the same', () => {
  const candidates = stubs(2_000);
  const place = placing(maglev({ tableSize: 2_003 }), candidates);
  const avoided = candidates.map(({ ref }) => ref.id).filter((id) => id !== 'endpoint-1234');
  expect(place('key', avoided)).toBe('endpoint-1234');
});

test.each([
  [() => ringHash({ pointsPerWeight: 0 }), 'ringHash.pointsPerWeight'],
  [() => ringHash({ loadFactor: 0.5 }), 'ringHash.loadFactor'],
  [() => maglev({ tableSize: 100 }), 'maglev.tableSize: must be a prime; got 100'],
  [() => maglev({ tableSize: 2 }), 'maglev.tableSize'],
  [() => deterministicSubset([], { client: -1, size: 0 }), 'deterministicSubset.client'],
])('impossible options are refused: %#', (make, problem) => {
  expect(make).toThrow(problem);
});

describe('deterministic subset', () => {
  const endpoints = Array.from({ length: 12 }, (_, index) => ({ id: `e${index}` }));
  const of = (client: number, size: number, from = endpoints) =>
    deterministicSubset(from, { client, size }).map(({ id }) => id);

  test('is the same for the same client, whatever the order of the list', () => {
    expect(of(5, 3)).toEqual(of(5, 3, endpoints.toReversed()));
    expect(of(5, 3)).toHaveLength(3);
  });

  test('every round of clients uses every endpoint once', () => {
    for (const round of [0, 1, 2]) {
      const used = [0, 1, 2, 3].flatMap((client) => of(round * 4 + client, 3));
      expect(used.toSorted()).toEqual(endpoints.map(({ id }) => id).toSorted());
    }
  });

  test('rounds differ in their company', () => {
    expect(of(0, 3).toSorted()).not.toEqual(of(4, 3).toSorted());
  });

  test('of few endpoints everybody uses all', () => {
    expect(of(3, 12)).toHaveLength(12);
    expect(of(3, 7)).toHaveLength(12);
    expect(of(3, 100)).toHaveLength(12);
    expect(deterministicSubset([], { client: 0, size: 3 })).toEqual([]);
  });
});
