import type { ExecutionContext } from '@nestjs/common';
import { z } from 'zod';
import { durationMs, functionOf } from '../core/options.js';

/** What `ReliabilityInterceptor` does with handlers. */
export interface HandlerOptions {
  /**
   * The configured name whose chain surrounds handlers that have no decorator of their own, or a function of the
   * handler's context that gives one, or `undefined` for none. Default: none.
   */
  readonly policy?: string | ((context: ExecutionContext) => string | undefined);
  /**
   * The HTTP header in which a caller says how many ms it will wait: read from requests and, by `deadlineHeaders()`,
   * written to those of one's own. Default `x-deadline-ms`; `false`: none is read.
   */
  readonly deadlineHeader?: string | false;
  /** Longest time, in ms, that is taken from the header. Default 300,000. */
  readonly maxDeadlineMs?: number;
  /** Whether a client that hangs up aborts what is done for it. Default true. */
  readonly abortOnDisconnect?: boolean;
  /** Whether answers tell the client where it stands with the limit of its route. Default true. */
  readonly rateLimitHeaders?: boolean;
}

/** The rules of {@link HandlerOptions}. */
export const handlerOptions: z.ZodType<HandlerOptions> = z.strictObject({
  policy: z.union([z.string().min(1), functionOf<Exclude<HandlerOptions['policy'], string | undefined>>()]).optional(),
  deadlineHeader: z.union([z.string().regex(/^[\w-]+$/, 'must be the name of a header'), z.literal(false)]).optional(),
  maxDeadlineMs: durationMs().optional(),
  abortOnDisconnect: z.boolean().optional(),
  rateLimitHeaders: z.boolean().optional(),
});
