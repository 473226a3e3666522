import { classifyBy } from '../core/classification/classify-by.js';
import type { Failure, Outcome, Success } from '../core/outcome.js';
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker.options.js';
import { IGNORED, type Opens, SUCCEEDED, SUCCEEDED_SLOWLY, type Verdict } from './verdict.js';

/** The options that say what an outcome means. */
export type JudgeOptions = Pick<
  ResolvedCircuitBreakerOptions,
  | 'slowCallRate'
  | 'slowCallMs'
  | 'failureClasses'
  | 'classify'
  | 'recordError'
  | 'ignoreError'
  | 'recordResult'
  | 'ignoreResult'
  | 'openOnError'
  | 'openOnResult'
>;

/** Told of a predicate that threw; the outcome is then judged as if there were none. */
export type PredicateFailed = (predicate: string, error: unknown) => void;

/** Whether a call that took this long was slow. At the limit it was not. */
export function isSlow(options: JudgeOptions, durationMs: number): boolean {
  return options.slowCallRate !== false && durationMs > options.slowCallMs;
}

/** Whether a successful outcome can mean anything but success. */
export function looksAtResults(options: JudgeOptions): boolean {
  return options.recordResult !== undefined || options.ignoreResult !== undefined || options.openOnResult !== undefined;
}

/** What an outcome means to the circuit. Never throws. */
export function judge(options: JudgeOptions, outcome: Outcome, failed: PredicateFailed): Verdict {
  switch (outcome.kind) {
    case 'success':
      return judgeSuccess(options, outcome, failed);
    case 'failure':
      return judgeFailure(options, outcome, failed);
    case 'ignored':
      return IGNORED;
  }
}

function judgeSuccess(options: JudgeOptions, { value, durationMs }: Success, failed: PredicateFailed): Verdict {
  const slow = isSlow(options, durationMs);
  const succeeded = slow ? SUCCEEDED_SLOWLY : SUCCEEDED;
  const result = value as never;
  if (ask('ignoreResult', options.ignoreResult, result, false, failed)) return IGNORED;
  const opens = opensFor(ask('openOnResult', options.openOnResult, result, false, failed));
  if (opens === undefined && !ask('recordResult', options.recordResult, result, false, failed)) return succeeded;
  return { kind: 'failure', slow, error: undefined, opens };
}

function judgeFailure(options: JudgeOptions, { error, durationMs }: Failure, failed: PredicateFailed): Verdict {
  if (ask('ignoreError', options.ignoreError, error, false, failed)) return IGNORED;
  const slow = isSlow(options, durationMs);
  const { errorClass, retryAfterMs } = classifyBy(options.classify, error, (thrown) => failed('classify', thrown));
  const opens = opensFor(ask('openOnError', options.openOnError, error, false, failed));
  const listed = options.failureClasses.includes(errorClass);
  if (opens === undefined && !ask('recordError', options.recordError, error, listed, failed)) {
    return slow ? SUCCEEDED_SLOWLY : SUCCEEDED;
  }
  return { kind: 'failure', slow, error, retryAfterMs, opens };
}

function opensFor(answer: boolean | number): Opens | undefined {
  if (typeof answer === 'number') return answer > 0 ? { forMs: answer } : undefined;
  return answer ? { forMs: undefined } : undefined;
}

function ask<Input, Answer>(
  name: string,
  predicate: ((input: Input) => Answer) | undefined,
  input: Input,
  unasked: Answer,
  failed: PredicateFailed,
): Answer {
  if (predicate === undefined) return unasked;
  try {
    return predicate(input);
  } catch (error) {
    failed(name, error);
    return unasked;
  }
}
