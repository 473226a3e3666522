/** What went wrong, for code that decides by it. */
export type StoreErrorCode =
  | 'ENGINE_MISSING'
  | 'DIRECTORY_IN_USE'
  | 'OPEN_FAILED'
  | 'CLOSED'
  | 'BUSY'
  | 'DEADLINE'
  | 'UNAVAILABLE'
  | 'REFUSED'
  | 'UNKNOWN_OUTCOME'
  | 'INVALID'
  | 'UNSUPPORTED'
  | 'MIGRATION'
  | 'FENCED'
  | 'BACKUP';

export interface StoreErrorDetails {
  /** The engine's own error number (`Code: 60` → 60), when there is one. */
  engineCode?: number;
  /**
   * True when the statement may have taken effect although it failed: a deadline, a connection lost on the way, or a
   * quorum that did not answer. Retry the very same block; never count the write as lost or as done.
   */
  outcomeUnknown?: boolean;
  cause?: unknown;
}

/** Every failure of the store. The engine's own error, when there is one, is the `cause`. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly engineCode: number | undefined;
  readonly outcomeUnknown: boolean;

  constructor(code: StoreErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'StoreError';
    this.code = code;
    this.engineCode = details.engineCode;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
  }
}

export const isStoreError = (error: unknown, code?: StoreErrorCode): error is StoreError =>
  error instanceof Error && error.name === 'StoreError' && (code === undefined || (error as StoreError).code === code);

/** Engine numbers after which a write may still have happened. */
const UNKNOWN_AFTER = new Set([
  159, // TIMEOUT_EXCEEDED
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  999, // KEEPER_EXCEPTION
]);

/** Numbers with which an engine says "not now" rather than "never": a retry of the same statement may succeed. */
const TRANSIENT = new Set([
  33, // CANNOT_READ_ALL_DATA
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  76, // CANNOT_OPEN_FILE
  77, // CANNOT_CLOSE_FILE
  95, // CANNOT_READ_FROM_SOCKET
  96, // CANNOT_WRITE_TO_SOCKET
  101, // UNEXPECTED_PACKET_FROM_CLIENT
  173, // CANNOT_ALLOCATE_MEMORY
  201, // QUOTA_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  203, // NO_FREE_CONNECTION
  225, // NO_ZOOKEEPER
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  289, // REPLICA_IS_NOT_IN_QUORUM
  341, // UNFINISHED
  425, // SYSTEM_ERROR
  439, // CANNOT_SCHEDULE_TASK
  473, // DEADLOCK_AVOIDED
  1000, // POCO_EXCEPTION
  1001, // STD_EXCEPTION: a full disk among others
  1002, // UNKNOWN_EXCEPTION
]);

const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const engineCodeOf = (error: Error): number | undefined => {
  const own = Number((error as { code?: unknown }).code);
  if (Number.isInteger(own) && own > 0) return own;
  const inText = /\bCode: (\d+)/.exec(error.message)?.[1]; // servers before 20 send the number in the text only
  return inText === undefined ? undefined : Number(inText);
};

/** Turns whatever a client throws into a {@link StoreError} that says whether the statement may have taken effect. */
export function asStoreError(error: unknown, doing: string): StoreError {
  if (isStoreError(error)) return error;
  if (!(error instanceof Error)) return new StoreError('UNAVAILABLE', `${doing}: ${String(error)}`, { cause: error });
  const engineCode = engineCodeOf(error);
  const message = `${doing}: ${error.message}`;
  if (engineCode !== undefined) {
    if (UNKNOWN_AFTER.has(engineCode))
      return new StoreError(engineCode === 159 ? 'DEADLINE' : 'UNKNOWN_OUTCOME', message, {
        engineCode,
        outcomeUnknown: true,
        cause: error,
      });
    return new StoreError(TRANSIENT.has(engineCode) ? 'UNAVAILABLE' : 'REFUSED', message, { engineCode, cause: error });
  }
  const transport = (error as NodeJS.ErrnoException).code;
  const notSent = transport !== undefined && NOT_SENT.has(transport);
  return new StoreError('UNAVAILABLE', message, { outcomeUnknown: !notSent, cause: error });
}
