/**
 * - `INVALID`: an option cannot be used
 * - `UNAVAILABLE`: the database does not answer, or is held by another for too long
 * - `MIGRATION`: the tables are not those of this code: newer, or made by other migrations
 * - `CONFLICT`: another instance writes under the same name
 */
export type ControlStoreErrorCode = 'INVALID' | 'UNAVAILABLE' | 'MIGRATION' | 'CONFLICT';

/** Every failure of the control store. The driver's own error, when there is one, is the `cause`. */
export class ControlStoreError extends Error {
  override readonly name = 'ControlStoreError';

  constructor(
    readonly code: ControlStoreErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
