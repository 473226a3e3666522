import { z } from 'zod';
import type { Call } from '../core/call.js';
import type { ClassificationRule } from '../core/classification/classify.js';
import type { Classification } from '../core/error-class.js';
import { durationMs, positiveCount, ratio } from '../core/options.js';
import type { IdempotencyKey } from './idempotency-key.js';
import { Backoff, type BackoffStep, LONGEST_DELAY_MS } from './backoff.js';

/** What a predicate may look at besides the error. */
export interface FailedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly classification: Classification;
  readonly call: Call;
}

/** `true`: retry whatever the classification says. `false`: do not. `undefined`: as the classification says. */
export type RetryPredicate = (error: unknown, failed: FailedAttempt) => boolean | undefined;

const delayMs = () => z.number().min(0).max(LONGEST_DELAY_MS);
const isFunction = (value: unknown) => typeof value === 'function';

const baseMs = (what = 'First delay') =>
  delayMs().default(1_000).describe(`${what}, in ms; 0 to one day, default 1,000`);
const capMs = () =>
  delayMs().default(60_000).describe('Longest delay, jitter included, in ms; 0 to one day, default 60,000');
const spreads = ['none', 'proportional', 'equal', 'full'] as const;
const jitter = () =>
  z
    .union([z.enum(spreads), ratio()])
    .default('proportional')
    .describe(
      'Spread of a delay d: none; proportional or a share p: d·(1 ± p), default p = 0.1; equal: d/2 to d; full: 0 to d',
    );

const backoff = z
  .union([
    // First: its rule is the one to read about what is none of these.
    z.custom<(step: BackoffStep) => number>(isFunction, 'must be a strategy, its options or a function'),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('fixed'), delayMs: baseMs('The delay'), jitter: jitter() }),
      z.strictObject({
        kind: z.literal('linear'),
        baseMs: baseMs(),
        stepMs: delayMs().optional().describe('Added for each further repetition, in ms; default baseMs'),
        capMs: capMs(),
        jitter: jitter(),
      }),
      z.strictObject({
        kind: z.literal('exponential'),
        baseMs: baseMs(),
        factor: z.number().min(1).max(100).default(2).describe('Growth per repetition; 1 to 100, default 2'),
        capMs: capMs(),
        jitter: z
          .union([z.enum([...spreads, 'decorrelated']), ratio()])
          .default('proportional')
          .describe('As for the others; decorrelated draws the delays by decorrelated jitter v2 instead'),
      }),
      z.strictObject({ kind: z.literal('fibonacci'), baseMs: baseMs(), capMs: capMs(), jitter: jitter() }),
      z.strictObject({ kind: z.literal('decorrelated'), baseMs: baseMs('Median of the first delay'), capMs: capMs() }),
      z.strictObject({
        kind: z.literal('adaptive'),
        baseMs: baseMs('Shortest delay to try'),
        capMs: capMs(),
        target: ratio()
          .gt(0)
          .lt(1)
          .default(0.7)
          .describe('The shortest delay after which at least this share of repetitions succeeds; default 0.7'),
        memoryMs: durationMs().default(60_000).describe('Half-life of what was learned, in ms; default 60,000'),
        jitter: jitter(),
      }),
    ]),
    z.instanceof(Backoff),
  ])
  .optional()
  .describe('Delays between attempts; default by class: exponential, ×2, cap 60 s, ±10 %');

const attempts = () => z.int().min(1).max(1_000_000);

const classOptions = z.strictObject({
  attempts: attempts()
    .optional()
    .describe('Attempts for failures of this class, the first included; 1 for no repetition'),
  backoff,
});

const perClass = (preset: string) => classOptions.optional().describe(`Default ${preset}`);

const cost = () => z.number().min(0).max(1_000).optional();
const costs = z
  .strictObject({
    network: cost(),
    timeout: cost(),
    rateLimit: cost(),
    server: cost(),
    data: cost(),
    client: cost(),
    auth: cost(),
    unknown: cost(),
    hedge: cost(),
  })
  .prefault({})
  .describe('What one extra attempt takes from the budget, by the class of failure that causes it; default 1 each');

