import { z } from 'zod';
import type { Classify } from '../core/error-class.js';
import { durationMs, positiveCount } from '../core/options.js';
import { adaptiveOptions } from './adaptive.options.js';

export const ALGORITHMS = [
  'token-bucket',
  'gcra',
  'sliding-window',
  'sliding-window-counter',
  'fixed-window',
  'pacing',
  'warm-up',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** Ten years: beyond it sums of times are no longer exact. */
const LONGEST_WINDOW_MS = 3_650 * 86_400_000;
const LARGEST_EXACT_LIMIT = 100_000;

const windowMs = () => durationMs().max(LONGEST_WINDOW_MS);

const shape = {
  algorithm: z
    .enum(ALGORITHMS)
    .describe(
      'How permits are counted. `token-bucket`: bursts up to `burst`, refilled evenly. `gcra`: the same with a burst of 1, evenly spaced. ' +
        '`sliding-window`: exact, never more than `limit` in any window. `sliding-window-counter`: an estimate in constant memory. ' +
        '`fixed-window`: aligned windows. `pacing`: even spacing with slack. `warm-up`: even spacing that starts slowly. Default token-bucket.',
    ),
  limit: positiveCount().describe('Permits per window; a whole number from 1. Default 50.'),
  windowMs: windowMs().describe('Length of the window in ms, more than 0, at most ten years. Default 1,000.'),
  burst: positiveCount().describe(
    'token-bucket and gcra: permits that can go at once after a rest, from 1. Default: the limit for token-bucket, 1 for gcra.',
  ),
  slack: z
    .int()
    .min(0)
    .describe('pacing: unused permits that may be caught up on back to back, from 0. Default 0: never any.'),
  warmUpMs: durationMs().describe('warm-up: ms of use until the full rate is reached. Default 10,000.'),
  coldFactor: z.number().gt(1).max(1_000).describe('warm-up: the rate starts at limit ÷ this; above 1. Default 3.'),
  jitterMs: z
    .number()
    .min(0)
    .finite()
    .describe(
      'Lengthens the window by this many ms. What leaves within the limit can arrive closer together; with as much jitter ' +
        'allowed as the way to the receiver varies, the receiver counts no more than the limit either. Default 0.',
    ),
  initialPermits: z
    .int()
    .min(0)
    .describe(
      'Permits available at the start, from 0. 0 suits a limit of somebody else, who still counts what this process used ' +
        'before it was restarted. Default: all; for pacing 1.',
    ),
};

const windowOptions = z.strictObject({
  algorithm: shape.algorithm.optional(),
  limit: shape.limit,
  windowMs: shape.windowMs,
  burst: shape.burst.optional(),
  slack: shape.slack.optional(),
  warmUpMs: shape.warmUpMs.optional(),
  coldFactor: shape.coldFactor.optional(),
  jitterMs: shape.jitterMs.optional(),
  initialPermits: shape.initialPermits.optional(),
});

const overrideOptions = windowOptions.extend({ windowMs: shape.windowMs.optional() });

const keysOptions = z.strictObject({
  max: positiveCount()
    .max(16_000_000)
    .default(100_000)
    .describe('Most keys remembered at a time, from 1 to 16,000,000. Default 100,000.'),
  atCapacity: z
    .enum(['forget-oldest', 'refuse'])
    .default('forget-oldest')
    .describe(
      'What a new key meets when all are taken: `forget-oldest` forgets the key used least recently, which then starts ' +
        'over; `refuse` refuses the new one until others have been idle long enough. Default forget-oldest.',
    ),
  idleMs: durationMs()
    .optional()
    .describe('Ms without use after which a key may be forgotten. Default and least: as long as its windows remember.'),
});

const penaltyOptions = z.strictObject({
  refusals: positiveCount().describe('Refusals that bring a penalty, from 1.'),
  withinMs: durationMs().describe('…when they fall within this many ms.'),
  blockMs: durationMs().describe('Ms for which nothing is admitted then.'),
});

/** The options without the rules that concern several of them at once. */
export const rateLimiterFields = z.strictObject({
  algorithm: shape.algorithm.default('token-bucket'),
  limit: shape.limit.default(50),
  windowMs: shape.windowMs.default(1_000),
  burst: shape.burst.optional(),
  slack: shape.slack.default(0),
  warmUpMs: shape.warmUpMs.default(10_000),
  coldFactor: shape.coldFactor.default(3),
  jitterMs: shape.jitterMs.default(0),
  initialPermits: shape.initialPermits.optional(),
  windows: z
    .array(windowOptions)
    .min(1)
    .max(8)
    .optional()
    .describe(
      'Several windows, all taken or none: [{ limit: 10, windowMs: 1_000 }, { limit: 5_000, windowMs: 86_400_000 }]. ' +
        'Replaces limit, windowMs and burst; what an entry leaves out is as said outside. 1 to 8.',
    ),
  mode: z
    .enum(['wait', 'reject'])
    .default('wait')
    .describe('What happens to a call without a permit: it waits in a queue, or is refused at once. Default wait.'),
  maxQueued: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(1_000)
    .describe('wait: most calls waiting, over all keys; 0 to 1,000,000. Default 1,000.'),
  maxWaitMs: durationMs()
    .default(30_000)
    .describe('wait: longest wait in ms. A call that would wait longer is refused at once. Default 30,000.'),
  agingMs: durationMs()
    .optional()
    .describe(
      'wait: ms of waiting that weigh as much as one level of priority. Default: none, the order between levels is strict.',
    ),
  keys: keysOptions.prefault({}).describe('How many keys are remembered, where calls are limited by key.'),
  overrides: z
    .record(z.string().min(1), overrideOptions)
    .default({})
    .describe('Other limits for certain keys: { health_check: { limit: 5 } }. What is left out is as said outside.'),
  penalty: penaltyOptions.optional().describe('Blocks whoever is refused too often. Default: nobody is.'),
  obeyServer: z
    .boolean()
    .default(true)
    .describe('Whether a rate-limit error that says how long to wait stops the limiter for that long. Default true.'),
  longestPauseMs: durationMs()
    .default(900_000)
    .describe('Longest pause in ms that a server may ask for; longer ones are cut. Default 900,000 (15 min).'),
  classify: z
    .custom<Classify>((value) => typeof value === 'function', 'must be a function')
    .optional()
    .describe('Says what kind of failure an error is: class rateLimit is a throttle. Default: the built-in one.'),
  adaptive: adaptiveOptions.optional().describe('Changes the limits while running. Default: they stay.'),
});

/** Everything that can be said of a rate limiter, with the defaults. */
export const rateLimiterOptions = rateLimiterFields.superRefine(checkWindows);

/** What several options together must fulfil. */
export function checkWindows(options: WindowsGiven, context: z.RefinementCtx): void {
  windowsOf(options).forEach((window, index) => {
    const path = options.windows === undefined ? [] : ['windows', index];
    check(window, path, options.windows?.[index] ?? options, context);
  });
  for (const [key, override] of Object.entries(options.overrides)) {
    check(overrideOf(options, override), ['overrides', key], override, context);
  }
}

type WindowsGiven = Pick<z.output<typeof rateLimiterFields>, keyof typeof shape | 'windows' | 'overrides'>;

export type RateLimiterOptions = z.input<typeof rateLimiterOptions>;

/** Options that a limiter with its state elsewhere adds to those of one in memory: see `reliability/redis`. */
export interface RateLimitSharing {}

export type ResolvedRateLimiterOptions = z.output<typeof rateLimiterOptions>;

/** One window with nothing left open. */
export interface ResolvedWindow {
  readonly algorithm: Algorithm;
  readonly limit: number;
  readonly windowMs: number;
  readonly burst?: number;
  readonly slack: number;
  readonly warmUpMs: number;
  readonly coldFactor: number;
  readonly jitterMs: number;
  readonly initialPermits?: number;
}

/** The windows that the options amount to. */
export function windowsOf(options: WindowsGiven): ResolvedWindow[] {
  return (
    options.windows?.map((window) => ({ ...shared(options), ...defined(window) })) ?? [
      { ...shared(options), limit: options.limit, windowMs: options.windowMs, burst: options.burst },
    ]
  );
}

/** The window of a key that has limits of its own. */
export function overrideOf(options: WindowsGiven, override: z.output<typeof overrideOptions>): ResolvedWindow {
  return { ...shared(options), windowMs: options.windowMs, ...defined(override) };
}

/** Limits per operation of a trading system, for `overrides` of a limiter keyed by operation. */
export const OPERATION_LIMITS = Object.freeze({
  funding_rate_collection: { limit: 10, windowMs: 1_000 },
  trade_data_processing: { limit: 100, windowMs: 1_000 },
  health_check: { limit: 5, windowMs: 1_000 },
  admin_operations: { limit: 1, windowMs: 1_000 },
});

function shared({ algorithm, slack, warmUpMs, coldFactor, jitterMs, initialPermits }: WindowsGiven) {
  return { algorithm, slack, warmUpMs, coldFactor, jitterMs, initialPermits };
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function check(
  window: ResolvedWindow,
  path: PropertyKey[],
  given: { burst?: number; limit?: number },
  context: z.RefinementCtx,
): void {
  if (given.burst !== undefined && window.algorithm !== 'token-bucket' && window.algorithm !== 'gcra') {
    context.addIssue({
      code: 'custom',
      path: [...path, 'burst'],
      message: `applies to token-bucket and gcra, not to ${window.algorithm}`,
    });
  }
  if (window.algorithm === 'sliding-window' && window.limit > LARGEST_EXACT_LIMIT) {
    context.addIssue({
      code: 'custom',
      path: [...path, 'limit'],
      message: `must be at most ${LARGEST_EXACT_LIMIT} for sliding-window, which keeps 8 B per permit; use sliding-window-counter or gcra`,
    });
  }
}
