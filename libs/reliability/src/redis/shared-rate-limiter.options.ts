import { z } from 'zod';
import { durationMs, positiveCount, ratio } from '../core/options.js';
import { checkWindows, rateLimiterFields } from '../rate-limiter/rate-limiter.options.js';

/** A rate limiter's options, and how its state is shared. */
export const sharedRateLimiterOptions = rateLimiterFields
  .omit({ adaptive: true, penalty: true })
  .extend({
    decide: z
      .enum(['leased', 'strict'])
      .default('leased')
      .describe(
        'Where it is decided. `leased`: here, out of permits fetched in advance, with a bounded excess. `strict`: every ' +
          'decision in Redis, with none. Default leased.',
      ),
    leaseMs: durationMs()
      .max(60_000)
      .default(1_000)
      .describe('leased: ms for which fetched permits may be used, at most 60,000. Default 1,000.'),
    maxLeaseShare: ratio()
      .gt(0)
      .default(0.1)
      .describe('leased: largest share of the limit that one instance holds at a time, above 0 to 1. Default 0.1.'),
    fallback: z
      .enum(['local', 'closed', 'open'])
      .default('local')
      .describe(
        'While Redis does not answer: `local` limits here, to the share of one instance; `closed` refuses; `open` admits. ' +
          'Default local.',
      ),
    instances: positiveCount()
      .default(2)
      .describe('fallback local: how many instances share the limit. Default 2: each half.'),
  })
  .superRefine(checkWindows);

/** What a limit shared through Redis can be told beyond the options of one in memory. */
export type SharingOptions = Pick<
  z.input<typeof sharedRateLimiterOptions>,
  'decide' | 'leaseMs' | 'maxLeaseShare' | 'fallback' | 'instances'
>;

declare module '../rate-limiter/rate-limiter.options.js' {
  interface RateLimitSharing extends SharingOptions {}
}

export type SharedRateLimiterOptions = z.input<typeof sharedRateLimiterOptions>;
export type ResolvedSharedRateLimiterOptions = z.output<typeof sharedRateLimiterOptions>;
