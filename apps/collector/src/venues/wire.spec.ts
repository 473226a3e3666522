import { hours, isoMillis, millis, objects, seconds, text } from './wire.js';
import { quoteNumbers } from './quote-numbers.js';

describe('quoteNumbers', () => {
  it('makes every number the text of its digits, at any depth', () => {
    const { value, text } = quoteNumbers(
      '{"a":1.50e-05,"b":[-0,{"c":12345678901234567890.10}],"d":"0.10","e":null,"f":true}',
    );
    expect(value).toEqual({ a: '1.50e-05', b: ['-0', { c: '12345678901234567890.10' }], d: '0.10', e: null, f: true });
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each(['', '{', '[1,', '<html>', '{"a":1}}'])('refuses what is not one JSON text: %j', (broken) => {
    expect(() => quoteNumbers(broken)).toThrow(SyntaxError);
  });
});

describe('wire values', () => {
  it.each([
    ['', null],
    ['0.1', '0.1'],
    [null, null],
    [undefined, null],
    [1, null],
  ])('text of %j is %j', (value, expected) => expect(text(value)).toBe(expected));

  it.each([
    ['1703088000000', 1_703_088_000_000],
    ['0', null],
    ['', null],
    ['-1', null],
    ['1.5', null],
  ])('millis of %j is %j', (value, expected) => expect(millis(value)).toBe(expected));

  it.each([
    ['1684944000', 1_684_944_000_000],
    ['1684944000.25', 1_684_944_000_250],
    ['0', null],
    ['x', null],
  ])('seconds of %j is %j', (value, expected) => expect(seconds(value)).toBe(expected));

  it.each([
    ['2018-08-31T16:00:00.000Z', 1_535_731_200_000],
    ['2018-08-31', null],
    ['T', null],
  ])('isoMillis of %j is %j', (value, expected) => expect(isoMillis(value)).toBe(expected));

  it.each([
    ['8', 1, 8],
    ['28800', 3_600, 8],
    ['480', 60, 8],
    ['0', 1, null],
    ['', 1, null],
  ])('hours of %j by %d is %j', (value, unit, expected) => expect(hours(value, unit)).toBe(expected));

  it('takes only a list of objects for one', () => {
    expect(objects([{}])).toEqual([{}]);
    expect(objects([{}, 1])).toBeUndefined();
    expect(objects({})).toBeUndefined();
  });
});
