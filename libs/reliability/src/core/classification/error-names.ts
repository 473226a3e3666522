import type { ErrorClass } from '../error-class.js';
import type { ErrorFacts } from './error-facts.js';
import { read } from './error-facts.js';
import { abortedVerdict } from './node-codes.js';
import { verdict, type Verdict } from './verdict.js';

const THROTTLING = new Set(
  `ThrottlingException ThrottledException ThrottlerException Throttling RequestThrottled RequestThrottledException
   TooManyRequestsException ProvisionedThroughputExceededException RequestLimitExceeded BandwidthLimitExceeded
   SlowDown`.split(/\s+/),
);

const BY_NAME = vaguely({
  SyntaxError: 'data',
  ZodError: 'data',
  $ZodError: 'data',
  URIError: 'client',
  RangeError: 'client',
  ReferenceError: 'client',
  NotSupportedError: 'client',
  DataCloneError: 'client',
  ValidationError: 'client',
  EncodingError: 'data',
  ConnectionError: 'network',
  NoRespondersError: 'network',
  ClosedConnectionError: 'network',
  DisconnectsClientError: 'network',
  SocketClosedUnexpectedlyError: 'network',
  MaxRetriesPerRequestError: 'network',
  MongoNetworkError: 'network',
  MongoServerSelectionError: 'network',
  PrismaClientInitializationError: 'network',
  NotAllowedError: 'auth',
  SecurityError: 'auth',
});

const BY_FETCH_ERROR_TYPE = vaguely({
  'request-timeout': 'timeout',
  'body-timeout': 'timeout',
  'max-size': 'data',
  'invalid-json': 'data',
  'max-redirect': 'client',
  'no-redirect': 'client',
  'unsupported-redirect': 'client',
  system: 'network',
});

/** Throttling by its name, before the status: services of AWS answer it with 400, as any mistake of the caller. */
export function byThrottling({ name }: ErrorFacts): Verdict | undefined {
  return THROTTLING.has(name) ? verdict('rateLimit') : undefined;
}

/** Errors known by their class name alone: DOMException, built-in errors, clients of databases and brokers. */
export function byName(facts: ErrorFacts): Verdict | undefined {
  const { name } = facts;
  if (name === 'AbortError' || name === 'CanceledError' || name === 'CancelledError') return abortedVerdict;
  if (name === 'TypeError') return byTypeError(facts);
  if (name === 'HTTPParserError') return verdict('data');
  if (name === 'FetchError') return BY_FETCH_ERROR_TYPE.get(read(facts.error, 'type'));
  return BY_NAME.get(name) ?? (/Time(d)?out(Error|Exception)?$/.test(name) ? verdict('timeout', 'name') : undefined);
}

/** What fetch wraps when it is the request that it will not make, or not follow any further. */
const REFUSED_BY_FETCH = new Set<unknown>([
  'redirect count exceeded',
  'unexpected redirect',
  'unknown scheme',
  'about scheme is not supported',
  'URL scheme must be a HTTP(S) scheme',
  'bad port',
  'not implemented... yet...',
  'invalid method',
]);

/** The fetch standard reports every network failure as a TypeError; any other TypeError is a mistake in the program. */
function byTypeError({ error, message }: ErrorFacts): Verdict {
  if (!/^(fetch failed|Failed to fetch|network error|terminated|Load failed)/i.test(message))
    return verdict('client', 'name');
  return REFUSED_BY_FETCH.has(read(read(error, 'cause'), 'message')) ? verdict('client') : verdict('network', 'name');
}

function vaguely(classes: Readonly<Record<string, ErrorClass>>): ReadonlyMap<unknown, Verdict> {
  return new Map(Object.entries(classes).map(([name, errorClass]) => [name, verdict(errorClass, 'name')]));
}
