import type { Classification } from '../core/error-class.js';
import type { BackoffStep } from './backoff.js';
import type { ClassPlan } from './class-plan.js';

/** Retries that were wanted came to an end: announced by `retry.exhausted`. */
export type Exhaustion = 'attempts' | 'time' | 'deadline' | 'budget' | 'retry-after';

/** Why an operation is not tried again. */
export type StopReason =
  Exhaustion | 'not-retryable' | 'not-idempotent' | 'pushback' | 'refused' | 'retried-elsewhere' | 'aborted';

const EXHAUSTION: ReadonlySet<StopReason> = new Set<Exhaustion>([
  'attempts',
  'time',
  'deadline',
  'budget',
  'retry-after',
]);

export const isExhaustion = (reason: StopReason): reason is Exhaustion => EXHAUSTION.has(reason);

/** ms to wait before the next attempt, or why there is none. */
export type Decision = number | StopReason;

export interface RetryAfterBounds {
  readonly minMs: number;
  readonly maxMs: number;
  readonly beyond: 'clamp' | 'stop';
}

/** Everything that the decision depends on. */
export interface FailureFacts {
  readonly classification: Classification;
  readonly plan: ClassPlan;
  /** The attempt that failed, 1 for the first. */
  readonly attempt: number;
  /** Whether the caller's own predicate had an opinion. */
  readonly wanted: boolean | undefined;
  /** A policy of this process refused: the other side was not asked. */
  readonly refused: boolean;
  /** Another layer has retried, or will. */
  readonly retriedElsewhere: boolean;
  readonly repeatable: boolean;
  readonly step: BackoffStep;
  /** ms from the first attempt within which the last one begins. */
  readonly withinMs: number;
  /** ms until the call's deadline. */
  readonly remainingMs: number;
  readonly expectedLatencyMs: number;
  readonly retryAfter: RetryAfterBounds;
}

/** Attempts of what has come this far: a class without repetitions gets one when it is asked for. */
const ATTEMPTS_ON_REQUEST = 2;
/** A wait that was asked for is lengthened by up to this share, so that those who were told the same do not return together. */
const RETRY_AFTER_SPREAD = 0.1;

/** Decides on one failed attempt. Pure. */
export function decide(facts: FailureFacts): Decision {
  const { classification, plan, attempt, wanted } = facts;
  if (wanted === false) return 'not-retryable';
  if (wanted !== true) {
    if (facts.refused) return 'refused';
    if (facts.retriedElsewhere) return 'retried-elsewhere';
    if (classification.retryable === false) return 'pushback';
    if (plan.attempts <= 1 && classification.retryable !== true) return 'not-retryable';
  }
  if (!facts.repeatable && classification.neverSent !== true) return 'not-idempotent';
  if (attempt >= Math.max(plan.attempts, ATTEMPTS_ON_REQUEST)) return 'attempts';
  const delay = delayOf(facts);
  if (typeof delay !== 'number') return delay;
  if (facts.step.elapsedMs + delay > facts.withinMs) return 'time';
  return delay + facts.expectedLatencyMs <= facts.remainingMs ? delay : 'deadline';
}

function delayOf({ classification, plan, step, retryAfter }: FailureFacts): Decision {
  const own = plan.backoff.delayMs(step);
  if (own === undefined) return 'attempts';
  const askedMs = classification.retryAfterMs ?? 0;
  if (!(askedMs > 0)) return own;
  const { minMs, maxMs, beyond } = retryAfter;
  if (askedMs > maxMs) return beyond === 'stop' ? 'retry-after' : maxMs * (1 - RETRY_AFTER_SPREAD * step.chance);
  const waitMs = Math.max(minMs, askedMs);
  return waitMs + (Math.min(waitMs * (1 + RETRY_AFTER_SPREAD), maxMs) - waitMs) * step.chance;
}
