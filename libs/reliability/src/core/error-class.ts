/**
 * What kind of failure an error is, as far as deciding what to do about it goes.
 *
 * - `network`: never reached the other side, or the connection broke
 * - `timeout`: no answer in time
 * - `rateLimit`: the other side says: too much
 * - `server`: the other side failed
 * - `client`: the request itself is wrong
 * - `auth`: not allowed
 * - `data`: an answer that cannot be used
 * - `unknown`: none of these could be established
 */
export const ERROR_CLASSES = [
  'network',
  'timeout',
  'rateLimit',
  'server',
  'client',
  'auth',
  'data',
  'unknown',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

/** What is known of a failure: its class, how long the other side asked to wait, and whether it forbade a retry. */
export interface Classification {
  readonly errorClass: ErrorClass;
  /** Wait that the other side asked for, in ms. */
  readonly retryAfterMs?: number;
  /** `false` when the other side said "do not retry". */
  readonly retryable?: boolean;
  /** `true` when the request certainly never reached the other side. */
  readonly neverSent?: boolean;
}

export type Classify = (error: unknown) => Classification;
