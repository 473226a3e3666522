import type { ErrorClass } from '../error-class.js';
import type { ErrorFacts } from './error-facts.js';
import { byHttpStatus } from './http-status.js';
import { verdict, type Verdict } from './verdict.js';

/** Codes of failures that come before the first byte of a request is written. */
const NEVER_SENT = listed({
  network: `ECONNREFUSED EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH EADDRNOTAVAIL EMFILE ENFILE
    ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME EAI_MEMORY EAI_SYSTEM ENODATA ESERVFAIL EREFUSED EFORMERR
    ENOTIMP EBADRESP ENONAME EBADQUERY ECANCELLED
    ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_INVALID_SESSION ERR_HTTP2_OUT_OF_STREAMS
    UND_ERR_BPL_MISSED_UPSTREAM UND_ERR_PRX_TLS
    CERT_HAS_EXPIRED CERT_NOT_YET_VALID CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED CERT_SIGNATURE_FAILURE
    CERT_CHAIN_TOO_LONG INVALID_CA PATH_LENGTH_EXCEEDED INVALID_PURPOSE HOSTNAME_MISMATCH
    DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_GET_ISSUER_CERT
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
    ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT ERR_TLS_PROTOCOL_VERSION_CONFLICT`,
  timeout: `UND_ERR_CONNECT_TIMEOUT ERR_SOCKET_CONNECTION_TIMEOUT ERR_TLS_HANDSHAKE_TIMEOUT ETIMEOUT EAI_TIMEDOUT`,
  client: `EBADNAME EBADFAMILY ERR_INVALID_URL ERR_INVALID_PROTOCOL ERR_SOCKET_BAD_PORT ERR_UNESCAPED_CHARACTERS
    ERR_INVALID_IP_ADDRESS ERR_INVALID_HTTP_TOKEN ERR_HTTP_INVALID_HEADER_VALUE ERR_INVALID_CHAR
    UND_ERR_INVALID_ARG UND_ERR_NOT_SUPPORTED UND_ERR_CLOSED ERR_BAD_OPTION ERR_BAD_OPTION_VALUE`,
});

const CODES = listed({
  network: `ECONNRESET EPIPE ECONNABORTED ENETRESET ENOTCONN ESHUTDOWN ENOBUFS EAGAIN EBUSY
    UND_ERR_SOCKET UND_ERR_DESTROYED
    ERR_STREAM_PREMATURE_CLOSE ERR_STREAM_DESTROYED ERR_STREAM_WRITE_AFTER_END ERR_SOCKET_CLOSED
    ERR_SOCKET_CLOSED_BEFORE_CONNECTION ERR_HTTP2_STREAM_CANCEL ERR_HTTP2_INVALID_STREAM
    ERR_NETWORK ERR_STREAM_UNABLE_TO_PIPE HPE_CLOSED_CONNECTION HPE_INVALID_EOF_STATE
    PROTOCOL_CONNECTION_LOST`,
  timeout: `ETIMEDOUT ESOCKETTIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ERR_HTTP_REQUEST_TIMEOUT TIMEOUT
    CALL_TIMEOUT DEADLINE_EXCEEDED TIMEOUT_ERR`,
  server: 'CHAOS_INJECTED INTERNAL_SERVER_ERROR',
  client: `UND_ERR_REQ_CONTENT_LENGTH_MISMATCH ERR_FR_TOO_MANY_REDIRECTS ERR_TOO_MANY_REDIRECTS
    ERR_FR_MAX_BODY_LENGTH_EXCEEDED ERR_BAD_REQUEST ERR_DEPRECATED ERR_NOT_SUPPORT INVALID_USE INVALID_OPTIONS
    UNKNOWN_POLICY ENOSYS EISDIR ENOTDIR ENOENT EEXIST EINVAL BAD_USER_INPUT GRAPHQL_VALIDATION_FAILED
    GRAPHQL_PARSE_FAILED`,
  auth: 'EACCES EPERM UNAUTHENTICATED FORBIDDEN',
  data: `UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_HEADERS_OVERFLOW UND_ERR_RES_EXCEEDED_MAX_SIZE
    ERR_ENCODING_INVALID_ENCODED_DATA ERR_CONTENT_DECODING_FAILED ERR_BUFFER_OUT_OF_BOUNDS ERR_STRING_TOO_LONG
    ERR_BAD_RESPONSE ERR_BODY_PARSE_FAILURE ERR_HTTP_CONTENT_LENGTH_MISMATCH`,
});

/** The caller gave up. The reason for it, when it is known, says what really happened. */
export const abortedVerdict: Verdict = Object.freeze({ ...verdict('client', 'name'), retryable: false });
const ABORT_CODES = new Set<unknown>(['ABORT_ERR', 'ERR_CANCELED', 'ERR_ABORTED']);

