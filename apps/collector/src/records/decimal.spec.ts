import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { plainDecimal, relativeRate, sameDecimal } from './decimal.js';

describe('plainDecimal', () => {
  it.each([
    ['0.00010000', '0.00010000'],
    ['-0.001034', '-0.001034'],
    ['3.995839963e-09', '0.000000003995839963'],
    ['1.5e-05', '0.000015'],
    ['1.50E-5', '0.0000150'],
    ['-7.56E-7', '-0.000000756'],
    ['2.0E+2', '200'],
    ['1.234E2', '123.4'],
    ['12e3', '12000'],
    ['0E-18', '0.000000000000000000'],
    ['0', '0'],
    ['-0', '-0'],
    ['-0.0', '-0.0'],
    ['+0.5', '0.5'],
    ['0.00000254545454545455', '0.00000254545454545455'],
    ['123456789012345678901234567890.12', '123456789012345678901234567890.12'],
  ])('%s is %s', (lexeme, plain) => {
    expect(plainDecimal(lexeme)).toBe(plain);
  });

  it.each(['', 'abc', '1.2.3', 'NaN', 'Infinity', '0x10', '1e', ' 1', '1,5', 'e5', '1e99999'])('%j is none', (text) => {
    expect(plainDecimal(text)).toBeNull();
  });

  it('never changes the number, whatever the exponent', () => {
    const lexeme = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.nat({ max: 10 ** 9 }),
        fc.option(fc.stringMatching(/^\d{1,20}$/)),
        fc.integer({ min: -40, max: 40 }),
      )
      .map(
        ([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}e${exponent}`,
      );
    fc.assert(
      fc.property(lexeme, (text) => {
        const plain = plainDecimal(text);
        expect(plain).toMatch(/^-?\d+(\.\d+)?$/);
        const Exact = Decimal.clone({ precision: 200 });
        expect(new Exact(plain ?? '').eq(new Exact(text))).toBe(true);
      }),
    );
  });
});

describe('relativeRate', () => {
  it('divides by the price for a linear contract, to 20 digits, half to even', () => {
    expect(relativeRate('-3.0986514761868753', '61379', 'linear')).toBe('-0.00005048390290143005');
    expect(relativeRate('1', '3', 'linear')).toBe('0.33333333333333333333');
    expect(relativeRate('0.00000000000000000005', '10', 'linear')).toBe('0');
    expect(relativeRate('0.00000000000000000015', '10', 'linear')).toBe('0.00000000000000000002');
  });

  it('multiplies by the price for an inverse one', () => {
    expect(relativeRate('0.000000003995839963', '30123.5', 'inverse')).toBe('0.0001203686851254305');
  });

  it('has none without a price', () => {
    expect(relativeRate('1', '0', 'linear')).toBeNull();
    expect(relativeRate('1', '-5', 'inverse')).toBeNull();
  });
});

describe('sameDecimal', () => {
  it('compares numbers, not texts', () => {
    expect(sameDecimal('0.10', '0.1')).toBe(true);
    expect(sameDecimal('0.1', '0.10000000000000000001')).toBe(false);
  });
});
