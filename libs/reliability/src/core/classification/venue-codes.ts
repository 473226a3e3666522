import type { ErrorClass } from '../error-class.js';
import { read } from './error-facts.js';
import { verdict, type Verdict } from './verdict.js';

type Codes = Partial<Record<ErrorClass | 'maintenance', string>>;

/**
 * Error codes that derivatives exchanges answer with, often under HTTP 200 or a status that says something else, as
 * their public documentation lists them. `maintenance` is a server failure.
 */
const DOCUMENTED: Readonly<Record<string, Codes>> = {
  okx: {
    rateLimit: '50011 50040 50061',
    maintenance: '50001',
    server: '50013 50026 50022',
    timeout: '50004',
    auth: '50100 50101 50102 50103 50104 50105 50106 50107 50108 50109 50110 50111 50112 50113 50114 50118 50119 50120',
    client: '50000 50002 50006 50014 50015 50016 50025 51000 51001 51014 51015',
  },
  binance: {
    rateLimit: '-1003 -1015',
    server: '-1000 -1001 -1008 -1016',
    timeout: '-1007',
    auth: '-1002 -1021 -1022 -2014 -2015',
    client: '-1100 -1101 -1102 -1103 -1104 -1105 -1106 -1111 -1115 -1116 -1117 -1120 -1121 -1125 -1127 -1130',
    data: '-1006',
  },
  bybit: {
    rateLimit: '10006 10018 10429',
    server: '10016 10019',
    timeout: '10000',
    auth: '10002 10003 10004 10005 10007 10008 10009 10010 10024 10027 10029 33004',
    client: '10001 10014 10017 110001 110003 110009',
  },
  bitget: {
    rateLimit: '429 30014',
    maintenance: '40200 40308',
    server: '40015 40725 45001',
    timeout: '40010',
    auth: '40001 40002 40003 40005 40006 40007 40008 40009 40011 40012 40014 40018 40037 40038',
    client: '400 40017 40019 40020 40034 40309 400172',
  },
  gate: {
    rateLimit: 'TOO_MANY_REQUESTS TOO_FAST',
    server: 'SERVER_ERROR TOO_BUSY INTERNAL UNAVAILABLE',
    auth: 'INVALID_CREDENTIALS INVALID_KEY INVALID_SIGNATURE IP_FORBIDDEN READ_ONLY FORBIDDEN MISSING_REQUIRED_HEADER REQUEST_EXPIRED ACCOUNT_LOCKED',
    client:
      'INVALID_PARAM_VALUE INVALID_PROTOCOL INVALID_ARGUMENT INVALID_REQUEST_BODY MISSING_REQUIRED_PARAM BAD_REQUEST INVALID_CONTENT_TYPE NOT_ACCEPTABLE METHOD_NOT_ALLOWED NOT_FOUND CONTRACT_NOT_FOUND INVALID_CURRENCY INVALID_CURRENCY_PAIR',
  },
  kucoin: {
    rateLimit: '429000 200002 200003 1015',
    server: '500000 230005',
    auth: '400001 400002 400003 400004 400005 400006 400007 411100',
    client: '400100 404000 415000 100001 200001 900001 900002',
  },
  htx: {
    rateLimit: 'base-request-exceed-frequency-limit 1032 too-many-requests',
    maintenance: 'system-maintenance',
    server: 'gateway-internal-error base-system-error 1000 1001 1004',
    timeout: 'base-request-timeout 1006',
    auth: 'api-signature-not-valid api-signature-check-failed base-user-request-not-allowed 403 login-required invalid-ip',
    client:
      'base-symbol-error base-currency-error base-argument-error bad-request invalid-parameter base-record-invalid 1013 1014 1030',
  },
  kraken: {
    rateLimit: 'apiLimitExceeded',
    server: 'Server_Error Unavailable',
    auth: 'authenticationError accountInactive nonceBelowThreshold nonceDuplicate',
    client: 'requiredArgumentMissing invalidArgument invalidUnit contractNotFound notFound',
    maintenance: 'marketUnavailable',
  },
  bingx: {
    rateLimit: '100410 109429',
    server: '100500 80012',
    maintenance: '100503',
    auth: '100001 100412 100413 100414 100419 100421',
    client: '100400 100404 80014 109400 109425 109415',
  },
  deribit: {
    rateLimit: '10028 10066',
    maintenance: '11051 10041',
    server: '10040 11094 13028',
    timeout: '13888',
    auth: '13004 13009 13021 13668 10000',
    client: '-32600 -32601 -32602 -32700 10020 11029 11050 13020',
  },
  mexc: {
    rateLimit: '510',
    server: '500',
    maintenance: '604 801',
    auth: '401 402 406 602 603',
    client: '600 1001 1002',
  },
  coinex: {
    rateLimit: '213 4123 4213',
    server: '3008 4001 4003',
    timeout: '4002',
    auth: '11003 4005 4006 4007 4008 4009 4010 4011 4017 4018 4128 4130',
    client: '3639 3606 3610 3612 3613',
  },
  bitfinex: {
    rateLimit: 'ERR_RATE_LIMIT ratelimit 11010',
    maintenance: '20060',
    server: '20000',
    auth: '10100 10111 10112 10113 10114',
    client: '10020 10001 10300 10301 10302',
  },
  woo: {
    rateLimit: '-1003',
    server: '-1000 -1011',
    auth: '-1001 -1002 -1010',
    client: '-1004 -1005 -1006 -1007 -1008 -1009 -1012 -1102 -1103',
  },
  cryptocom: {
    rateLimit: '42901 10006',
    maintenance: '9010001',
    server: '10001 50001',
    timeout: '40801',
    auth: '40101 40102 40103 10002 10003 10005 10007',
    client: '40001 40002 40003 40004 40005 40006 40007 10004 10008 30003',
  },
  phemex: {
    rateLimit: '39995',
    server: '10500 19999',
    auth: '401 403 39996 10401',
    client: '6001 30018',
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  okex: 'okx',
  myokx: 'okx',
  okxus: 'okx',
  gateio: 'gate',
  kucoinfutures: 'kucoin',
  krakenfutures: 'kraken',
  huobi: 'htx',
  woofipro: 'woo',
  orderly: 'woo',
  aster: 'binance',
  binanceusdm: 'binance',
  binancecoinm: 'binance',
  binanceus: 'binance',
  bybiteu: 'bybit',
  bytick: 'bybit',
};

const VERDICTS = new Map<string, Verdict>();
for (const [venue, codes] of Object.entries(DOCUMENTED)) {
  for (const [errorClass, list] of Object.entries(codes)) {
    const found = verdict(errorClass === 'maintenance' ? 'server' : (errorClass as ErrorClass));
    for (const code of list.split(' ')) VERDICTS.set(`${venue} ${code}`, found);
  }
}

/** What an exchange's error code means; `undefined` for codes and exchanges that are not in the table. */
export function byVenueCode(venue: string, code: string | number): Verdict | undefined {
  return VERDICTS.get(`${ALIASES[venue] ?? venue} ${code}`);
}

const CODE_FIELD =
  /"(?:code|retCode|ret_code|err-code|err_code|errCode|errorCode|label|error|status_code)"\s*:\s*"?(-?[A-Za-z0-9_][\w-]*)"?/g;
const LONGEST_BODY = 4_096;

/** The first code in an answer's text that the exchange's table knows. */
export function byVenueText(venue: string, text: string): Verdict | undefined {
  for (const [, code] of text.slice(0, LONGEST_BODY).matchAll(CODE_FIELD)) {
    const found = byVenueCode(venue, code!);
    if (found !== undefined) return found;
  }
  const tuple = /^\s*\[\s*"error"\s*,\s*(\d+)/.exec(text);
  return tuple?.[1] === undefined ? undefined : byVenueCode(venue, tuple[1]);
}

/** An error that names its exchange (`venue` or `exchange`) and carries the exchange's code (`venueCode` or `code`). */
export function byVenueError(error: unknown): Verdict | undefined {
  const venue = read(error, 'venue') ?? read(error, 'exchange');
  if (typeof venue !== 'string') return undefined;
  const code = read(error, 'venueCode') ?? read(error, 'code');
  return typeof code === 'string' || typeof code === 'number' ? byVenueCode(venue, code) : undefined;
}
