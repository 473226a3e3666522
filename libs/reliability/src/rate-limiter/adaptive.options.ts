import { z } from 'zod';
import { durationMs, ratio } from '../core/options.js';

const bounds = {
  minFactor: ratio().gt(0).default(0.1).describe('Least multiple of the configured limit, above 0 to 1. Default 0.1.'),
  maxFactor: z
    .number()
    .min(1)
    .max(10)
    .default(1)
    .describe('Largest multiple of the configured limit, 1 to 10. Default 1: never above what is configured.'),
};

const load = z.strictObject({
  kind: z.literal('load'),
  ...bounds,
  measureMs: durationMs()
    .default(60_000)
    .describe('Ms over which the load is measured between changes. Default 60,000.'),
  high: ratio().default(0.8).describe('Above this load the limit is multiplied by `decrease`. Default 0.8.'),
  low: ratio().default(0.5).describe('Below this load the limit is multiplied by `increase`. Default 0.5.'),
  decrease: ratio().gt(0).lt(1).default(0.9).describe('Multiplies the limit above `high`. Default 0.9.'),
  load: z
    .custom<() => number>((value) => typeof value === 'function', 'must be a function')
    .optional()
    .describe('Gives the load, 0 to 1. Default: what was admitted, as a share of what the configured limit allows.'),
  increase: z.number().gt(1).max(10).default(1.1).describe('Multiplies the limit below `low`. Default 1.1.'),
});

const aimd = z.strictObject({
  kind: z.literal('aimd'),
  ...bounds,
  decrease: ratio().gt(0).lt(1).default(0.5).describe('Multiplies the limit at a throttle. Default 0.5.'),
  increasePerWindow: ratio()
    .gt(0)
    .default(0.05)
    .describe('Share of the configured limit added per window without one. Default 0.05.'),
});

const cubic = z.strictObject({ kind: z.literal('cubic'), ...bounds });

const sre = z.strictObject({
  kind: z.literal('sre'),
  k: z
    .number()
    .gt(1)
    .max(100)
    .default(2)
    .describe('Requests per accepted one before any is dropped, above 1. Default 2.'),
  measureMs: durationMs().default(120_000).describe('Ms over which requests and accepts are counted. Default 120,000.'),
  maxReject: ratio().default(0.9).describe('Largest share dropped, so that recovery is noticed. Default 0.9.'),
});

/** How the limit follows what happens. */
export const adaptiveOptions = z.discriminatedUnion('kind', [load, aimd, cubic, sre]);

export type ResolvedAdaptiveOptions = z.output<typeof adaptiveOptions>;

/** Those of one strategy. */
export type AdaptiveOptions<Kind extends ResolvedAdaptiveOptions['kind']> = Extract<
  ResolvedAdaptiveOptions,
  { kind: Kind }
>;
