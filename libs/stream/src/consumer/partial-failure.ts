import type { StreamMessage } from '../message.js';

/** Thrown by a batch handler that did all of its batch but some messages: only these count as failed. */
export class PartialFailure extends Error {
  /** Each failed message, and why. */
  readonly failures: ReadonlyMap<StreamMessage, unknown>;

  constructor(failures: ReadonlyMap<StreamMessage, unknown>) {
    super(`${failures.size} messages of the batch failed`);
    this.name = 'PartialFailure';
    this.failures = failures;
  }
}

export const isPartialFailure = (error: unknown): error is PartialFailure =>
  error instanceof Error && error.name === 'PartialFailure' && 'failures' in error;
