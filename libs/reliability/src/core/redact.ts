/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

/** Words that say of a key that its value is a secret, in the singular. */
const SECRET_WORDS = new Set([
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'token',
  'jwt',
  'authorization',
  'bearer',
  'cookie',
  'credential',
  'apikey',
  'signature',
]);
/** `apiKey`, `private-key`, …: the word before `key` makes it one. */
const SECRET_KEYS = new Set([
  'api',
  'private',
  'access',
  'secret',
  'signing',
  'encryption',
  'auth',
  'session',
  'master',
]);

const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]+/gi;
/** Tokens that show what they are by themselves: JSON Web Tokens, and what follows an authentication scheme. */
const TOKENS_IN_TEXT = /\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?|(?<=\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}/gi;
/** `password=…`, `"api_key": "…"` within other text. */
const PAIR_IN_TEXT = /\b([\w-]{2,64})(["']?\s*[=:]\s*["']?)([^\s"'&,;}\]]+)/g;
/** A part of a path that is long, and mixes letters and digits: the token of a webhook. */
const TOKEN_IN_PATH = /^(?=.*\d)(?=.*[a-z])[\w:.~-]{20,}$/i;

/** Whether what is kept under this key is a secret by its name. Numbers under a plural (`tokens`) are counts. */
export function namesSecret(key: string, value?: unknown): boolean {
  const words = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  // A class of errors is called so, too.
  if (words.length === 1 && words[0] === 'auth') return typeof value === 'string';
  return words.some((word, index) => {
    if (SECRET_WORDS.has(word)) return true;
    if ((word === 'key' || word === 'keys') && SECRET_KEYS.has(words[index - 1] ?? '')) return true;
    const isCount = typeof value === 'number' || typeof value === 'boolean';
    return word.endsWith('s') && SECRET_WORDS.has(word.slice(0, -1)) && !isCount;
  });
}

/** Under these keys others follow that people chose: a policy may be called `token-service`. */
const MAPS_OF_NAMES = new Set(['policies', 'tenants', 'overrides', 'shown']);

/**
 * Whether what is kept at a path is a secret by the name of any key on the way to it. Names that people chose for
 * policies, tenants and keys say nothing of what they hold.
 */
export function pathNamesSecret(path: readonly string[], value?: unknown): boolean {
  return path.some((key, index) => keyNamesSecret(path[index - 1], key, index < path.length - 1 ? {} : value));
}

/** As {@link namesSecret}, of a key within what another key holds. */
export function keyNamesSecret(parent: string | undefined, key: string, value: unknown): boolean {
  const holdsMore = typeof value === 'object' && value !== null;
  return !(holdsMore && MAPS_OF_NAMES.has(parent ?? '')) && namesSecret(key, value);
}

/**
 * Text without the secrets that can be told: in URLs the user and password, what a query says, the fragment and what
 * looks like a token in the path; what follows `Bearer` or `password=`.
 */
export function redactText(text: string): string {
  return text
    .replace(URL_IN_TEXT, redactUrl)
    .replace(TOKENS_IN_TEXT, REDACTED)
    .replace(PAIR_IN_TEXT, (whole, key: string, between: string, value: string) =>
      namesSecret(key) && !/^(\[redacted|(bearer|basic)$)/i.test(value) ? `${key}${between}${REDACTED}` : whole,
    );
}

function redactUrl(url: string): string {
  const [, scheme, rest] = /^([^:]+:\/\/)(.*)$/s.exec(url)!;
  const [, authority, path, query, fragment] = /^([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest!)!;
  const host = authority!.slice(authority!.lastIndexOf('@') + 1);
  const user = authority!.includes('@') ? `${REDACTED}@` : '';
  const segments = path!.split('/').map((segment) => (TOKEN_IN_PATH.test(segment) ? REDACTED : segment));
  const parameters = query?.slice(1).split('&').map(withoutValue).join('&');
  return `${scheme}${user}${host}${segments.join('/')}${parameters === undefined ? '' : `?${parameters}`}${fragment === undefined ? '' : `#${REDACTED}`}`;
}

function withoutValue(parameter: string): string {
  const end = parameter.indexOf('=');
  return end < 0 ? REDACTED : `${parameter.slice(0, end)}=${REDACTED}`;
}
