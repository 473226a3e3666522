import type { ErrorFacts } from './error-facts.js';
import { byCode } from './node-codes.js';
import { verdict, type Verdict } from './verdict.js';

const CODES_IN_TEXT = /\b(?:E|UND_ERR_)[A-Z_]+\b/g;
const LONGEST_TEXT = 1_024;

/**
 * The last resort, for errors that are nothing but words. Only wordings that libraries really use, and only for
 * failures worth repeating: a guess must not keep an operation from being retried.
 */
export function byText(facts: ErrorFacts): Verdict | undefined {
  const message = facts.message.slice(0, LONGEST_TEXT);
  for (const [code] of message.matchAll(CODES_IN_TEXT)) {
    const found = byCode({ code, message, syscall: syscallIn(message) } as ErrorFacts);
    if (found !== undefined) return asWords(found);
  }
  if (/\btimed?[ -]?out\b|\bdeadline exceeded\b/i.test(message)) return verdict('timeout', 'words');
  if (/\btoo many requests\b|\brate.?limit(ed)?\b.*\bexceeded\b|\bquota exceeded\b/i.test(message)) {
    return verdict('rateLimit', 'words');
  }
  if (/socket hang up|connection (was )?(reset|closed|refused|lost|dropped)|other side closed/i.test(message)) {
    return verdict('network', 'words');
  }
  return /\bservice unavailable\b|\bbad gateway\b|\binternal server error\b/i.test(message)
    ? verdict('server', 'words')
    : undefined;
}

/** A message may quote what befell the other side further on: it is no proof that the request was never sent. */
function asWords(found: Verdict): Verdict {
  const { neverSent: _, ...said } = found;
  return { ...said, grounds: 'words' };
}

function syscallIn(message: string): string | undefined {
  return message.startsWith('connect E') ? 'connect' : undefined;
}
