import { z } from 'zod';
import { ERROR_CLASSES, type Classify } from '../core/error-class.js';
import { durationMs, functionOf, positiveCount, ratio } from '../core/options.js';

const rate = () => ratio().gt(0);
const orFalse = <S extends z.ZodType>(schema: S) => z.union([z.literal(false), schema]);

/** What an active probe is told. */
export interface ProbeContext {
  /** The key whose circuit is probed; `undefined` for the breaker without keys. */
  readonly key: string | undefined;
  /** Aborted when the probe has taken `halfOpenMaxWaitMs`. */
  readonly signal: AbortSignal;
}

/** Options of a circuit breaker. */
export const circuitBreakerOptions = z
  .strictObject({
    consecutiveFailures: orFalse(positiveCount())
      .default(5)
      .describe('Opens after this many failures in a row; at least 1, or false: not looked at; default 5'),
    failureRate: orFalse(rate())
      .default(0.5)
      .describe(
        'Opens when this share of the calls in the window failed; above 0 to 1, or false: not looked at; default 0.5',
      ),
    slowCallRate: orFalse(rate())
      .default(0.5)
      .describe(
        'Opens when this share of the calls in the window was slow; above 0 to 1, or false: not looked at; default 0.5',
      ),
    slowCallMs: durationMs()
      .default(10_000)
      .describe('A call is slow when it took longer, in ms, waiting in queues not counted; default 10,000'),
    minimumCalls: positiveCount()
      .default(10)
      .describe(
        'No rate is looked at with fewer calls in the window; at least 1, default 10; a count window that is shorter than this needs to be full',
      ),
    windowMs: durationMs()
      .default(60_000)
      .describe('Rates are those of the calls of the last time, in ms; forgotten in tenths of it; default 60,000'),
    windowCalls: positiveCount()
      .max(100_000)
      .optional()
      .describe('Rates are those of this many last calls, whenever they were, in place of windowMs; 1 to 100,000'),
    openForMs: durationMs().default(30_000).describe('How long it stays open the first time, in ms; default 30,000'),
    openForFactor: z
      .number()
      .min(1)
      .max(10)
      .default(2)
      .describe('Each opening in a row lasts this many times as long; 1 to 10, default 2'),
    openForCapMs: durationMs()
      .optional()
      .describe('No opening lasts longer, in ms, Retry-After excepted; default 10 × openForMs'),
    openForJitter: ratio()
      .default(0.1)
      .describe('Share of the open time by which chance shortens it, 0 to 1; default 0.1'),
    retryAfterCapMs: z
      .number()
      .min(0)
      .default(300_000)
      .describe(
        'It stays open at least as long as the other side asked to wait (Retry-After), up to this, in ms; 0: not listened to; default 300,000',
      ),
    halfOpenPermits: positiveCount()
      .max(1_000)
      .default(3)
      .describe('Calls that probe when the open time is over; 1 to 1,000, default 3'),
    halfOpenFailureRate: rate()
      .optional()
      .describe(
        'Opens again when this share of the probes failed; above 0 to 1; default failureRate, or 0.5 where that is false',
      ),
    halfOpenMaxWaitMs: durationMs()
      .default(30_000)
      .describe('A probe that has not reported after this counts as failed, in ms; default 30,000'),
    rampMs: z
      .number()
      .min(0)
      .default(0)
      .describe('After recovery admission grows to all calls over this time, in ms; 0 (default): all at once'),
    rampFrom: rate().default(0.05).describe('Share of calls admitted when the ramp begins; above 0 to 1, default 0.05'),
    mode: z
      .enum(['enforce', 'metrics-only', 'disabled', 'forced-open'])
      .default('enforce')
      .describe(
        'enforce (default). metrics-only: everything is worked out and counted, nothing refused. disabled: all calls pass unwatched. forced-open: all calls are refused',
      ),
    failureClasses: z
      .array(z.enum(ERROR_CLASSES))
      .default(['network', 'timeout', 'rateLimit', 'server', 'data', 'unknown'])
      .describe(
        'Errors of these classes are failures, the others answers that show the other side to be well; default all but client and auth',
      ),
    classify: functionOf<Classify>()
      .optional()
      .describe('Says which class an error is and what wait it asks for; default: the built-in classification'),
    recordError: functionOf<(error: unknown) => boolean>()
      .optional()
      .describe('Whether an error is a failure, in place of failureClasses'),
    ignoreError: functionOf<(error: unknown) => boolean>()
      .optional()
      .describe('Whether an error says nothing: it counts neither as failure nor as success, and gives a probe back'),
    recordResult: functionOf<(result: never) => boolean>()
      .optional()
      .describe('Whether a result is a failure; default: never'),
    ignoreResult: functionOf<(result: never) => boolean>()
      .optional()
      .describe('Whether a result says nothing; default: never'),
    openOnError: functionOf<(error: unknown) => boolean | number>()
      .optional()
      .describe('Whether one error opens the circuit at once; a number: for so many ms; default: never'),
    openOnResult: functionOf<(result: never) => boolean | number>()
      .optional()
      .describe('Whether one result opens the circuit at once; a number: for so many ms; default: never'),
    probe: functionOf<(context: ProbeContext) => unknown>()
      .optional()
      .describe(
        'Called in place of ordinary calls to find out whether the other side has recovered: one after the other until halfOpenPermits have reported',
      ),
    maxKeys: positiveCount().default(10_000).describe('Keys watched at a time; at least 1, default 10,000'),
    keyIdleMs: durationMs()
      .default(600_000)
      .describe(
        'A closed key not called for this long is forgotten, at the latest after twice that, in ms; default 600,000',
      ),
  })
  .refine((options) => options.openForCapMs === undefined || options.openForCapMs >= options.openForMs, {
    path: ['openForCapMs'],
    message: 'must be at least openForMs',
  });

export type CircuitBreakerOptions = z.input<typeof circuitBreakerOptions>;
export type ResolvedCircuitBreakerOptions = z.output<typeof circuitBreakerOptions>;
