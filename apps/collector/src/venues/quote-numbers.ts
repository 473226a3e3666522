import { parse } from 'lossless-json';

/**
 * The same JSON with every number as a string of the digits that were sent, so that no later parser passes a rate
 * through a double.
 * @throws SyntaxError for what is not one complete JSON text
 */
export function quoteNumbers(json: string): { readonly value: unknown; readonly text: string } {
  const value = parse(json, null, (digits) => digits);
  return { value, text: JSON.stringify(value) };
}
