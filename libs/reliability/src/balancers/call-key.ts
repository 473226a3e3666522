import { z } from 'zod';
import type { Call } from '../core/call.js';
import { InvalidUseError } from '../core/errors.js';
import { keyOf, type Use } from '../core/use.js';

/**
 * The key by which a call is placed: the call site's own, else the one that the strategy's function gives.
 * @throws InvalidUseError when there is neither
 */
export function callKey(call: Call, use: Use, policy: string, key: ((call: Call) => string) | undefined): string {
  const given = keyOf(use.key === undefined && key !== undefined ? { site: use.site, key } : use, call, policy);
  if (given !== undefined) return given;
  throw new InvalidUseError(policy, use.site, 'key', 'is needed by a consistent-hash strategy', undefined);
}

export const keyFunction = () =>
  z.custom<(call: Call) => string>((value) => typeof value === 'function', 'must be a function');
