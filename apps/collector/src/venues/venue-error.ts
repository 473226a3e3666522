import type { ErrorClass } from '@marketprism/reliability';

export interface VenueErrorDetails {
  readonly venue: string;
  /** The origin that was asked; `undefined` when nothing was sent. */
  readonly host?: string;
  readonly errorClass: ErrorClass;
  /** HTTP status, when an answer's head arrived. */
  readonly status?: number;
  /** The venue's own code, or the transport's (`ECONNREFUSED`). */
  readonly reason?: string;
  /** How long the venue asked to be left alone, in ms. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A request to a venue that gave no usable answer. Its class decides what is done about it. */
export class VenueError extends Error {
  override readonly name = 'VenueError';
  readonly venue: string;
  readonly host: string | undefined;
  readonly errorClass: ErrorClass;
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: VenueErrorDetails) {
    super(`${details.venue}: ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.venue = details.venue;
    this.host = details.host;
    this.errorClass = details.errorClass;
    this.status = details.status;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Whether asking again, the same way, can help. A redirect, a region block or a wrong request stays what it is. */
  get retryable(): boolean {
    return this.errorClass !== 'client' && this.errorClass !== 'auth';
  }
}

export function isVenueError(error: unknown): error is VenueError {
  return error instanceof VenueError;
}
