import * as fc from 'fast-check';

import { identifier, inlineParameters, parameterTexts, placeholdersOf, quoted } from './parameters.js';

describe('placeholders', () => {
  it('are found with their types', () => {
    const sql = 'SELECT {a:UInt8}, { b : Array(Nullable(Decimal(38, 20))) } FROM t';
    expect(placeholdersOf(sql).map(({ name, type }) => [name, type])).toEqual([
      ['a', 'UInt8'],
      ['b', 'Array(Nullable(Decimal(38, 20)))'],
    ]);
  });

  it.each([
    ["SELECT '{a:UInt8}'"],
    ["SELECT 'it''s {a:UInt8}'"],
    ["SELECT 'back\\' {a:UInt8}'"],
    ['SELECT "{a:UInt8}", `{a:UInt8}`'],
    ['SELECT 1 -- {a:UInt8}'],
    ['SELECT /* {a:UInt8} */ 1'],
    ['SELECT {1:2}'],
  ])('are not seen in %s', (sql) => {
    expect(placeholdersOf(sql)).toEqual([]);
  });
});

describe('parameters written into the statement', () => {
  it('become literals of the declared type', () => {
    expect(
      inlineParameters(
        '{a:UInt64} {b:String} {c:Decimal(38, 20)} {d:Array(String)} {e:Nullable(String)} {f:Array(UInt8)}',
        {
          a: 18446744073709551615n,
          b: "it's \\ \n",
          c: '-0.00000000000000000001',
          d: ['x', "y'"],
          e: null,
          f: [],
        },
      ),
    ).toBe(
      "toUInt64('18446744073709551615') 'it\\'s \\\\ \\n' toDecimal128('-0.00000000000000000001', 20) ['x', 'y\\''] NULL CAST([] AS Array(UInt8))",
    );
  });

  it('never leave their quotes, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const literal = quoted(text);
        const inside = literal.slice(1, -1);
        expect(/(^|[^\\])(\\\\)*'/.test(inside)).toBe(false);
        expect(/(^|[^\\])(\\\\)*\\$/.test(inside)).toBe(false);
      }),
    );
  });
});

describe('a parameter', () => {
  const text = (type: string, value: Parameters<typeof parameterTexts>[1][string]) =>
    parameterTexts(`SELECT {p:${type}}`, { p: value })['p'];

  it.each([
    ['DateTime', new Date('2026-11-21T10:00:00.999Z'), '1795255200'],
    ['DateTime64(3)', new Date('2026-11-21T10:00:00.007Z'), '1795255200.007'],
    ["DateTime64(6, 'UTC')", new Date('2026-11-21T10:00:00.120Z'), '1795255200.120000'],
    ['Date', new Date('2026-11-21T23:59:59Z'), '2026-11-21'],
    ['Int64', -9007199254740993n, '-9007199254740993'],
    ['Bool', true, 'true'],
    ['UInt8', false, '0'],
    ['Nullable(Float64)', null, null],
  ] as const)('of type %s takes %p as %p', (type, value, expected) => {
    expect(text(type, value)).toBe(expected);
  });

  it.each([
    ['Int64', 1.5, 'parameter p: must be an integer, got number 1.5 for Int64'],
    ['UInt64', 2 ** 60, 'parameter p: must be a safe integer'],
    ['UInt8', '1; DROP TABLE t', 'parameter p: must be an integer'],
    ['String', null, 'parameter p: must not be null'],
    ['Array(String)', 'x', 'parameter p: must be an array'],
    ['String', ['x'], 'parameter p: must not be an array'],
    ['DateTime', new Date(Number.NaN), 'parameter p: must be a valid date'],
    ['UInt8', new Date(0), 'a Date needs Date, DateTime'],
  ] as const)('of type %s refuses %p', (type, value, message) => {
    expect(() => text(type, value)).toThrow(message);
  });

  it('must be given when used, and used when given', () => {
    expect(() => parameterTexts('SELECT {a:UInt8}', {})).toThrow('parameter a: the statement uses it, none was given');
    expect(() => parameterTexts('SELECT 1', { b: 1 })).toThrow('parameters given but not used: b');
  });
});

describe('an identifier', () => {
  it('is quoted, with its database', () => {
    expect(identifier('db.table_1')).toBe('`db`.`table_1`');
  });

  it.each(['', 'a b', 'a`b', 'a.b.c', '1a', 'a;DROP'])('refuses %p', (name) => {
    expect(() => identifier(name)).toThrow('a name must be letters');
  });
});