/** The budget that retries and hedges of one name share. */
export const budgetOptions = z
  .union([
    z.literal(false),
    z.discriminatedUnion('form', [
      z.strictObject({
        form: z.literal('tokens'),
        ratio: z
          .number()
          .min(0)
          .max(10)
          .default(0.2)
          .describe('Extra attempts per first attempt; 0 to 10, default 0.2'),
        minPerWindow: z
          .number()
          .min(0)
          .max(1_000_000)
          .default(100)
          .describe('Extra attempts that every window allows; default 100'),
        windowMs: durationMs().default(10_000).describe('How far back first attempts count, in ms; default 10,000'),
        costs,
      }),
      z.strictObject({
        form: z.literal('inFlight'),
        ratio: z
          .number()
          .min(0)
          .max(10)
          .default(0.2)
          .describe('Extra attempts under way per operation under way; 0 to 10, default 0.2'),
        minInFlight: z
          .number()
          .min(0)
          .max(1_000_000)
          .default(3)
          .describe('Extra attempts that may always be under way; default 3'),
        costs,
      }),
    ]),
  ])
  .prefault({ form: 'tokens' })
  .describe('Bounds the extra load on the dependency; shared by everything of the same name; false for no bound');

/** Options of a retry. Every field may be left out. */
export const retryOptions = z.strictObject({
  attempts: attempts()
    .optional()
    .describe('Attempts, the first included; 1 to 1,000,000; default by class, 5 for unknown failures'),
  backoff,
  classes: z
    .strictObject({
      network: perClass('5 attempts from 2 s'),
      rateLimit: perClass('3 attempts from 5 s'),
      server: perClass('4 attempts from 1 s'),
      timeout: perClass('3 attempts from 3 s'),
      unknown: perClass('5 attempts from 1 s'),
      data: perClass('2 attempts from 1 s, whatever `attempts` says'),
      client: perClass('1 attempt, whatever `attempts` says'),
      auth: perClass('1 attempt, whatever `attempts` says'),
    })
    .prefault({})
    .describe('What differs for a class of failures; wins over attempts and backoff'),
  withinMs: durationMs()
    .optional()
    .describe('No attempt begins later than this after the first, in ms; default no limit'),
  retryAfter: z
    .strictObject({
      minMs: delayMs().default(100).describe('Shorter waits asked for are made this long, in ms; default 100'),
      maxMs: delayMs().default(60_000).describe('Longest wait, in ms; 0 to one day, default 60,000'),
      beyond: z
        .enum(['clamp', 'stop'])
        .default('clamp')
        .describe('When a longer wait is asked for: wait maxMs (clamp, default) or give up (stop)'),
    })
    .refine(({ minMs, maxMs }) => minMs <= maxMs, { path: ['minMs'], message: 'must not exceed maxMs' })
    .prefault({})
    .describe('How a wait that the other side asks for (Retry-After and its kin) is bounded'),
  budget: budgetOptions,
  expectedLatency: z
    .union([
      delayMs(),
      z.strictObject({
        percentile: ratio().default(0.5).describe('Share of recent successful attempts; 0 to 1, default 0.5'),
        minimumSamples: positiveCount().default(10).describe('Below this many nothing is expected; default 10'),
        windowMs: durationMs().default(60_000).describe('How far back they count, in ms; default 60,000'),
      }),
    ])
    .prefault({})
    .describe(
      'What an attempt is expected to take: ms, or learned from those of calls that have a deadline. No attempt begins that could not end before the deadline',
    ),
  idempotent: z
    .boolean()
    .optional()
    .describe('false: repeat only what certainly never reached the other side. Default: as the call says, else true'),
  idempotencyKey: z
    .custom<IdempotencyKey>(isFunction, 'must be a function of the call')
    .optional()
    .describe(
      'Gives the key under which the other side recognises a repetition; a call that has one is always repeatable',
    ),
  retryIf: z
    .custom<RetryPredicate>(isFunction, 'must be a function of the error')
    .optional()
    .describe('Overrides the classification: true to retry, false not to, undefined for no opinion'),
  rules: z
    .array(z.custom<ClassificationRule>(isFunction, 'must be a function of the error'))
    .default([])
    .describe('Classification rules of one’s own, asked before the built-in ones'),
  onExhausted: z
    .enum(['throw-last', 'wrap'])
    .default('throw-last')
    .describe('Throw the last error itself (default), or a RetryExhaustedError with it as cause'),
  history: z
    .strictObject({
      size: z.int().min(0).max(10_000).default(50).describe('Operations kept; 0 for none, default 50'),
      of: z
        .enum(['retried', 'all'])
        .default('retried')
        .describe('Which operations: those with a failed attempt (default), or all'),
    })
    .prefault({})
    .describe('The last operations, shown by inspect(): no arguments, results or messages are kept'),
});

export type RetryOptions = z.input<typeof retryOptions>;
export type ResolvedRetryOptions = z.output<typeof retryOptions>;
