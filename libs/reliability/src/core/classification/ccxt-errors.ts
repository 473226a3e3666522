import type { ErrorClass } from '../error-class.js';
import type { ErrorFacts } from './error-facts.js';
import { byHttpStatus } from './http-status.js';
import { byVenueText } from './venue-codes.js';
import { verdict, type Verdict } from './verdict.js';

/** Classes of ccxt's error hierarchy that say what happened. Recognised by name: ccxt need not be installed. */
const TELLING = new Map<string, ErrorClass>(
  named({
    rateLimit: 'RateLimitExceeded',
    timeout: 'RequestTimeout',
    server: 'OnMaintenance CancelPending',
    auth: 'AuthenticationError PermissionDenied AccountNotEnabled AccountSuspended RestrictedLocation InvalidNonce',
    client: `ArgumentsRequired BadRequest BadSymbol OperationRejected NoChange MarginModeAlreadySet MarketClosed
      ManualInteractionNeeded InsufficientFunds InvalidAddress AddressPending InvalidOrder OrderNotFound OrderNotCached
      OrderImmediatelyFillable OrderNotFillable DuplicateOrderId ContractUnavailable NotSupported InvalidProxySettings
      ExchangeClosedByUser UnsubscribeError`,
    data: 'BadResponse NullResponse ChecksumError',
  }),
);

/** Classes that ccxt also uses for statuses and codes it does not know: the message says more. */
const BROAD = new Map<string, Verdict | undefined>([
  ['BaseError', undefined],
  ['ExchangeError', undefined],
  ['OperationFailed', verdict('server', 'name')],
  ['ExchangeNotAvailable', verdict('server', 'name')],
  ['DDoSProtection', verdict('rateLimit', 'name')],
  ['NetworkError', verdict('network', 'name')],
]);

/** `okx GET https://www.okx.com/api/v5/public/funding-rate 403 Forbidden <body>`: ccxt's wording of a bare status. */
const STATUS_LINE = /^([a-z0-9]+) (?:GET|POST|PUT|PATCH|DELETE) \S+ (\d{3}) /;
/** `okx {"code":"50011","msg":"Too Many Requests"}`: its wording of an error that the exchange described. */
const FEEDBACK = /^([a-z0-9]+) ([[{].*)/s;
const BANNED_UNTIL = /banned until (\d{13})\b/;
const FOLLOWED_REDIRECT = / redirect to \S+ was not followed /;

export function byCcxtError(facts: ErrorFacts, wallNow: () => number): Verdict | undefined {
  const telling = TELLING.get(facts.name);
  if (telling !== undefined) return withBan(verdict(telling), facts.message, wallNow);
  if (!BROAD.has(facts.name)) return undefined;
  const found = byMessage(facts.message) ?? BROAD.get(facts.name);
  return found === undefined ? undefined : withBan(found, facts.message, wallNow);
}

function byMessage(message: string): Verdict | undefined {
  const status = STATUS_LINE.exec(message);
  if (status !== null) {
    const body = message.slice(status[0].length);
    const code = Number(status[2]);
    return byVenueText(status[1]!, body) ?? (code === 418 ? verdict('rateLimit') : byHttpStatus(code));
  }
  const feedback = FEEDBACK.exec(message);
  if (feedback !== null) return byVenueText(feedback[1]!, feedback[2]!);
  return FOLLOWED_REDIRECT.test(message) ? verdict('client') : undefined;
}

/** Binance says in words until when an address is banned. */
function withBan(found: Verdict, message: string, wallNow: () => number): Verdict {
  const until = BANNED_UNTIL.exec(message);
  return until === null ? found : { errorClass: 'rateLimit', retryAfterMs: Math.max(0, Number(until[1]) - wallNow()) };
}

function named(classes: Partial<Record<ErrorClass, string>>): [string, ErrorClass][] {
  return Object.entries(classes).flatMap(([errorClass, names]) =>
    names.split(/\s+/).map((name): [string, ErrorClass] => [name, errorClass as ErrorClass]),
  );
}
