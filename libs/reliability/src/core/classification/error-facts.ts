import type { WaitHint } from './wait-hint.js';
import { waitHintOf } from './wait-hint.js';

/** Reads a property of something that somebody threw: a getter or proxy that throws reads as `undefined`. */
export function read(from: unknown, key: string): unknown {
  if ((typeof from !== 'object' && typeof from !== 'function') || from === null) return undefined;
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    // It does not let itself be looked at.
  }
  return undefined;
}

/** One link of a chain of causes, its usual properties found wherever libraries put them. Read on demand. */
export class ErrorFacts {
  readonly name: string;
  readonly message: string;
  /** `ECONNREFUSED`, `UND_ERR_SOCKET`, a gRPC status number, … */
  readonly code: string | number | undefined;

  constructor(readonly error: unknown) {
    this.name = text(read(error, 'name'));
    this.message = typeof error === 'string' ? error : text(read(error, 'message'));
    const code = read(error, 'code');
    this.code = typeof code === 'string' || typeof code === 'number' ? code : undefined;
  }

  /** The HTTP status, as Nest, axios, fetch, undici, got, superagent, boom and the AWS SDK carry it. */
  get status(): number | undefined {
    const { error } = this;
    return (
      asStatus(read(error, 'status')) ??
      asStatus(read(error, 'statusCode')) ??
      asStatus(read(this.response, 'status')) ??
      asStatus(read(this.response, 'statusCode')) ??
      asStatus(read(read(error, '$metadata'), 'httpStatusCode')) ??
      asStatus(read(read(error, 'output'), 'statusCode'))
    );
  }

  get response(): unknown {
    return read(this.error, 'response') ?? read(this.error, '$response');
  }

  get syscall(): unknown {
    return read(this.error, 'syscall');
  }

  /** How long the other side asked to wait, and whether it forbade or invited a retry, from headers and metadata. */
  waitHint(wallNow: () => number): WaitHint {
    return waitHintOf(
      [read(this.error, 'headers'), read(this.response, 'headers'), read(this.error, 'metadata')],
      wallNow,
    );
  }

  /** What this one wraps; of many one more than are looked at, which shows that there are more. */
  get causes(): readonly unknown[] {
    const { error } = this;
    const many = firstOf(read(error, 'errors'), MAX_SIBLINGS + 1);
    if (many.length > 0) return many;
    for (const key of WRAPPED) {
      const one = read(error, key);
      if (one !== undefined && one !== null) return [one];
    }
    // axios keeps the reason of an abort nowhere but in the signal that it was given.
    const reason = read(read(read(error, 'config'), 'signal'), 'reason');
    return reason === undefined || reason === null ? [] : [reason];
  }
}

/** Causes side by side beyond these are not looked at. */
export const MAX_SIBLINGS = 16;
/** Where libraries put what an error wraps. */
const WRAPPED = ['cause', 'error', 'originalError', 'reason'];

/** The first items of a list that somebody threw; what is no list, or does not let itself be read, has none. */
function firstOf(list: unknown, count: number): readonly unknown[] {
  try {
    return Array.isArray(list) ? Array.from({ length: Math.min(list.length, count) }, (_, index) => list[index]) : [];
  } catch {
    return [];
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asStatus(value: unknown): number | undefined {
  const status = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}
