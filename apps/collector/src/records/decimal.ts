import { Decimal } from 'decimal.js';

/** Digits after the point that a derived rate keeps; the scale of the stored column. */
export const DERIVED_SCALE = 20;

const LEXEME = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Wide enough that a division is exact far beyond {@link DERIVED_SCALE}. */
const Wide = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_EVEN });

/**
 * A decimal as plain digits: an exponent is written out, sign and trailing zeros stay as they were sent.
 * `3.995839963e-09` → `0.000000003995839963`, `1.50E+2` → `150`, `-0.00010000` → itself.
 * @returns `null` for what is not a decimal number
 */
export function plainDecimal(lexeme: string): string | null {
  const match = LEXEME.exec(lexeme);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  const minus = sign === '-' ? '-' : '';
  if (shift === 0) return `${minus}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `${minus}0.${'0'.repeat(-point)}${digits}`;
  const left = digits
    .slice(0, point)
    .padEnd(point, '0')
    .replace(/^0+(?=\d)/, '');
  const right = digits.slice(point);
  return `${minus}${left}${right === '' ? '' : `.${right}`}`;
}

/**
 * The relative rate of an absolute one, in units of the position's notional value.
 *
 * A linear contract is quoted in the currency that the rate is paid in: relative = absolute ÷ price. An inverse one is
 * worth a fixed amount of quote currency and pays in the base: relative = absolute × price.
 * @returns at most {@link DERIVED_SCALE} digits after the point, half to even, without trailing zeros; `null` without a
 * price to divide by
 */
export function relativeRate(absolute: string, price: string, kind: 'linear' | 'inverse'): string | null {
  const divisor = new Wide(price);
  if (!divisor.isFinite() || divisor.lte(0)) return null;
  const rate = kind === 'linear' ? new Wide(absolute).div(divisor) : new Wide(absolute).times(divisor);
  return rate.toDecimalPlaces(DERIVED_SCALE, Decimal.ROUND_HALF_EVEN).toFixed();
}

/** Whether two decimals are the same number, however they are written. */
export function sameDecimal(a: string, b: string): boolean {
  return a === b || new Wide(a).eq(new Wide(b));
}