/** Codes of Node (errno, DNS, TLS, streams, HTTP/1, HTTP/2, zlib), undici and axios. */
export function byCode(facts: ErrorFacts): Verdict | undefined {
  const { code } = facts;
  if (code === undefined) return undefined;
  if (code === 'UND_ERR_ABORTED') return byTunnel(facts.message) ?? abortedVerdict;
  if (ABORT_CODES.has(code)) return abortedVerdict;
  if (typeof code === 'number') return undefined;
  if (code === 'ERR_HTTP2_STREAM_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') return byHttp2Reason(facts.message);
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return byTlsReason(code, facts.message);
  // A failed `connect` never sent anything, whatever its code.
  if (facts.syscall === 'connect') return code === 'ETIMEDOUT' ? NEVER_SENT_TIMEOUT : NEVER_SENT_NETWORK;
  const early = NEVER_SENT.get(code);
  if (early !== undefined) return EARLY[early];
  if (code === 'ECONNABORTED' && /timeout/i.test(facts.message)) return verdict('timeout');
  if (/before secure TLS connection/.test(facts.message)) return NEVER_SENT_NETWORK;
  const found = CODES.get(code);
  if (found !== undefined) return verdict(found, WRAPPERS.has(code) ? 'name' : 'evidence');
  return byFamily(code);
}

/** axios reports an answer that was cut off, or timed out, half-way as a bad one, under the status that it began with. */
export function byCutAnswer({ code, message, status }: ErrorFacts): Verdict | undefined {
  const cut = code === 'ERR_BAD_RESPONSE' && message === 'stream has been aborted';
  return cut && (status === undefined || status < 300) ? verdict('network') : undefined;
}

/** undici reports a proxy that refuses a tunnel as an abort, with the status in words. The request stays unsent. */
function byTunnel(message: string): Verdict | undefined {
  const status = /^Proxy response \((\d{3})\)/.exec(message)?.[1];
  const found = status === undefined ? undefined : byHttpStatus(Number(status));
  return found === undefined ? undefined : { ...found, neverSent: true };
}

function byFamily(code: string): Verdict | undefined {
  if (code.startsWith('HPE_')) return verdict('data');
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI_') || code.startsWith('ERR__ERROR_')) return verdict('data');
  if (code.startsWith('ERR_TLS_')) return NEVER_SENT_NETWORK;
  if (code.startsWith('ERR_HTTP2_')) return verdict('network');
  if (code.startsWith('ERR_INVALID_') || code.startsWith('ERR_MISSING_')) return verdict('client');
  return undefined;
}

/** Codes under which a client wraps what really happened. */
const WRAPPERS = new Set(['ERR_NETWORK', 'ERR_BAD_RESPONSE', 'ERR_HTTP2_STREAM_CANCEL']);

/** Alerts of the other side about the certificate that it was, or was not, shown. */
const ABOUT_OUR_CERTIFICATE = /alert.*(certificate|unknown ca|access denied)/i;
const IN_HANDSHAKE =
  /wrong version number|unsupported protocol|protocol version|handshake failure|no shared cipher|unrecognized name|no application protocol|inappropriate fallback|packet length too long|http request/i;

/** OpenSSL's reasons, as Node words them. Only failures of the handshake come before the request. */
function byTlsReason(code: string, message: string): Verdict {
  const reason = `${code.replaceAll('_', ' ')} ${message}`;
  if (ABOUT_OUR_CERTIFICATE.test(reason)) return verdict('auth');
  return IN_HANDSHAKE.test(reason) ? NEVER_SENT_NETWORK : verdict('network');
}

/** RFC 9113 §7 error codes, as Node words them; REFUSED_STREAM certainly was not processed (§8.7). */
function byHttp2Reason(message: string): Verdict {
  if (/REFUSED_STREAM|error code 7\b/.test(message)) return NEVER_SENT_NETWORK;
  if (/ENHANCE_YOUR_CALM|error code 11\b/.test(message)) return verdict('rateLimit');
  if (/INTERNAL_ERROR|error code 2\b/.test(message)) return verdict('server');
  if (/SETTINGS_TIMEOUT|error code 4\b/.test(message)) return verdict('timeout');
  return verdict('network');
}

const NEVER_SENT_NETWORK: Verdict = Object.freeze({ errorClass: 'network', neverSent: true });
const NEVER_SENT_TIMEOUT: Verdict = Object.freeze({ errorClass: 'timeout', neverSent: true });
/** A request that could not even be made is not made better by repeating it. */
const EARLY: Readonly<Partial<Record<ErrorClass, Verdict>>> = {
  network: NEVER_SENT_NETWORK,
  timeout: NEVER_SENT_TIMEOUT,
  client: verdict('client'),
};

function listed(codes: Partial<Record<ErrorClass, string>>): ReadonlyMap<string, ErrorClass> {
  const byCode = new Map<string, ErrorClass>();
  for (const [errorClass, list] of Object.entries(codes)) {
    for (const code of list.split(/\s+/)) byCode.set(code, errorClass as ErrorClass);
  }
  return byCode;
}
