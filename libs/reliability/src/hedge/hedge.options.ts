import { z } from 'zod';
import { durationMs, positiveCount, ratio } from '../core/options.js';

/** Options of a hedge. */
export const hedgeOptions = z
  .strictObject({
    delayMs: z
      .number()
      .min(0)
      .finite()
      .optional()
      .describe('Fixed delay before another attempt is sent, in ms; by default the delay follows percentile'),
    percentile: ratio()
      .gt(0)
      .lt(1)
      .default(0.95)
      .describe('Another attempt is sent to calls slower than this share of the recent ones; default 0.95'),
    floorMs: durationMs().default(10).describe('The derived delay never falls below, in ms; default 10'),
    ceilingMs: durationMs().default(10_000).describe('The derived delay never exceeds, in ms; default 10,000'),
    windowMs: durationMs().default(60_000).describe('How far back durations count, in ms; default 60,000'),
    minimumSamples: positiveCount()
      .default(100)
      .describe('With fewer durations in the window no delay is derived and nothing is hedged; default 100'),
    maxHedges: positiveCount().max(5).default(1).describe('Further attempts per call; 1 to 5, default 1'),
    maxExtraLoad: ratio()
      .gt(0)
      .default(0.1)
      .describe(
        'Hedges sent in the last 10 s, as a share of the calls, beyond which none is sent; above 0 to 1, default 0.1. The budget shared with retries bounds both together',
      ),
    overloadShare: ratio()
      .gt(0)
      .default(0.1)
      .describe(
        'Share of the attempts of the last 10 s, of at least 10, that were refused, throttled or timed out, from which nothing is hedged; default 0.1',
      ),
    idempotent: z
      .boolean()
      .optional()
      .describe('false: never hedge. Default: as the call says, and where it says nothing, hedge'),
    dispose: z
      .custom<(value: unknown) => unknown>((value) => typeof value === 'function', 'must be a function of the result')
      .optional()
      .describe(
        'Disposes of the result of an attempt that came second; by default its Symbol.asyncDispose or Symbol.dispose',
      ),
  })
  .refine(({ floorMs, ceilingMs }) => floorMs <= ceilingMs, {
    path: ['floorMs'],
    message: 'must not exceed ceilingMs',
  });

export type HedgeOptions = z.input<typeof hedgeOptions>;
export type ResolvedHedgeOptions = z.output<typeof hedgeOptions>;
