import * as fc from 'fast-check';
import { argumentsKey } from './arguments-key.js';

describe('argumentsKey', () => {
  it.each([
    [[], ''],
    [['a', 1, true, null, undefined, 2n], '"a",1,true,null,undefined,2n'],
    [[[1, [2]], { b: 1, a: [{}] }], '[1,[2]],{"a":[{}],"b":1}'],
    [[new Date(5)], '@5'],
    [[Object.create(null)], '{}'],
    [[-0, NaN, Infinity], '-0,NaN,Infinity'],
  ])('of %p is %s', (args, key) => {
    expect(argumentsKey(args)).toBe(key);
  });

  it.each([
    ['a function', [() => 1]],
    ['a symbol', [Symbol('a')]],
    ['a map', [new Map()]],
    ['an instance', [new (class Tenant {})()]],
    ['one deep inside', [{ a: [{ b: new Set() }] }]],
  ])('is not there for %s', (_what, args) => {
    expect(argumentsKey(args)).toBeUndefined();
  });

  it('is not there for a cycle', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(argumentsKey([cycle])).toBeUndefined();
  });

  it('lets errors of getters through', () => {
    const broken = {
      get field(): never {
        throw new Error('getter');
      },
    };
    expect(() => argumentsKey([broken])).toThrow('getter');
  });

  it.each([
    [['a,b'], ['a', 'b']],
    [['1'], [1]],
    [[1n], [1]],
    [[null], ['null']],
    [[[]], [{}]],
    [[new Date(0)], [0]],
    [[0], [-0]],
    [[{ a: 1, b: 2 }], [{ a: 12 }]],
    [[['a'], 'b'], [['a', 'b']]],
  ])('of %p is not that of %p', (one, other) => {
    expect(argumentsKey(one)).not.toBe(argumentsKey(other));
  });

  it('is equal exactly for equal plain values', () => {
    const plain = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        const equal = argumentsKey([one]) === argumentsKey([other]);
        expect(equal).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)) && sameZeros(one, other));
      }),
    );
  });

  it('does not depend on the order of fields', () => {
    expect(argumentsKey([{ a: 1, b: { d: 1, c: 2 } }])).toBe(argumentsKey([{ b: { c: 2, d: 1 }, a: 1 }]));
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, field]) => [name, sorted(field)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    .concat([['object']]);
}

/** JSON writes both zeros alike. */
function sameZeros(one: unknown, other: unknown): boolean {
  return zeros(one) === zeros(other);
}

function zeros(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-' : '+';
  if (typeof value !== 'object' || value === null) return '';
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, field]) => zeros(field))
    .join('');
}
