import type { Classification, Classify, ErrorClass } from '../error-class.js';
import { ERROR_CLASSES } from '../error-class.js';
import { systemClock } from '../clock.js';
import { byCcxtError } from './ccxt-errors.js';
import { ErrorFacts, MAX_SIBLINGS } from './error-facts.js';
import { byName, byThrottling } from './error-names.js';
import { byText } from './error-text.js';
import { byGrpcStatus } from './grpc-status.js';
import { byHttpStatus } from './http-status.js';
import { byCode, byCutAnswer } from './node-codes.js';
import { byReliabilityError } from './reliability-errors.js';
import { byVenueError } from './venue-codes.js';
import type { Verdict } from './verdict.js';

/**
 * A rule of one's own. It is asked about the error, then about each cause in it, before any built-in rule, and says
 * nothing by giving `undefined`. What it throws counts as nothing.
 */
export type ClassificationRule = (error: unknown) => ErrorClass | Classification | undefined;

export interface ClassifierOptions {
  /** Asked in this order, before the built-in rules. */
  readonly rules?: readonly ClassificationRule[];
  /** ms since the epoch, for waits that are given as dates; default the system's. */
  readonly wallNow?: () => number;
}

/** Causes deeper than this are not looked at. */
const MAX_DEPTH = 8;
/** Errors looked at for one classification: causes within causes may branch at each level. */
const MAX_LINKS = 128;
const UNKNOWN: Classification = Object.freeze({ errorClass: 'unknown' });

/** Of several failures side by side, the one to act on: first the one that asks for the longest restraint. */
const SIBLING_ORDER: readonly ErrorClass[] = [
  'rateLimit',
  'server',
  'timeout',
  'network',
  'unknown',
  'data',
  'client',
  'auth',
];

/**
 * Makes a function that says what kind of failure an error is. Pure but for the wall clock, never throws, and looks at
 * at most 8 levels of causes, 16 siblings and 128 errors in all, so that no error, however built, costs more than that.
 *
 * Per link: one's own rules, this library's errors, exchange codes, ccxt, throttling by name, HTTP status, gRPC
 * status, error code, name. A wrapper that says nothing certain (`fetch failed`) gives way to its cause; wording is looked at last.
 */
export function createClassifier({
  rules = [],
  wallNow = () => systemClock.wallNow(),
}: ClassifierOptions = {}): Classify {
  return (error) => {
    const found = inChain(error, { rules, wallNow, linksLeft: MAX_LINKS }, 0);
    if (found === undefined) return UNKNOWN;
    if (found.grounds === undefined) return found;
    const { grounds: _, ...classification } = found;
    return classification;
  };
}

/** {@link createClassifier} without rules of one's own. */
export const classify: Classify = createClassifier();

/** One classification under way. */
interface Search {
  readonly rules: readonly ClassificationRule[];
  readonly wallNow: () => number;
  linksLeft: number;
}

function inChain(error: unknown, search: Search, depth: number): Verdict | undefined {
  const { rules, wallNow } = search;
  search.linksLeft -= 1;
  for (const rule of rules) {
    const own = asked(rule, error);
    if (own !== undefined) return own;
  }
  const facts = new ErrorFacts(error);
  const here = withHint(byLink(facts, wallNow), facts, wallNow);
  if (here !== undefined && here.grounds === undefined && !mayHaveBeenEarly(here)) return here;
  const below = depth < MAX_DEPTH ? amongSiblings(facts.causes, search, depth + 1) : undefined;
  if (below === undefined) return here ?? byText(facts);
  if (here === undefined) return below;
  if (here.grounds === undefined) return sameButEarlier(here, below) ? { ...here, neverSent: true } : here;
  return below.grounds === 'words' ? here : below;
}

/** Clients repeat the code of a cause, but not that it befell a `connect`. */
const mayHaveBeenEarly = (here: Verdict) => here.errorClass === 'network' || here.errorClass === 'timeout';

const sameButEarlier = (here: Verdict, below: Verdict) =>
  below.neverSent === true && below.errorClass === here.errorClass;

function byLink(facts: ErrorFacts, wallNow: () => number): Verdict | undefined {
  return (
    byReliabilityError(facts.error) ??
    byVenueError(facts.error) ??
    byCcxtError(facts, wallNow) ??
    byThrottling(facts) ??
    byCutAnswer(facts) ??
    byHttpStatus(facts.status) ??
    byGrpcStatus(facts) ??
    byCode(facts) ??
    byName(facts)
  );
}

/** Adds what the answer's headers say; only failures that an answer can cause have any. */
function withHint(found: Verdict | undefined, facts: ErrorFacts, wallNow: () => number): Verdict | undefined {
  if (found === undefined || found.retryAfterMs !== undefined || found.neverSent === true) return found;
  const hint = facts.waitHint(wallNow);
  return hint.retryAfterMs === undefined && hint.retryable === undefined ? found : { ...found, ...hint };
}

function amongSiblings(causes: readonly unknown[], search: Search, depth: number): Verdict | undefined {
  let chosen: Verdict | undefined;
  let allNeverSent = true;
  let retryAfterMs: number | undefined;
  for (const [index, cause] of causes.entries()) {
    const found = index < MAX_SIBLINGS && search.linksLeft > 0 ? inChain(cause, search, depth) : undefined;
    if (found?.neverSent !== true) allNeverSent = false;
    if (found === undefined) continue;
    if (found.retryAfterMs !== undefined) retryAfterMs = Math.max(retryAfterMs ?? 0, found.retryAfterMs);
    if (chosen === undefined || rank(found) < rank(chosen)) chosen = found;
  }
  if (chosen === undefined) return undefined;
  const { neverSent: _, ...rest } = chosen;
  return { ...rest, ...(allNeverSent && { neverSent: true }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

const rank = (found: Verdict) => SIBLING_ORDER.indexOf(found.errorClass);

function asked(rule: ClassificationRule, error: unknown): Verdict | undefined {
  const answer = answerOf(rule, error);
  const found = typeof answer === 'string' ? { errorClass: answer } : answer;
  return ERROR_CLASSES.includes(found?.errorClass as ErrorClass) ? found : undefined;
}

function answerOf(rule: ClassificationRule, error: unknown): ReturnType<ClassificationRule> {
  try {
    return rule(error);
  } catch {
    // It has nothing to say.
  }
  return undefined;
}
