import { LosslessNumber, parse, stringify } from 'lossless-json';

/** A JSON number that keeps its spelling: `number('2.0E-4')` is sent as `2.0E-4`. */
export function number(lexeme: string): LosslessNumber {
  return new LosslessNumber(lexeme);
}

/** JSON text with number spellings kept. */
export function json(value: unknown): string {
  const text = stringify(value);
  if (text === undefined) throw new TypeError('nothing to send');
  return text;
}

/** The object in a request body; null when it is not one. */
export function jsonObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = parse(body, null, Number);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
