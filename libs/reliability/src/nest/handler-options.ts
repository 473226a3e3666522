import type { ExecutionContext } from '@nestjs/common';
import { z } from 'zod';
import { durationMs, functionOf } from '../core/options.js';
import { DEFAULT_DEADLINE_HEADER } from './deadline-header.js';

type PolicyOfHandler = (context: ExecutionContext) => string | undefined;

/** What `ReliabilityInterceptor` does with handlers. */
export const handlerOptions = z.strictObject({
  policy: z
    .union([z.string().min(1), functionOf<PolicyOfHandler>()])
    .optional()
    .describe(
      'The configured name whose chain surrounds handlers that have no decorator of their own, or a function of the ' +
        'context of the handler that gives one, or `undefined` for none. Default: none.',
    ),
  deadlineHeader: z
    .union([z.string().regex(/^[\w-]+$/, 'must be the name of a header'), z.literal(false)])
    .default(DEFAULT_DEADLINE_HEADER)
    .describe(
      'The HTTP header in which a caller says how many ms it will wait: read from requests and, by `deadlineHeaders()`, ' +
        'written to those of one’s own. `false`: none is read. Default `x-deadline-ms`.',
    ),
  maxDeadlineMs: durationMs()
    .default(300_000)
    .describe('Longest time, in ms, that is taken from the header. Default 300,000.'),
  abortOnDisconnect: z
    .boolean()
    .default(true)
    .describe('Whether a client that hangs up aborts what is done for it. Default true.'),
  rateLimitHeaders: z
    .boolean()
    .default(true)
    .describe('Whether answers tell the client where it stands with the limit of its route. Default true.'),
});

export type HandlerOptions = z.input<typeof handlerOptions>;

export type ResolvedHandlerOptions = z.output<typeof handlerOptions>;
