/** What went wrong, for code that decides by it. */
export type StreamErrorCode =
  | 'CORRUPT'
  | 'FULL'
  | 'TOO_LARGE'
  | 'WRITE_FAILED'
  | 'LOCKED'
  | 'CLOSED'
  | 'INVALID'
  | 'UNAVAILABLE'
  | 'UNKNOWN_OUTCOME'
  | 'UNSUPPORTED';

/** Every failure of the stream that is not the handler's own. */
export class StreamError extends Error {
  readonly code: StreamErrorCode;
  /** True when the message may have been accepted although the call failed. Publish it again with the same id. */
  readonly outcomeUnknown: boolean;

  constructor(code: StreamErrorCode, message: string, details: { cause?: unknown; outcomeUnknown?: boolean } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'StreamError';
    this.code = code;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
  }
}

export const isStreamError = (error: unknown, code?: StreamErrorCode): error is StreamError =>
  error instanceof Error &&
  error.name === 'StreamError' &&
  (code === undefined || (error as StreamError).code === code);
