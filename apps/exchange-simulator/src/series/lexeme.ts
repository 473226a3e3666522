/** A decimal number as a scaled integer: value = units / 10^scale. */
export interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}

function split({ units, scale }: Scaled): { sign: string; whole: string; fraction: string } {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  return {
    sign: units < 0n ? '-' : '',
    whole: digits.slice(0, digits.length - scale),
    fraction: digits.slice(digits.length - scale),
  };
}

/** Every decimal place kept: `0.00010000`. */
export function fixed(value: Scaled): string {
  const { sign, whole, fraction } = split(value);
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** Trailing zeros dropped: `0.0001`, `0`. */
export function trimmed(value: Scaled): string {
  const { sign, whole, fraction } = split(value);
  const rest = fraction.replace(/0+$/, '');
  return rest === '' ? sign + whole : `${sign}${whole}.${rest}`;
}

/** As JavaScript prints a number: plain from 1e-6 up, `-8.15861558e-10` below. */
export function scientificBelowMicro(value: Scaled): string {
  const magnitude = value.units < 0n ? -value.units : value.units;
  if (magnitude === 0n || magnitude * 1_000_000n >= 10n ** BigInt(value.scale)) return trimmed(value);
  const digits = magnitude.toString().replace(/0+$/, '');
  const exponent = magnitude.toString().length - 1 - value.scale;
  const rest = digits.slice(1);
  return `${value.units < 0n ? '-' : ''}${digits.slice(0, 1)}${rest === '' ? '' : `.${rest}`}e${exponent}`;
}

/** As a Java double prints: `2.0E-4` below 0.001, at least one decimal place otherwise. */
export function javaDouble(value: Scaled): string {
  const magnitude = value.units < 0n ? -value.units : value.units;
  const plain = trimmed(value);
  if (magnitude === 0n || magnitude * 1_000n >= 10n ** BigInt(value.scale)) {
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  const digits = magnitude.toString().replace(/0+$/, '');
  const exponent = magnitude.toString().length - 1 - value.scale;
  return `${value.units < 0n ? '-' : ''}${digits.slice(0, 1)}.${digits.slice(1) || '0'}E${exponent}`;
}

/** The nearest value with fewer decimal places, halves away from zero. */
export function rescale({ units, scale }: Scaled, to: number): Scaled {
  if (to >= scale) return { units: units * 10n ** BigInt(to - scale), scale: to };
  const divisor = 10n ** BigInt(scale - to);
  const half = divisor / 2n;
  return { units: (units < 0n ? units - half : units + half) / divisor, scale: to };
}

/** A finite number with at most `scale` decimal places; exact as long as value * 10^scale is a safe integer. */
export function scaled(value: number, scale: number): Scaled {
  return { units: BigInt(Math.round(value * 10 ** scale)), scale };
}

export function multiply(a: Scaled, b: Scaled): Scaled {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** a / b to `scale` decimal places, truncated. */
export function divide(a: Scaled, b: Scaled, scale: number): Scaled {
  return { units: (a.units * 10n ** BigInt(scale + b.scale)) / (b.units * 10n ** BigInt(a.scale)), scale };
}
