import type { ErrorClass } from '../error-class.js';
import type { ErrorFacts } from './error-facts.js';
import { read } from './error-facts.js';
import { abortedVerdict } from './node-codes.js';
import { verdict, type Verdict } from './verdict.js';

/** By status number, 0 to 16; names as in the gRPC documentation. */
export const GRPC_STATUS = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

const NAMES: ReadonlySet<unknown> = new Set(GRPC_STATUS);

const CLASS: Readonly<Record<string, ErrorClass>> = {
  UNKNOWN: 'server',
  INVALID_ARGUMENT: 'client',
  DEADLINE_EXCEEDED: 'timeout',
  NOT_FOUND: 'client',
  ALREADY_EXISTS: 'client',
  PERMISSION_DENIED: 'auth',
  RESOURCE_EXHAUSTED: 'rateLimit',
  FAILED_PRECONDITION: 'client',
  ABORTED: 'server',
  OUT_OF_RANGE: 'client',
  UNIMPLEMENTED: 'client',
  INTERNAL: 'server',
  DATA_LOSS: 'data',
  UNAUTHENTICATED: 'auth',
};

const VERDICTS = new Map<unknown, Verdict>(
  Object.entries(CLASS).map(([name, errorClass]) => [name, verdict(errorClass)]),
);

/** Wordings of grpc-js when no connection could be made, so that the request was never sent. */
const NOT_CONNECTED = /No connection established|Name resolution failed/;
/** grpc-js's wording when the other side, not the caller, ended the stream. */
const CUT_OFF = /Call cancelled/;
const CONNECTION_LOST =
  /Connection dropped|ECONNRESET|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|socket hang up|read ETIMEDOUT|session closed|GOAWAY/i;

/** A gRPC `ServiceError`: a numeric `code` with `details`, or the status by name. */
export function byGrpcStatus(facts: ErrorFacts): Verdict | undefined {
  const name = statusName(facts);
  if (name === 'CANCELLED') return CUT_OFF.test(facts.message) ? verdict('network') : abortedVerdict;
  if (name === 'UNAVAILABLE') {
    const given = read(facts.error, 'details');
    const details = typeof given === 'string' ? `${given} ${facts.message}` : facts.message;
    if (NOT_CONNECTED.test(details)) return { errorClass: 'network', neverSent: true };
    return verdict(CONNECTION_LOST.test(details) ? 'network' : 'server');
  }
  return VERDICTS.get(name);
}

function statusName(facts: ErrorFacts): string | undefined {
  const { code } = facts;
  if (typeof code === 'number') {
    return read(facts.error, 'details') !== undefined || /^\d+ [A-Z_]+:/.test(facts.message)
      ? GRPC_STATUS[code]
      : undefined;
  }
  return NAMES.has(code) ? code : undefined;
}
