import type { ErrorClass } from '@marketprism/reliability';
import {
  ArgumentsRequired,
  AuthenticationError,
  BadRequest,
  BadResponse,
  BadSymbol,
  DDoSProtection,
  NetworkError,
  NotSupported,
  OnMaintenance,
  RateLimitExceeded,
  RequestTimeout,
  RestrictedLocation,
} from 'ccxt';
import { at, isObject, text } from './wire.js';

/** What an answer says about why it is no answer. */
export interface AnswerFailure {
  readonly errorClass: ErrorClass;
  readonly reason: string;
  readonly retryAfterMs?: number;
}

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How a venue's codes are to be understood where they say more than the HTTP status does. */
export interface FailureCodes {
  /** The venue's code in a body, `undefined` when the body reports success or has none. */
  code(body: unknown): string | undefined;
  /** What codes mean. A code that is not listed, under a good status, is taken for a data error. */
  readonly classes: Readonly<Record<string, ErrorClass>>;
  /** Statuses that this venue uses in its own way. */
  readonly statuses?: Readonly<Record<number, ErrorClass>>;
  /** How long the venue asked to be left alone, in ms, where it does not say so by Retry-After. */
  retryAfterMs?(head: AnswerHead, body: unknown, wallNow: number): number | undefined;
}

const STATUS_CLASSES: Readonly<Record<number, ErrorClass>> = {
  401: 'auth',
  403: 'auth',
  407: 'auth',
  408: 'timeout',
  418: 'rateLimit',
  420: 'rateLimit',
  429: 'rateLimit',
  451: 'auth',
  504: 'timeout',
  509: 'rateLimit',
  511: 'auth',
  522: 'timeout',
  524: 'timeout',
};

/** The class that an HTTP status alone tells; `undefined` for success. */
export function classOfStatus(status: number): ErrorClass | undefined {
  if (status >= 200 && status < 300) return undefined;
  return STATUS_CLASSES[status] ?? (status >= 500 ? 'server' : 'client');
}

/**
 * Reads failure from an answer: the venue's own code first, then the HTTP status, then Retry-After and its kin.
 * @param body the parsed body, `undefined` when it is not JSON
 * @returns `undefined` for an answer that reports success; whether its rows are any good is decided where they are read
 */
export function failureOf(
  codes: FailureCodes,
  head: AnswerHead,
  body: unknown,
  wallNow: number,
): AnswerFailure | undefined {
  const byStatus = codes.statuses?.[head.status] ?? classOfStatus(head.status);
  const code = body === undefined ? undefined : codes.code(body);
  const byCode = code === undefined ? undefined : codes.classes[code];
  // A limit that is signalled by status stays one, whatever else the body says.
  const errorClass =
    byStatus === 'rateLimit' ? byStatus : (byCode ?? byStatus ?? (code === undefined ? undefined : 'data'));
  if (errorClass === undefined) {
    return body === undefined ? { errorClass: 'data', reason: 'not JSON' } : undefined;
  }
  const retryAfterMs =
    retryAfter(head.headers['retry-after'], wallNow) ?? codes.retryAfterMs?.(head, body, wallNow) ?? undefined;
  return {
    errorClass,
    reason: code ?? `HTTP ${head.status}`,
    ...(retryAfterMs !== undefined && { retryAfterMs: retryAfterMs + PATIENCE_MS }),
  };
}

/** Added to every wait that was asked for: clocks and ways differ, and too early starts a ban anew. */
const PATIENCE_MS = 250;

/** Retry-After in either of its forms, as ms from now. */
export function retryAfter(header: string | undefined, wallNow: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.ceil(Number(header) * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallNow);
}

/** A header that counts milliseconds, or `undefined`. */
export function headerMillis(head: AnswerHead, name: string): number | undefined {
  const digits = head.headers[name];
  return digits !== undefined && /^\d+$/.test(digits) ? Number(digits) : undefined;
}

/** `code(body)` for venues that name success: the field's text when it is another one, or is not there at all. */
export function codeUnless(field: string, success: string): (body: unknown) => string | undefined {
  return (body) => {
    if (!isObject(body)) return `no ${field}`;
    const code = text(body[field]);
    return code === success ? undefined : (code ?? `no ${field}`);
  };
}

/** `code(body)` for venues whose good answers have no such field. */
export function codeIn(field: string): (body: unknown) => string | undefined {
  return (body) => text(at(body, field)) ?? undefined;
}

const TRANSPORT_TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
]);
/** Transport codes that are about what was received, not about reaching the host. */
const TRANSPORT_DATA = new Set([
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'Z_DATA_ERROR',
  'Z_BUF_ERROR',
  'ERR_BUFFER_TOO_LARGE',
]);

/** The class of an error that the transport raised, by its code. */
export function classOfTransport(code: string | undefined): ErrorClass {
  if (code === undefined) return 'network';
  if (TRANSPORT_TIMEOUTS.has(code)) return 'timeout';
  return TRANSPORT_DATA.has(code) ? 'data' : 'network';
}

const CCXT_CLASSES: readonly (readonly [new (message: string) => Error, ErrorClass])[] = [
  [RateLimitExceeded, 'rateLimit'],
  [DDoSProtection, 'rateLimit'],
  [RequestTimeout, 'timeout'],
  [OnMaintenance, 'server'],
  [RestrictedLocation, 'auth'],
  [AuthenticationError, 'auth'],
  [BadResponse, 'data'],
  [BadSymbol, 'data'],
  [NetworkError, 'network'],
  [NotSupported, 'client'],
  [ArgumentsRequired, 'client'],
  [BadRequest, 'client'],
];

/** The last resort: what ccxt's class says of an answer that neither code nor status gave away. */
export function classOfCcxt(error: unknown): ErrorClass {
  for (const [type, errorClass] of CCXT_CLASSES) if (error instanceof type) return errorClass;
  return error instanceof TypeError ? 'client' : 'data';
}
