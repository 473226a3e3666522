import { z } from 'zod';
import { durationMs, positiveCount, ratio } from '../core/options.js';
import { PRIORITIES } from '../core/priority.js';

const common = {
  minLimit: positiveCount().default(4).describe('The limit never falls below; at least 1, default 4'),
  initialLimit: positiveCount().default(20).describe('The limit to begin with; default 20, or maxConcurrent if less'),
  windowMs: durationMs().default(200).describe('Calls are looked at together in windows this long, in ms; default 200'),
  minimumCalls: positiveCount().default(10).describe('A window with fewer calls is extended; default 10'),
  driftGuard: z
    .boolean()
    .default(true)
    .describe('Takes growth back where more concurrency bought latency and no throughput; default true'),
  dropped: z
    .custom<(error: unknown) => boolean>((value) => typeof value === 'function', 'must be a function')
    .optional()
    .describe(
      'Whether a failure means that the dependency has too much to do; by default failures of class timeout and rateLimit do',
    ),
};

const baselineCeilingMs = durationMs()
  .optional()
  .describe('Latency above which the dependency is never taken for healthy, in ms; no ceiling by default');

const adaptive = z.discriminatedUnion('algorithm', [
  z
    .strictObject({
      algorithm: z.literal('gradient2'),
      tolerance: z
        .number()
        .min(1)
        .max(10)
        .default(1.5)
        .describe('How many times its average the latency may be before the limit shrinks; 1 to 10, default 1.5'),
      smoothing: ratio()
        .gt(0)
        .default(0.2)
        .describe('Weight of a new limit against the last; above 0 to 1, default 0.2'),
      baselineWindows: positiveCount().default(100).describe('Windows that the average latency covers; default 100'),
      baselineCeilingMs,
      ...common,
    })
    .describe('Follows the ratio of the average latency to that of now'),
  z
    .strictObject({ algorithm: z.literal('vegas'), baselineCeilingMs, ...common })
    .describe('Keeps the queue that it infers from latency short'),
  z
    .strictObject({
      algorithm: z.literal('aimd'),
      backoffRatio: z
        .number()
        .min(0.5)
        .max(0.99)
        .default(0.9)
        .describe('What a window with a drop leaves of the limit; 0.5 to 0.99, default 0.9'),
      slowMs: durationMs()
        .default(5_000)
        .describe('A window whose calls took longer on average, in ms, counts as one with a drop; default 5,000'),
      ...common,
    })
    .describe('Grows by one, shrinks by a share'),
]);

const shed = z
  .strictObject({
    eventLoopDelayMs: durationMs()
      .optional()
      .describe('Delay of the event loop, in ms, from which calls are refused; not looked at by default'),
    heapShare: ratio()
      .gt(0)
      .optional()
      .describe('Share of the heap in use, above 0 to 1, from which calls are refused; not looked at by default'),
  })
  .refine(({ eventLoopDelayMs, heapShare }) => eventLoopDelayMs !== undefined || heapShare !== undefined, {
    message: 'needs eventLoopDelayMs or heapShare',
  });

/** Options of a bulkhead. */
export const bulkheadOptions = z
  .strictObject({
    maxConcurrent: positiveCount()
      .default(25)
      .describe('Calls at work at a time, counted until their work has ended; with adaptive the most; default 25'),
    maxQueued: z.int().min(0).default(100).describe('Calls that may wait for a place; 0: none waits; default 100'),
    maxWaitMs: durationMs().default(2_000).describe('Longest wait for a place, in ms; default 2,000'),
    agingMs: durationMs()
      .default(500)
      .describe('A wait of this long, in ms, weighs as much as one level of priority; default 500'),
    adaptive: adaptive.optional().describe('Moves the limit by what calls show. Off by default'),
    leastUrgent: z
      .enum(PRIORITIES)
      .optional()
      .describe(
        'Calls less urgent than this are refused at once: normal refuses those of low priority; none by default',
      ),
    shed: shed
      .optional()
      .describe('Refuses calls, the least urgent first, while the process itself is overloaded. Off by default'),
    maxKeys: positiveCount()
      .default(10_000)
      .describe(
        'Keys with places of their own at a time; calls of further ones share one set of places; default 10,000',
      ),
    keyIdleMs: durationMs()
      .default(600_000)
      .describe('A key without calls for this long is forgotten, in ms; default 600,000'),
  })
  .refine(({ adaptive: given, maxConcurrent }) => given === undefined || given.minLimit <= maxConcurrent, {
    path: ['adaptive', 'minLimit'],
    message: 'must not exceed maxConcurrent',
  });

export type BulkheadOptions = z.input<typeof bulkheadOptions>;
export type ResolvedBulkheadOptions = z.output<typeof bulkheadOptions>;
export type ResolvedAdaptiveOptions = NonNullable<ResolvedBulkheadOptions['adaptive']>;
