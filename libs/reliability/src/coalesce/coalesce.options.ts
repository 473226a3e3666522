import { z } from 'zod';
import { positiveCount } from '../core/options.js';

/** Options of request coalescing. */
export const coalesceOptions = z.strictObject({
  maxKeys: positiveCount()
    .default(10_000)
    .describe('Different calls shared at a time; further ones run on their own. At least 1, default 10,000'),
  copy: z
    .boolean()
    .default(false)
    .describe('Gives every further caller a structured clone of the result; default false: the same value to all'),
});

export type CoalesceOptions = z.input<typeof coalesceOptions>;
export type ResolvedCoalesceOptions = z.output<typeof coalesceOptions>;
