import {
  divide,
  fixed,
  javaDouble,
  multiply,
  rescale,
  scaled,
  scientificBelowMicro,
  trimmed,
  type Scaled,
} from './lexeme.js';

const value = (units: bigint, scale: number): Scaled => ({ units, scale });

describe('number lexemes', () => {
  it.each([
    [value(10_000n, 8), '0.00010000'],
    [value(-1_226n, 8), '-0.00001226'],
    [value(0n, 8), '0.00000000'],
    [value(61_234_50n, 2), '61234.50'],
    [value(7n, 0), '7'],
  ])('%p fixed is %s', (input, expected) => {
    expect(fixed(input)).toBe(expected);
  });

  it.each([
    [value(10_000n, 8), '0.0001'],
    [value(0n, 6), '0'],
    [value(-1_034n, 6), '-0.001034'],
    [value(6_100_000n, 2), '61000'],
  ])('%p trimmed is %s', (input, expected) => {
    expect(trimmed(input)).toBe(expected);
  });

  it.each([
    [value(-815_861_558n, 18), '-8.15861558e-10'],
    [value(-540_935_416_667n, 18), '-5.40935416667e-7'],
    [value(-16_898_883_333_333n, 18), '-0.000016898883333333'],
    [value(1_000n, 9), '0.000001'],
    [value(999n, 9), '9.99e-7'],
    [value(100n, 9), '1e-7'],
    [value(0n, 18), '0'],
  ])('%p in the style of a JSON number printer is %s', (input, expected) => {
    expect(scientificBelowMicro(input)).toBe(expected);
  });

  it.each([
    [value(2n, 4), '2.0E-4'],
    [value(21n, 5), '2.1E-4'],
    [value(1n, 3), '0.001'],
    [value(100n, 0), '100.0'],
    [value(-21n, 5), '-2.1E-4'],
  ])('%p in the style of a Java double is %s', (input, expected) => {
    expect(javaDouble(input)).toBe(expected);
  });

  it('rescales with halves away from zero', () => {
    expect(rescale(value(15n, 1), 0)).toEqual(value(2n, 0));
    expect(rescale(value(-15n, 1), 0)).toEqual(value(-2n, 0));
    expect(rescale(value(14n, 1), 0)).toEqual(value(1n, 0));
    expect(rescale(value(15n, 1), 3)).toEqual(value(1_500n, 3));
  });

  it('multiplies and divides exactly', () => {
    expect(multiply(value(-123n, 5), value(61_000_5n, 1))).toEqual(value(-75_030_615n, 6));
    expect(divide(value(1n, 0), value(3n, 0), 6)).toEqual(value(333_333n, 6));
    expect(divide(value(-25n, 2), value(5n, 1), 3)).toEqual(value(-500n, 3));
    expect(scaled(0.0001, 8)).toEqual(value(10_000n, 8));
  });
});
