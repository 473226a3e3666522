import fc from 'fast-check';
import { ReliabilityError } from '../errors.js';
import { type ClassificationRule, classify, createClassifier } from './classify.js';

const NOW = Date.UTC(2026, 0, 1);
const at = createClassifier({ wallNow: () => NOW });
const coded = (code: string, rest: object = {}) => Object.assign(new Error(''), { code, ...rest });
const named = (name: string, message = '', rest: object = {}) => Object.assign(new Error(message), { name, ...rest });
const caused = (cause: unknown, message = '') => new Error(message, { cause });
const early = (errorClass: string) => ({ errorClass, neverSent: true });
const abort = { errorClass: 'client', retryable: false };
const { proxy: unreadableList, revoke } = Proxy.revocable([], {});
revoke();

describe('codes', () => {
  it.each([
    ['network', 'ECONNREFUSED EHOSTDOWN ENETUNREACH ENOTFOUND EAI_AGAIN ESERVFAIL ENOTIMP EBADRESP ECANCELLED'],
    ['network', 'ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_OUT_OF_STREAMS UND_ERR_PRX_TLS CERT_HAS_EXPIRED CERT_REJECTED'],
    [
      'network',
      'CERT_CHAIN_TOO_LONG SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['network', 'ERR_TLS_SOMETHING_NEW'],
    ['timeout', 'UND_ERR_CONNECT_TIMEOUT ERR_TLS_HANDSHAKE_TIMEOUT ETIMEOUT'],
  ])('of %s failures before anything was sent: %s', (errorClass, codes) => {
    for (const code of codes.split(' ')) expect([code, classify(coded(code))]).toEqual([code, early(errorClass)]);
  });

  it.each([
    ['network', 'ECONNRESET EPIPE ECONNABORTED UND_ERR_SOCKET UND_ERR_DESTROYED ERR_STREAM_PREMATURE_CLOSE'],
    ['network', 'ERR_SOCKET_CLOSED ERR_HTTP2_STREAM_CANCEL ERR_NETWORK HPE_INVALID_EOF_STATE PROTOCOL_CONNECTION_LOST'],
    ['network', 'EPROTO ERR_SSL_BAD_RECORD ERR_HTTP2_SOMETHING_NEW'],
    [
      'timeout',
      'ETIMEDOUT ESOCKETTIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT CALL_TIMEOUT DEADLINE_EXCEEDED',
    ],
    ['server', 'CHAOS_INJECTED INTERNAL_SERVER_ERROR INTERNAL ABORTED UNKNOWN UNAVAILABLE'],
    ['client', 'EBADNAME ERR_INVALID_URL ERR_UNESCAPED_CHARACTERS UND_ERR_INVALID_ARG UND_ERR_CLOSED ERR_BAD_OPTION'],
    ['client', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH ERR_FR_TOO_MANY_REDIRECTS ENOENT BAD_USER_INPUT INVALID_USE'],
    ['client', 'ERR_INVALID_SOMETHING_NEW ERR_MISSING_ARGS NOT_FOUND GRAPHQL_PARSE_FAILED'],
    ['auth', 'EACCES EPERM UNAUTHENTICATED FORBIDDEN PERMISSION_DENIED'],
    ['rateLimit', 'RESOURCE_EXHAUSTED'],
    ['data', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_RES_EXCEEDED_MAX_SIZE ERR_ENCODING_INVALID_ENCODED_DATA'],
    [
      'data',
      'ERR_BAD_RESPONSE HPE_INVALID_CONSTANT Z_DATA_ERROR ERR_BROTLI_DECODER_ERROR ERR__ERROR_FORMAT_PADDING_1 DATA_LOSS',
    ],
    ['unknown', 'NOBODY_KNOWS'],
    ['unknown', ''],
  ])('of %s failures: %s', (errorClass, codes) => {
    for (const code of codes.split(' ')) expect([code, classify(coded(code))]).toEqual([code, { errorClass }]);
  });

  it.each(['ECONNRESET', 'ECONNABORTED', 'ENOENT', 'EACCES', 'EPERM', 'EINVAL', 'EADDRINUSE', 'EAGAIN'])(
    '%s of a connect was never sent',
    (code) => expect(classify(coded(code, { syscall: 'connect' }))).toEqual(early('network')),
  );

  it('ERR_BAD_RESPONSE of axios for an answer that was cut off half-way is a network failure', () => {
    const cut = (response: object, message = 'stream has been aborted') =>
      classify(Object.assign(new Error(message), { code: 'ERR_BAD_RESPONSE', response }));
    expect(cut({ status: 200 })).toEqual({ errorClass: 'network' });
    expect(cut({ status: 299 })).toEqual({ errorClass: 'network' });
    expect(cut({})).toEqual({ errorClass: 'network' });
    expect(cut({ status: 300 })).toEqual({ errorClass: 'client' });
    expect(cut({ status: 503 })).toEqual({ errorClass: 'server' });
    expect(cut({ status: 200 }, 'another')).toEqual({ errorClass: 'data' });
    expect(classify(Object.assign(new Error('stream has been aborted'), { status: 200 }))).toEqual({
      errorClass: 'data',
    });
  });

  it.each(['ERR_NETWORK', 'ERR_BAD_RESPONSE', 'ERR_HTTP2_STREAM_CANCEL'])('%s gives way to its cause', (code) => {
    expect(classify(coded(code, { cause: { status: 401 } }))).toEqual({ errorClass: 'auth' });
    expect(classify(coded('EPIPE', { cause: { status: 401 } }))).toEqual({ errorClass: 'network' });
  });

  it('ECONNABORTED that speaks of a timeout is one, whatever it wraps', () => {
    const aborted = Object.assign(new Error('timeout of 5 ms exceeded', { cause: { status: 401 } }), {
      code: 'ECONNABORTED',
    });
    expect(classify(aborted)).toEqual({ errorClass: 'timeout' });
  });

  it('ETIMEDOUT of a connect was never sent, that of a read may have been', () => {
    expect(classify(coded('ETIMEDOUT', { syscall: 'connect' }))).toEqual(early('timeout'));
    expect(classify(coded('ETIMEDOUT', { syscall: 'read' }))).toEqual({ errorClass: 'timeout' });
  });

  it.each([
    ['ECONNABORTED', 'timeout of 5 ms exceeded', { errorClass: 'timeout' }],
    ['ECONNABORTED', 'Request aborted', { errorClass: 'network' }],
    ['ECONNRESET', 'Client network socket disconnected before secure TLS connection was established', early('network')],
    ['ECONNRESET', 'aborted after a timeout', { errorClass: 'network' }],
    ['EPROTO', 'SSL routines:ssl3_get_record:wrong version number', early('network')],
    ['EPROTO', 'sslv3 alert bad certificate', { errorClass: 'auth' }],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', '', { errorClass: 'auth' }],
    ['ERR_SSL_TLSV1_ALERT_ACCESS_DENIED', '', { errorClass: 'auth' }],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', '', { errorClass: 'auth' }],
    ['EPROTO', 'sslv3 alert handshake failure', early('network')],
    ['EPROTO', 'tlsv13 alert certificate required', { errorClass: 'auth' }],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', '', { errorClass: 'auth' }],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', '', early('network')],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', '', early('network')],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_REFUSED_STREAM', early('network')],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM', { errorClass: 'rateLimit' }],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_INTERNAL_ERROR', { errorClass: 'server' }],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_SETTINGS_TIMEOUT', { errorClass: 'timeout' }],
    ['ERR_HTTP2_STREAM_ERROR', 'Stream closed with error code NGHTTP2_CANCEL', { errorClass: 'network' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 7', early('network')],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 11', { errorClass: 'rateLimit' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 2', { errorClass: 'server' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 4', { errorClass: 'timeout' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 77', { errorClass: 'network' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 111', { errorClass: 'network' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 22', { errorClass: 'network' }],
    ['ERR_HTTP2_SESSION_ERROR', 'Session closed with error code 44', { errorClass: 'network' }],
    ['UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling', early('auth')],
    ['UND_ERR_ABORTED', 'Proxy response () !== 200 when HTTP Tunneling', abort],
    ['UND_ERR_ABORTED', 'Proxy response (4070) !== 200 when HTTP Tunneling', abort],
    ['UND_ERR_ABORTED', 'the Proxy response (407)', abort],
    ['UND_ERR_ABORTED', 'Request aborted', abort],
    ['ABORT_ERR', '', abort],
    ['ERR_CANCELED', '', abort],
    ['CANCELLED', '', abort],
  ])('%s, "%s"', (code, message, expected) => {
    expect(classify(named('Error', message, { code }))).toEqual(expected);
  });
});

describe('gRPC statuses', () => {
  it.each<[number, unknown]>([
    [1, abort],
    [2, { errorClass: 'server' }],
    [3, { errorClass: 'client' }],
    [4, { errorClass: 'timeout' }],
    [5, { errorClass: 'client' }],
    [6, { errorClass: 'client' }],
    [7, { errorClass: 'auth' }],
    [8, { errorClass: 'rateLimit' }],
    [9, { errorClass: 'client' }],
    [10, { errorClass: 'server' }],
    [11, { errorClass: 'client' }],
    [12, { errorClass: 'client' }],
    [13, { errorClass: 'server' }],
    [14, { errorClass: 'server' }],
    [15, { errorClass: 'data' }],
    [16, { errorClass: 'auth' }],
    [0, { errorClass: 'unknown' }],
    [17, { errorClass: 'unknown' }],
  ])('%d', (code, expected) => {
    expect(classify(Object.assign(new Error(''), { code, details: '' }))).toEqual(expected);
  });

  it.each([
    ['14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED', early('network')],
    ['14 UNAVAILABLE: Name resolution failed for target dns:x', early('network')],
    // A server may say so of what it calls itself.
    ['14 UNAVAILABLE: connect ECONNREFUSED 10.0.0.1:5432', { errorClass: 'network' }],
    ['14 UNAVAILABLE: getaddrinfo ENOTFOUND db', { errorClass: 'network' }],
    ['14 UNAVAILABLE: getaddrinfo EAI_AGAIN db', { errorClass: 'network' }],
    ['14 UNAVAILABLE: Connection dropped', { errorClass: 'network' }],
    ['14 UNAVAILABLE: read ECONNRESET', { errorClass: 'network' }],
    ['14 UNAVAILABLE: overloaded', { errorClass: 'server' }],
    ['1 CANCELLED: Call cancelled', { errorClass: 'network' }],
    ['1 CANCELLED: Cancelled on client', abort],
  ])('%s', (message, expected) => {
    expect(classify(Object.assign(new Error(message), { code: Number.parseInt(message, 10) }))).toEqual(expected);
  });

  it.each<[unknown, unknown]>([
    ['No connection established. Last error: 111', early('network')],
    ['read ECONNRESET', { errorClass: 'network' }],
    ['overloaded', { errorClass: 'server' }],
    [Symbol('No connection established'), { errorClass: 'server' }],
  ])('of what is unavailable are explained by details: %p', (details, expected) => {
    expect(classify({ code: 14, details })).toEqual(expected);
    expect(classify({ code: 14, details, message: '14 UNAVAILABLE: see details' })).toEqual(expected);
  });

  it('are not read into the numbers of others', () => {
    expect(classify(Object.assign(new Error('see 7 PERMISSION_DENIED: no'), { code: 7 }))).toEqual({
      errorClass: 'unknown',
    });
    expect(classify({ code: 'OK' })).toEqual({ errorClass: 'unknown' });
    expect(classify(Object.assign(new Error('exit'), { code: 7 }))).toEqual({ errorClass: 'unknown' });
  });
});

describe('HTTP statuses', () => {
  it.each<[string, string]>([
    ['client', '300 304 399 400 402 404 405 409 410 418 421 422 424 426 428 431 499'],
    ['auth', '401 403 407 451 511'],
    ['timeout', '408 504 522 524 598 599'],
    ['rateLimit', '420 429 430 509'],
    ['server', '423 425 500 502 503 507 508 520 521 529 530'],
    ['data', '100 199 200 204 299'],
  ])('%s: %s', (errorClass, statuses) => {
    for (const status of statuses.split(' ')) {
      expect([status, classify({ status: Number(status) })]).toEqual([status, { errorClass }]);
    }
  });

  it.each([501, 505, 506, 510])('%d gets the same answer again', (status) => {
    expect(classify({ status })).toEqual({ errorClass: 'server', retryable: false });
  });

  it.each<[string, object]>([
    ['status', { status: 503 }],
    ['statusCode', { statusCode: 503 }],
    ['text', { status: '503' }],
    ['response.status', { response: { status: 503 } }],
    ['response.statusCode', { response: { statusCode: 503 } }],
    ['$response.statusCode', { $response: { statusCode: 503 } }],
    ['$metadata', { $metadata: { httpStatusCode: 503 } }],
    ['output', { output: { statusCode: 503 } }],
  ])('are found in %s', (_where, error) => expect(classify(error)).toEqual({ errorClass: 'server' }));

  it.each([99, 600, 503.5, '5030', '503.0', '503 ', 'x503', '5e2', '', ' 503', -503, null, [503], Symbol('503')])(
    '%p is none',
    (status) => {
      expect(classify({ status })).toEqual({ errorClass: 'unknown' });
    },
  );

  it('of an answer that could not be used give way to the cause, informational ones do not', () => {
    for (const status of [200, 299]) {
      expect(classify({ status, cause: { status: 401 } })).toEqual({ errorClass: 'auth' });
    }
    expect(classify({ status: 199, cause: { status: 401 } })).toEqual({ errorClass: 'data' });
    expect(classify({ status: 300, cause: { status: 401 } })).toEqual({ errorClass: 'client' });
  });

  it('win over the code that a client adds', () => {
    expect(classify({ code: 'ERR_BAD_RESPONSE', response: { status: 429 } })).toEqual({ errorClass: 'rateLimit' });
  });
});

describe('names', () => {
  it.each<[string, string]>([
    ['timeout', 'TimeoutError ConnectTimeoutError RequestTimeout ReadTimeoutException QueryTimedoutError'],
    ['timeout', 'ReadTimeoutError MongoNetworkTimeoutError ConnectTimeout'],
    ['data', 'SyntaxError ZodError $ZodError EncodingError HTTPParserError BadResponse NullResponse ChecksumError'],
    ['client', 'TypeError RangeError ReferenceError URIError ValidationError DataCloneError NotSupportedError'],
    ['client', 'ArgumentsRequired ExchangeClosedByUser NotSupported InsufficientFunds UnsubscribeError'],
    ['client', 'BadSymbol BadRequest OrderNotFound'],
    ['network', 'NetworkError ConnectionError NoRespondersError ClosedConnectionError DisconnectsClientError'],
    ['network', 'SocketClosedUnexpectedlyError MaxRetriesPerRequestError MongoNetworkError MongoServerSelectionError'],
    ['network', 'PrismaClientInitializationError'],
    ['rateLimit', 'ThrottlingException ThrottlerException TooManyRequestsException SlowDown RequestLimitExceeded'],
    ['rateLimit', 'ProvisionedThroughputExceededException RateLimitExceeded DDoSProtection Throttling'],
    ['rateLimit', 'ThrottledException RequestThrottled RequestThrottledException BandwidthLimitExceeded'],
    ['auth', 'NotAllowedError SecurityError AuthenticationError PermissionDenied RestrictedLocation InvalidNonce'],
    ['server', 'ExchangeNotAvailable OnMaintenance OperationFailed CancelPending'],
    ['unknown', 'Error ExchangeError BaseError Timeouts FetchError'],
  ])('of %s failures: %s', (errorClass, names) => {
    for (const name of names.split(' ')) expect([name, classify(named(name))]).toEqual([name, { errorClass }]);
  });

  it.each([400, 503])('of throttling say more than a status of %d', (httpStatusCode) => {
    const $metadata = { httpStatusCode };
    expect(classify(named('ThrottlingException', '', { $metadata }))).toEqual({ errorClass: 'rateLimit' });
    expect(classify(named('ValidationException', '', { $metadata: { httpStatusCode: 400 } }))).toEqual({
      errorClass: 'client',
    });
  });

  it.each(['AbortError', 'CanceledError', 'CancelledError'])('%s: the caller gave up', (name) => {
    expect(classify(named(name))).toEqual(abort);
  });

  it.each(['fetch failed', 'Failed to fetch', 'network error', 'terminated', 'Load failed'])(
    'TypeError "%s" is a network failure',
    (message) => {
      expect(classify(new TypeError(message))).toEqual({ errorClass: 'network' });
    },
  );

  it.each([
    'redirect count exceeded',
    'unexpected redirect',
    'unknown scheme',
    'about scheme is not supported',
    'URL scheme must be a HTTP(S) scheme',
    'bad port',
    'not implemented... yet...',
    'invalid method',
  ])('TypeError "fetch failed" because of "%s" is a mistake of the program', (reason) => {
    expect(classify(new TypeError('fetch failed', { cause: new Error(reason) }))).toEqual({ errorClass: 'client' });
    expect(classify(new TypeError('fetch failed', { cause: new Error(`${reason}?`) }))).toEqual({
      errorClass: 'network',
    });
  });

  it('TypeError with such words further on is a mistake of the program', () => {
    expect(classify(new TypeError('no fetch failed'))).toEqual({ errorClass: 'client' });
  });

  it.each([
    ['request-timeout', 'timeout'],
    ['body-timeout', 'timeout'],
    ['max-size', 'data'],
    ['invalid-json', 'data'],
    ['max-redirect', 'client'],
    ['no-redirect', 'client'],
    ['unsupported-redirect', 'client'],
    ['system', 'network'],
  ])('FetchError of type %s', (type, errorClass) => {
    expect(classify(named('FetchError', '', { type }))).toEqual({ errorClass });
  });
});

describe('this library’s errors', () => {
  it.each<[string, unknown]>([
    ['CALL_TIMEOUT', { errorClass: 'timeout' }],
    ['DEADLINE_EXCEEDED', { errorClass: 'timeout' }],
    ['RATE_LIMITED', { errorClass: 'rateLimit', neverSent: true, retryAfterMs: 5 }],
    ['CIRCUIT_OPEN', { errorClass: 'server', neverSent: true, retryAfterMs: 5 }],
    ['BULKHEAD_FULL', { errorClass: 'server', neverSent: true, retryAfterMs: 5 }],
    ['NO_ENDPOINT', { errorClass: 'server', neverSent: true, retryAfterMs: 5 }],
    ['SHUTTING_DOWN', { errorClass: 'server', neverSent: true, retryAfterMs: 5 }],
    ['INVALID_OPTIONS', { errorClass: 'client' }],
    ['INVALID_USE', { errorClass: 'client' }],
    ['UNKNOWN_POLICY', { errorClass: 'client' }],
    ['RETRY_EXHAUSTED', { errorClass: 'auth' }],
  ])('%s, refused or not', (code, expected) => {
    for (const refused of [true, false]) {
      const details = { code, policyType: 't', policy: 'p', retryAfterMs: 5, refused, cause: { status: 401 } };
      expect(classify(new ReliabilityError('', details))).toEqual(expected);
    }
  });

  it('of one’s own policy was never sent if that refused, and is otherwise what caused it', () => {
    const details = { code: 'CUSTOM', policyType: 't', policy: 'p', cause: { status: 401 } };
    expect(classify(new ReliabilityError('', details))).toEqual({ errorClass: 'auth' });
    expect(classify(new ReliabilityError('', { ...details, refused: true }))).toStrictEqual(early('server'));
    expect(classify(new ReliabilityError('', { ...details, refused: true, retryAfterMs: 9 }))).toEqual({
      ...early('server'),
      retryAfterMs: 9,
    });
  });

  it.each([
    ['CALL_TIMEOUT', 'timeout'],
    ['DEADLINE_EXCEEDED', 'timeout'],
    ['INVALID_OPTIONS', 'client'],
    ['INVALID_USE', 'client'],
    ['UNKNOWN_POLICY', 'client'],
  ])('%s is what it is, whatever status somebody gives it to answer with', (code, errorClass) => {
    const error = new ReliabilityError('', { code, policyType: 't', policy: 'p' });
    expect(classify(Object.assign(error, { status: 429 }))).toEqual({ errorClass });
  });

  it.each([
    ['network', 'network'],
    ['odd', 'unknown'],
    [undefined, 'unknown'],
  ])('of an injected fault that stands for %p are %s', (errorClass, expected) => {
    const details = { code: 'CHAOS_INJECTED', policyType: 'chaos', policy: 'p' };
    const injected = (more: object) => Object.assign(new ReliabilityError('', { ...details, ...more }), { errorClass });
    expect(classify(injected({}))).toEqual({ errorClass: expected });
    expect(classify(injected({ retryAfterMs: 5 }))).toEqual({ errorClass: expected, retryAfterMs: 5 });
  });
});

describe('causes', () => {
  const refused = coded('ECONNREFUSED');

  it('are looked for under every name that libraries use', () => {
    const wrapped = [{ cause: refused }, { error: refused }, { originalError: refused }, { reason: refused }];
    for (const error of [...wrapped, { config: { signal: { reason: refused } } }]) {
      expect(classify(error)).toEqual(early('network'));
    }
  });

  it('are looked for further where there is nothing', () => {
    expect(classify({ errors: unreadableList, cause: refused })).toEqual(early('network'));
    expect(classify({ cause: null, error: refused })).toEqual(early('network'));
    expect(classify({ errors: 'none', cause: refused })).toEqual(early('network'));
  });

  it('count for less than what an error says for certain', () => {
    expect(classify(Object.assign(caused({ status: 401 }), { status: 503 }))).toEqual({ errorClass: 'server' });
  });

  it('count for more than a name, a wrapper or an abort, unless they are but words', () => {
    expect(classify(named('TimeoutError', '', { cause: { status: 401 } }))).toEqual({ errorClass: 'auth' });
    expect(classify(Object.assign(new TypeError('fetch failed'), { cause: named('TimeoutError') }))).toEqual({
      errorClass: 'timeout',
    });
    expect(classify(named('AbortError', '', { cause: named('TimeoutError') }))).toEqual({ errorClass: 'timeout' });
    for (const words of ['timed out', 'read ECONNRESET']) {
      expect(classify(named('ValidationError', '', { cause: new Error(words) }))).toEqual({ errorClass: 'client' });
    }
  });

  it('of the same class tell whether the request was sent; those of another do not', () => {
    const connect = coded('ECONNRESET', { syscall: 'connect' });
    expect(classify(coded('ECONNRESET', { cause: connect }))).toEqual(early('network'));
    expect(classify(coded('ETIMEDOUT', { cause: connect }))).toEqual({ errorClass: 'timeout' });
    expect(classify(coded('ECONNRESET', { cause: coded('EPIPE') }))).toEqual({ errorClass: 'network' });
    expect(classify({ status: 503, cause: connect })).toEqual({ errorClass: 'server' });
    expect(classify(coded('ETIMEDOUT', { cause: coded('ETIMEDOUT', { syscall: 'connect' }) }))).toEqual(
      early('timeout'),
    );
  });

  it('that never sent anything say nothing of an answer of the same class', () => {
    const open = new ReliabilityError('', { code: 'CIRCUIT_OPEN', policyType: 't', policy: 'p', refused: true });
    expect(classify({ status: 503, cause: open })).toEqual({ errorClass: 'server' });
  });

  it('are followed 8 deep', () => {
    const nested = (depth: number) => {
      let error: unknown = refused;
      for (let level = 0; level < depth; level += 1) error = caused(error);
      return error;
    };
    expect(classify(nested(8))).toEqual(early('network'));
    expect(classify(nested(9))).toEqual({ errorClass: 'unknown' });
  });

  it.each([
    [
      'the one asking for most restraint',
      [{ status: 404 }, { status: 500 }, { status: 429 }],
      { errorClass: 'rateLimit' },
    ],
    ['in their order', [{ status: 401 }, { status: 400 }, new SyntaxError('x')], { errorClass: 'data' }],
    ['one that says nothing is passed over', [new Error('x'), { status: 404 }], { errorClass: 'client' }],
    ['none says anything', [new Error('x'), new Error('y')], { errorClass: 'unknown' }],
    ['all never sent', [refused, coded('ENOTFOUND')], early('network')],
    ['one perhaps sent', [refused, coded('ECONNRESET')], { errorClass: 'network' }],
    ['one unknown may have been sent', [refused, new Error('x')], { errorClass: 'network' }],
    ['only one', [{ status: 503 }], { errorClass: 'server' }],
  ])('side by side: %s', (_name, errors, expected) => {
    expect(classify(new AggregateError(errors))).toStrictEqual(expected);
  });

  it('side by side: the class that asks for more restraint goes first, wherever it stands', () => {
    const order = ['rateLimit', 'server', 'timeout', 'network', 'unknown', 'data', 'client', 'auth'] as const;
    const byWord = createClassifier({ rules: [(error) => order.find((errorClass) => errorClass === error)] });
    order.forEach((first, index) => {
      for (const second of order.slice(index + 1)) {
        expect(byWord(new AggregateError([first, second]))).toEqual({ errorClass: first });
        expect(byWord(new AggregateError([second, first]))).toEqual({ errorClass: first });
      }
    });
  });

  it('side by side: of two of the same class the first counts', () => {
    const [pushedBack, plain] = [{ status: 501 }, { status: 500 }];
    expect(classify(new AggregateError([pushedBack, plain]))).toEqual({ errorClass: 'server', retryable: false });
    expect(classify(new AggregateError([plain, pushedBack]))).toEqual({ errorClass: 'server' });
  });

  it('side by side ask for the longest of their waits', () => {
    const asking = (seconds: number) => ({ status: 429, headers: { 'retry-after': String(seconds) } });
    expect(classify(new AggregateError([asking(3), asking(9), { status: 429 }]))).toEqual({
      errorClass: 'rateLimit',
      retryAfterMs: 9_000,
    });
  });

  it('side by side are looked at up to the 16th', () => {
    const fifteen = Array.from({ length: 15 }, () => ({ status: 404 }));
    expect(classify(new AggregateError([...fifteen, { status: 429 }]))).toEqual({ errorClass: 'rateLimit' });
    expect(classify(new AggregateError([...fifteen, { status: 404 }, { status: 429 }]))).toEqual({
      errorClass: 'client',
    });
    expect(classify({ errors: [], cause: refused })).toEqual(early('network'));
  });

  it('side by side: those that are not looked at may have been sent', () => {
    const unsent = Array.from({ length: 16 }, () => refused);
    expect(classify(new AggregateError(unsent))).toEqual(early('network'));
    expect(classify(new AggregateError([...unsent, coded('ECONNRESET')]))).toEqual({ errorClass: 'network' });
  });

  it('that branch at each level are looked at 128 in all, the error itself included', () => {
    let looks = 0;
    const counting = createClassifier({ rules: [() => void (looks += 1)] });
    const branching: { errors: unknown[] } = { errors: [] };
    branching.errors = Array.from({ length: 16 }, () => branching);
    expect(counting(branching)).toEqual({ errorClass: 'unknown' });
    expect(looks).toBe(128);
  });

  it.each([
    ['revoked', unreadableList, { errorClass: 'unknown' }],
    ['without its methods', Object.assign([refused], { slice: null, entries: null }), early('network')],
    [
      'of getters that throw',
      Object.defineProperty([], '0', {
        get: () => {
          throw new Error('hands off');
        },
      }),
      { errorClass: 'unknown' },
    ],
  ])('are read from a list as far as it lets itself be read: %s', (_name, errors, expected) => {
    expect(classify({ errors })).toEqual(expected);
  });
});

describe('words', () => {
  it.each([
    // No proof that nothing was sent: a service may quote what befell it further on.
    ['connect ECONNREFUSED 127.0.0.1:80', { errorClass: 'network' }],
    ['connect ETIMEDOUT 10.0.0.1:443', { errorClass: 'timeout' }],
    ['read ETIMEDOUT', { errorClass: 'timeout' }],
    ['UND_ERR_SOCKET', { errorClass: 'network' }],
    ['Operation timed out', { errorClass: 'timeout' }],
    ['request time-out', { errorClass: 'timeout' }],
    ['context deadline exceeded', { errorClass: 'timeout' }],
    ['Too Many Requests', { errorClass: 'rateLimit' }],
    ['rate limit was exceeded', { errorClass: 'rateLimit' }],
    ['quota exceeded', { errorClass: 'rateLimit' }],
    ['socket hang up', { errorClass: 'network' }],
    ['the connection was reset', { errorClass: 'network' }],
    ['other side closed', { errorClass: 'network' }],
    ['Service Unavailable', { errorClass: 'server' }],
    ['502 Bad Gateway', { errorClass: 'server' }],
    ['Internal Server Error', { errorClass: 'server' }],
    ['EVERYTHING is wrong', { errorClass: 'unknown' }],
    ['Forbidden', { errorClass: 'unknown' }],
    ['', { errorClass: 'unknown' }],
  ])('%j', (message, expected) => {
    expect(classify(new Error(message))).toEqual(expected);
    expect(classify(message)).toEqual(expected);
  });

  it.each([
    ['getaddrinfo EAI_AGAIN example.com', { errorClass: 'network' }],
    ['EVERY attempt: ERR: write EPIPE', { errorClass: 'network' }],
    ['timeout', { errorClass: 'timeout' }],
    ['time out', { errorClass: 'timeout' }],
    ['ratelimit exceeded', { errorClass: 'rateLimit' }],
    ['rate limited: quota of 5 exceeded', { errorClass: 'rateLimit' }],
    ['connection reset by peer', { errorClass: 'network' }],
    ['connection was closed', { errorClass: 'network' }],
    ['connection refused', { errorClass: 'network' }],
    ['connection lost', { errorClass: 'network' }],
    ['connection dropped', { errorClass: 'network' }],
    ['we connect ETIMEDOUT', { errorClass: 'timeout' }],
    ['connect EACCES 10.0.0.1:443', { errorClass: 'network' }],
    ['we connect EACCES', { errorClass: 'auth' }],
  ])('tell: %j', (message, expected) => {
    expect(classify(message)).toEqual(expected);
  });

  it.each([
    'xECONNRESET',
    'ECONNRESETs',
    'xUND_ERR_SOCKET',
    'sometimeout',
    'timeouts',
    'xdeadline exceeded',
    'deadline exceededs',
    'xtoo many requests',
    'too many requestsx',
    'xrate limit exceeded',
    'rate limiter exceeded',
    'rate limit xexceeded',
    'rate limit exceededx',
    'xquota exceeded',
    'quota exceededx',
    'xservice unavailable',
    'service unavailablex',
    'xbad gateway',
    'bad gatewayx',
    'xinternal server error',
    'internal server errorx',
  ])('are whole words: %j tells nothing', (message) => {
    expect(classify(message)).toEqual({ errorClass: 'unknown' });
  });

  it('beyond the first 1,024 characters are not read', () => {
    expect(classify(`${'x '.repeat(512)}timed out`)).toEqual({ errorClass: 'unknown' });
    expect(classify(`${'x '.repeat(500)}timed out`)).toEqual({ errorClass: 'timeout' });
  });
});

describe('waits', () => {
  const headers = (given: Record<string, unknown>) => at({ status: 429, headers: given });
  it.each<[Record<string, unknown>, object]>([
    [{ 'retry-after': '7' }, { retryAfterMs: 7_000 }],
    [{ 'Retry-After': ' 1.5 ' }, { retryAfterMs: 1_500 }],
    [{ 'retry-after': 3 }, { retryAfterMs: 3_000 }],
    [{ 'retry-after': ['4', '5'] }, { retryAfterMs: 4_000 }],
    [{ 'retry-after': '0' }, { retryAfterMs: 0 }],
    [{ 'retry-after': new Date(NOW + 30_000).toUTCString() }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': new Date(NOW - 30_000).toUTCString() }, { retryAfterMs: 0 }],
    [{ 'retry-after': new Date(5_000).toUTCString(), date: new Date(2_000).toUTCString() }, { retryAfterMs: 3_000 }],
    [{ 'retry-after': new Date(NOW + 9_000).toUTCString(), date: 'never' }, { retryAfterMs: 9_000 }],
    [{ 'retry-after': 'Thu Jan  1 00:00:30 2026' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': 'Thu Jan  1 00:00:30 2026', date: 'Thu Jan  1 00:00:10 2026' }, { retryAfterMs: 20_000 }],
    [{ 'retry-after': 'Thu Jan  1 00:00:30 2026', date: ' soon 2026' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': 'Thu, 01 Jan 2026 01:00:30 +0100' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after': 'soon' }, {}],
    [{ 'retry-after': 'soon 9999' }, {}],
    [{ 'retry-after': 'retry 3000' }, {}],
    [{ 'retry-after': 'Thu 9999' }, {}],
    [{ 'retry-after-ms': '9'.repeat(400) }, {}],
    [{ 'retry-after': '-5' }, {}],
    [{ 'retry-after': 'Mon, the 35th' }, {}],
    [{ 'retry-after': '2026-01-01T00:00:09Z' }, {}],
    [{ 'retry-after': '' }, {}],
    [{ 'retry-after': '7s' }, {}],
    [{ 'retry-after': 'x7' }, {}],
    [{ 'retry-after': '12 Jan 2026 00:00:00 GMT' }, {}],
    [{ 'retry-after': 'on Thu, 01 Jan 2026 00:00:30 GMT' }, {}],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30' }, { retryAfterMs: 30_000 }],
    [
      { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT', date: ' Thu, 01 Jan 2026 00:00:10 GMT ' },
      { retryAfterMs: 20_000 },
    ],
    [{ 'retry-after': '1.25' }, { retryAfterMs: 1_250 }],
    [{ 'retry-after': '7e1' }, {}],
    [{ 'retry-after-ms': '7e1' }, {}],
    [{ 'retry-after-ms': '0x7' }, {}],
    [{ 'retry-after-ms': '-7' }, {}],
    [{ 'retry-after-ms': '' }, {}],
    [{ 'grpc-retry-pushback-ms': '8e1' }, { retryable: false }],
    [{ 'retry-after': '9'.repeat(400) }, {}],
    [{ 'retry-after': ' 15 ' }, { retryAfterMs: 15_000 }],
    [{ 'retry-after': 'Thursday, 01-Jan-26 00:00:30 GMT' }, { retryAfterMs: 30_000 }],
    [{ 'retry-after-ms': ' 12.25 ' }, { retryAfterMs: 12.25 }],
    [{ 'retry-after-ms': '250x' }, {}],
    [{ 'retry-after-ms': 'x250' }, {}],
    [{ 'grpc-retry-pushback-ms': ' 80 ' }, { retryAfterMs: 80, retryable: true }],
    [{ 'grpc-retry-pushback-ms': '80x' }, { retryable: false }],
    [{ 'grpc-retry-pushback-ms': 'x80' }, { retryable: false }],
    [{ 'grpc-retry-pushback-ms': '9'.repeat(400) }, { retryable: false }],
    [{ 'x-should-retry': 'FALSE ' }, { retryable: false }],
    [{ 'x-ratelimit-reset': ' 12.25 ' }, { retryAfterMs: 12_250 }],
    [{ 'x-ratelimit-reset': '12x' }, {}],
    [{ 'x-ratelimit-reset': 'x12' }, {}],
    [{ 'x-ratelimit-reset': '31622400' }, { retryAfterMs: 31_622_400_000 }],
    [{ 'x-ratelimit-reset': '31622401' }, { retryAfterMs: 0 }],
    [{ 'x-ratelimit-reset': '100000000000' }, { retryAfterMs: 0 }],
    [{ 'retry-after': [] }, {}],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, { retryAfterMs: 250 }],
    [{ 'x-ms-retry-after-ms': '250' }, { retryAfterMs: 250 }],
    [{ 'retry-after-ms': 'x', 'retry-after': '9' }, { retryAfterMs: 9_000 }],
    [
      { 'grpc-retry-pushback-ms': '80', 'retry-after': '9' },
      { retryAfterMs: 80, retryable: true },
    ],
    [{ 'grpc-retry-pushback-ms': '-1' }, { retryable: false }],
    [{ 'grpc-retry-pushback-ms': 'x' }, { retryable: false }],
    [{ 'x-should-retry': 'false' }, { retryable: false }],
    [
      { 'x-should-retry': ' TRUE ', 'retry-after': '1' },
      { retryable: true, retryAfterMs: 1_000 },
    ],
    [{ 'stripe-should-retry': 'false' }, { retryable: false }],
    [{ 'x-should-retry': 'maybe' }, {}],
    [{ 'gw-ratelimit-reset': '700' }, { retryAfterMs: 700 }],
    [{ 'ratelimit-reset': '30' }, { retryAfterMs: 30_000 }],
    [{ 'x-ratelimit-reset': '30', 'x-ratelimit-remaining': '0' }, { retryAfterMs: 30_000 }],
    [{ 'x-ratelimit-reset': '30', 'x-ratelimit-remaining': '3' }, {}],
    [{ 'ratelimit-reset': '30', 'ratelimit-remaining': '3' }, {}],
    [{ 'x-ratelimit-reset': String(NOW / 1_000 + 12) }, { retryAfterMs: 12_000 }],
    [{ 'x-bapi-limit-reset-timestamp': String(NOW + 1_500), 'x-bapi-limit-status': '0' }, { retryAfterMs: 1_500 }],
    [{ 'x-bapi-limit-reset-timestamp': String(NOW + 1_500), 'x-bapi-limit-status': '9' }, {}],
    [{ 'x-ratelimit-reset': String(NOW / 1_000 - 12) }, { retryAfterMs: 0 }],
    [{ 'x-bapi-limit-reset-timestamp': String(NOW - 1) }, { retryAfterMs: 0 }],
    [{ 'x-ratelimit-reset': 'noon' }, {}],
  ])('%j', (given, expected) => {
    expect(headers(given)).toStrictEqual({ errorClass: 'rateLimit', ...expected });
  });

  it('are found in Headers, in those of the response and in gRPC metadata', () => {
    const expected = { errorClass: 'server', retryAfterMs: 2_000 };
    expect(at({ status: 503, headers: new Headers({ 'retry-after': '2' }) })).toEqual(expected);
    expect(at({ status: 503, headers: {}, response: { headers: { 'retry-after': '2' } } })).toEqual(expected);
    const metadata = { get: (name: string) => (name === 'retry-after' ? ['2'] : []) };
    expect(at({ status: 503, metadata })).toEqual(expected);
  });

  it('are not looked for where headers cannot be read', () => {
    const unreadable = {
      get: () => {
        throw new Error('no');
      },
    };
    expect(at({ status: 503, headers: unreadable })).toEqual({ errorClass: 'server' });
    expect(at({ status: 503, headers: 'retry-after: 3' })).toEqual({ errorClass: 'server' });
  });

  it('given as dates are taken from the system’s clock unless another is given', () => {
    const { retryAfterMs } = classify({ status: 429, headers: { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' } });
    expect(retryAfterMs).toBeGreaterThan(0);
  });

  it('said in words, to the ms, win over those in headers', () => {
    const message = `binance banned until ${NOW + 90_000}`;
    expect(at(named('DDoSProtection', message, { headers: { 'retry-after': '1' } }))).toEqual({
      errorClass: 'rateLimit',
      retryAfterMs: 90_000,
    });
  });

  it('do not belong to what was never sent', () => {
    expect(at(coded('ECONNREFUSED', { headers: { 'retry-after': '5' } }))).toEqual(early('network'));
  });
});

describe('exchanges', () => {
  it.each<[string, string, string]>([
    ['okx', 'rateLimit', '50011 50061'],
    ['okx', 'server', '50001 50013 50026'],
    ['okx', 'timeout', '50004'],
    ['okx', 'auth', '50100 50113'],
    ['okx', 'client', '50014 51001'],
    ['binanceusdm', 'rateLimit', '-1003'],
    ['binance', 'server', '-1001 -1008'],
    ['binance', 'timeout', '-1007'],
    ['binance', 'auth', '-1021 -2015'],
    ['binance', 'client', '-1121'],
    ['binance', 'data', '-1006'],
    ['bybit', 'rateLimit', '10006 10018'],
    ['bybit', 'server', '10016'],
    ['bybit', 'timeout', '10000'],
    ['bybit', 'auth', '10003'],
    ['bybit', 'client', '10001'],
    ['bitget', 'rateLimit', '429'],
    ['bitget', 'server', '40200 45001'],
    ['bitget', 'timeout', '40010'],
    ['bitget', 'auth', '40012'],
    ['bitget', 'client', '40034'],
    ['gateio', 'rateLimit', 'TOO_MANY_REQUESTS TOO_FAST'],
    ['gate', 'server', 'SERVER_ERROR'],
    ['gate', 'auth', 'INVALID_KEY'],
    ['gate', 'client', 'INVALID_PARAM_VALUE'],
    ['kucoinfutures', 'rateLimit', '429000 200003'],
    ['kucoin', 'server', '500000'],
    ['kucoin', 'auth', '400005'],
    ['kucoin', 'client', '400100'],
    ['huobi', 'rateLimit', 'base-request-exceed-frequency-limit'],
    ['htx', 'server', 'system-maintenance gateway-internal-error'],
    ['htx', 'timeout', 'base-request-timeout'],
    ['htx', 'auth', 'api-signature-not-valid'],
    ['htx', 'client', 'base-symbol-error'],
    ['krakenfutures', 'rateLimit', 'apiLimitExceeded'],
    ['kraken', 'server', 'Unavailable marketUnavailable'],
    ['kraken', 'auth', 'authenticationError'],
    ['kraken', 'client', 'invalidArgument'],
    ['bingx', 'rateLimit', '100410'],
    ['bingx', 'server', '100500 100503'],
    ['bingx', 'auth', '100413'],
    ['bingx', 'client', '100400'],
    ['deribit', 'rateLimit', '10028'],
    ['deribit', 'server', '11051 10040'],
    ['deribit', 'timeout', '13888'],
    ['deribit', 'auth', '13009'],
    ['deribit', 'client', '-32602'],
    ['mexc', 'rateLimit', '510'],
    ['mexc', 'server', '500 801'],
    ['mexc', 'auth', '401'],
    ['mexc', 'client', '1001'],
    ['coinex', 'rateLimit', '4123'],
    ['coinex', 'server', '4001'],
    ['coinex', 'timeout', '4002'],
    ['coinex', 'auth', '4005'],
    ['coinex', 'client', '3639'],
    ['bitfinex', 'rateLimit', 'ERR_RATE_LIMIT'],
    ['bitfinex', 'server', '20060 20000'],
    ['bitfinex', 'auth', '10100'],
    ['bitfinex', 'client', '10020'],
    ['orderly', 'rateLimit', '-1003'],
    ['woo', 'server', '-1011'],
    ['woo', 'auth', '-1001'],
    ['woo', 'client', '-1005'],
    ['cryptocom', 'rateLimit', '42901'],
    ['cryptocom', 'server', '50001 9010001'],
    ['cryptocom', 'timeout', '40801'],
    ['cryptocom', 'auth', '40101'],
    ['cryptocom', 'client', '40004'],
    ['phemex', 'rateLimit', '39995'],
    ['phemex', 'server', '10500'],
    ['phemex', 'auth', '10401'],
    ['phemex', 'client', '6001'],
  ])('%s, %s: %s', (venue, errorClass, codes) => {
    for (const code of codes.split(' ')) {
      expect([code, classify(coded(code, { venue }))]).toEqual([code, { errorClass }]);
      expect(classify({ exchange: venue, venueCode: code, code: 'ECONNRESET' })).toEqual({ errorClass });
    }
  });

  it.each([
    ['okxus', '50011'],
    ['myokx', '50011'],
    ['okex', '50011'],
    ['binancecoinm', '-1003'],
    ['binanceus', '-1003'],
    ['aster', '-1003'],
    ['bybiteu', '10006'],
    ['bytick', '10006'],
    ['woofipro', '-1003'],
  ])('%s answers as the exchange it belongs to', (venue, code) => {
    expect(classify({ venue, code: Number(code) })).toEqual({ errorClass: 'rateLimit' });
  });

  it('that are not known, or codes that are not, say nothing', () => {
    expect(classify({ venue: 'nowhere', code: '50011' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: 'okx', code: '99999' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: 'okx' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: 7, code: '50011' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: ['okx'], code: '50011' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: Symbol('okx'), code: '50011' })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: 'okx', code: ['50011'] })).toEqual({ errorClass: 'unknown' });
    expect(classify({ venue: 'okx', code: Symbol('50011') })).toEqual({ errorClass: 'unknown' });
  });

  it.each<[string, string, object]>([
    ['ExchangeError', 'okx {"code":"50011","msg":""}', { errorClass: 'rateLimit' }],
    ['ExchangeError', 'bybit {"retCode":10016}', { errorClass: 'server' }],
    ['ExchangeError', 'bitfinex ["error",20060,"maintenance"]', { errorClass: 'server' }],
    ['ExchangeError', 'deribit {"error":{"message":"x","code":10028}}', { errorClass: 'rateLimit' }],
    ['ExchangeError', 'gate {"label":"SERVER_ERROR"}', { errorClass: 'server' }],
    ['ExchangeError', 'okx {"code":"0","sub":{"code":"50011"}}', { errorClass: 'rateLimit' }],
    ['ExchangeError', 'nowhere {"code":"50011"}', { errorClass: 'unknown' }],
    ['ExchangeError', 'okx {"code":"777"}', { errorClass: 'unknown' }],
    ['ExchangeNotAvailable', 'okx GET https://x/y 429 Too Many Requests ', { errorClass: 'rateLimit' }],
    ['ExchangeNotAvailable', 'okx GET https://x/y 503 Bad {"code":"50004"}', { errorClass: 'timeout' }],
    ['ExchangeNotAvailable', 'binanceusdm GET https://x/y 403 Forbidden <html>', { errorClass: 'auth' }],
    ['ExchangeNotAvailable', 'binanceusdm POST https://x/y 400 Bad Request ', { errorClass: 'client' }],
    ['DDoSProtection', 'binance GET https://x/y 418 I am a teapot ', { errorClass: 'rateLimit' }],
    ['NetworkError', 'okx GET https://x/y redirect to https://z was not followed (HTTP 302)', { errorClass: 'client' }],
    ['NetworkError', 'okx GET https://x/y fetch failed', { errorClass: 'network' }],
    [
      'DDoSProtection',
      `binance {"code":-1003,"msg":"IP banned until ${NOW + 90_000}."}`,
      { errorClass: 'rateLimit', retryAfterMs: 90_000 },
    ],
    ['RateLimitExceeded', `binance banned until ${NOW - 5}`, { errorClass: 'rateLimit', retryAfterMs: 0 }],
    ['AuthenticationError', 'okx GET https://x/y 503 whatever ', { errorClass: 'auth' }],
    ['Error', 'okx {"code":"50011"}', { errorClass: 'unknown' }],
    ['ExchangeError', 'see okx {"code":"50011"}', { errorClass: 'unknown' }],
    ['BaseError', 'okx {"code":"50011"}', { errorClass: 'rateLimit' }],
    // Over HTTP/2 a status has no words.
    [
      'ExchangeNotAvailable',
      'bitfinex GET https://x/y 500  ["error",10020,"limit: invalid"]',
      { errorClass: 'client' },
    ],
    ['ExchangeNotAvailable', 'binance GET https://x/y 418 I am a teapot ', { errorClass: 'rateLimit' }],
    ['NetworkError', `binance banned until ${NOW + 5}`, { errorClass: 'rateLimit', retryAfterMs: 5 }],
    // Whatever that is about, its class may stand for anything.
    ['ExchangeError', `nowhere withdrawals banned until ${NOW + 5}`, { errorClass: 'unknown' }],
    ['ExchangeError', 'okx {"msg": "a b",\n "code" : "50011"}', { errorClass: 'rateLimit' }],
    ['ExchangeError', 'bitfinex ["error", 20060]', { errorClass: 'server' }],
    ['ExchangeError', 'bitfinex [ "error" , 20060]', { errorClass: 'server' }],
    ['ExchangeError', 'bitfinex [["error",20060]]', { errorClass: 'unknown' }],
    ['ExchangeError', 'bitfinex ["error",99]', { errorClass: 'unknown' }],
    ['NetworkError', 'see okx GET https://x/y 401 Unauthorized ', { errorClass: 'network' }],
    ['NetworkError', 'okx GET https://x/y not followed', { errorClass: 'network' }],
    ['DDoSProtection', `binance banned until ${NOW + 5}0`, { errorClass: 'rateLimit' }],
    ['DDoSProtection', 'binance banned until 12', { errorClass: 'rateLimit' }],
  ])('ccxt %s: %s', (name, message, expected) => {
    expect(at(named(name, message))).toEqual(expected);
  });

  it('ccxt: codes beyond the first 4,096 characters of an answer are not read', () => {
    const answer = (length: number) => named('ExchangeError', `okx {"msg":"${'x'.repeat(length)}","code":"50011"}`);
    expect(classify(answer(4_000))).toEqual({ errorClass: 'rateLimit' });
    expect(classify(answer(4_100))).toEqual({ errorClass: 'unknown' });
  });
});

describe('rules of one’s own', () => {
  const withRules = (...rules: ClassificationRule[]) => createClassifier({ rules });

  it('are asked first, in order, about the error and then about its causes', () => {
    const asked: unknown[] = [];
    const inner = { status: 404 };
    const outer = caused(inner);
    const first: ClassificationRule = (error) => {
      asked.push(error);
      return undefined;
    };
    const second: ClassificationRule = (error) => (error === inner ? 'server' : undefined);
    expect(withRules(first, second)(outer)).toEqual({ errorClass: 'server' });
    expect(asked).toEqual([outer, inner]);
  });

  it.each([
    ['an error', new Error('x')],
    ['a signal without a reason', { config: { signal: { reason: null } } }],
    ['nothing', undefined],
    ['a list of causes that cannot be read', { errors: unreadableList }],
  ])('are asked once about what has no cause: %s', (_what, error) => {
    const asked: unknown[] = [];
    withRules((about) => void asked.push(about))(error);
    expect(asked).toStrictEqual([error]);
  });

  it('are not asked about what others have made of all strings', () => {
    const asked: unknown[] = [];
    // As `colors` does for a theme.
    const everyString: { error?: string } = String.prototype as object;
    Object.defineProperty(everyString, 'error', { configurable: true, get: () => 'red' });
    try {
      withRules((about) => void asked.push(about))('no');
    } finally {
      delete everyString.error;
    }
    expect(asked).toEqual(['no']);
  });

  it('give a class or all there is to say', () => {
    const full = { errorClass: 'rateLimit', retryAfterMs: 5, retryable: true, neverSent: true } as const;
    expect(withRules(() => full)({ status: 404 })).toEqual(full);
  });

  it('that throw, or give what is no class, say nothing', () => {
    const broken: ClassificationRule = () => {
      throw new Error('rule');
    };
    const wrong = (() => 'sever') as unknown as ClassificationRule;
    const odd = (() => ({ errorClass: 'odd' })) as unknown as ClassificationRule;
    const nothing = (() => null) as unknown as ClassificationRule;
    expect(withRules(broken, wrong, odd, nothing)({ status: 404 })).toEqual({ errorClass: 'client' });
  });
});

it('reads what a thrown function carries', () => {
  expect(classify(Object.assign(() => 1, { status: 503 }))).toEqual({ errorClass: 'server' });
});

it('shares the classifications that say nothing but a class', () => {
  expect(classify({ status: 503 })).toBe(classify({ status: 502, headers: {} }));
  expect(classify(new Error('x'))).toBe(classify('y'));
});

it.each([
  { message: 7 },
  { name: ['TimeoutError'] },
  { code: {} },
  { code: true },
  { headers: 7 },
  { status: 7, response: 'none' },
])('reads nothing into %j', (error) => {
  expect(classify(error)).toEqual({ errorClass: 'unknown' });
});

it('never throws and always gives a class, whatever was thrown', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('hands off');
      },
    },
  );
  for (const value of [undefined, null, 0, '', Symbol('x'), 10n, () => 1, [], {}, hostile, Object.create(null)]) {
    expect(classify(value)).toEqual({ errorClass: 'unknown' });
  }
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => typeof classify(value).errorClass === 'string'),
  );
});
