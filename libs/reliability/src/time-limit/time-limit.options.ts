import { z } from 'zod';
import { durationMs, positiveCount, ratio } from '../core/options.js';

const adaptive = z
  .strictObject({
    percentile: ratio()
      .gt(0)
      .default(0.99)
      .describe('Share of recent calls, above 0 to 1, that the limit is derived from; default 0.99'),
    factor: z
      .number()
      .min(1)
      .max(100)
      .default(2)
      .describe('The limit is this many times that percentile; 1 to 100, default 2'),
    floorMs: durationMs().default(50).describe('The limit never falls below, in ms; default 50'),
    windowMs: durationMs().default(60_000).describe('How far back durations count, in ms; default 60,000'),
    minimumSamples: positiveCount()
      .default(100)
      .describe('With fewer durations in the window limitMs applies; at least 1, default 100'),
  })
  .describe('Derives the limit from what recent calls took; limitMs is then the ceiling. Off by default');

const limit = (defaultMs: number, what: string) =>
  z
    .strictObject({
      limitMs: durationMs()
        .default(defaultMs)
        .describe(`${what}, in ms; may exceed 2^31−1; default ${defaultMs.toLocaleString('en')}`),
      strategy: z
        .enum(['abandoning', 'cooperative'])
        .default('abandoning')
        .describe(
          'At the limit the signal is aborted. abandoning (default): the caller gets the error at once and the work, should it go on, is counted as abandoned. cooperative: the caller waits until the work has ended',
        ),
      adaptive: adaptive.optional(),
    })
    .refine((options) => options.adaptive === undefined || options.adaptive.floorMs <= options.limitMs, {
      path: ['adaptive', 'floorMs'],
      message: 'must not exceed limitMs, the ceiling',
    });

/** Options of the time limit of one attempt. */
export const timeLimitOptions = limit(10_000, 'Time for one attempt');

/** Options of the time limit of a whole call. */
export const deadlineOptions = limit(30_000, 'Time for the whole call, waiting and repetitions included');

export type TimeLimitOptions = z.input<typeof timeLimitOptions>;
export type ResolvedTimeLimitOptions = z.output<typeof timeLimitOptions>;
export type DeadlineOptions = z.input<typeof deadlineOptions>;
export type ResolvedDeadlineOptions = z.output<typeof deadlineOptions>;
