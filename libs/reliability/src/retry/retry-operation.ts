import type { Call } from '../core/call.js';
import type { ErrorClass } from '../core/error-class.js';
import type { Next } from '../core/policy.js';
import type { FailedAttemptRecord } from './attempts-of.js';
import type { BackoffStep } from './backoff.js';
import type { ClassPlan } from './class-plan.js';

/** Failed attempts remembered per operation: the last ones. */
const LONGEST_REPORT = 100;

/** One operation from its first failure on. Nothing of it exists for a call that succeeds at once. */
export class RetryOperation {
  /** Oldest first; the delay of the last one is set when it is decided. */
  readonly failures: FailedAttemptRecord[] = [];
  /** What the budget was asked for and has not been given back. */
  taken: ErrorClass | undefined = undefined;
  #retry = 1;
  #chance = 0;
  #previousChance = 0;
  #previousMs = 0;
  /** The plan that the attempt under way follows; none for the first. */
  #plan: ClassPlan | undefined = undefined;

  constructor(
    readonly call: Call,
    readonly next: Next,
    /** Monotonic ms; NaN when nobody needed to know. */
    readonly startedAt: number,
    /** Where the order of reports stood when the attempt under way began. */
    public since: number,
  ) {}

  get attempt(): number {
    return this.#retry;
  }

  get lastClass(): ErrorClass {
    return this.failures.at(-1)?.errorClass ?? 'unknown';
  }

  /** The facts for the delay after the failure of the current attempt, should `plan` be followed. */
  step(plan: ClassPlan, chance: number, now: number): BackoffStep {
    this.#chance = chance;
    return {
      retry: this.#retry,
      chance,
      previousChance: this.#previousChance,
      previousMs: this.#previousMs,
      elapsedMs: Number.isNaN(this.startedAt) ? 0 : now - this.startedAt,
      learnedMs: plan.learner === undefined ? 0 : plan.learner.delayMs(now),
    };
  }

  failed(errorClass: ErrorClass, error: unknown, delayMs: number | undefined): void {
    if (this.failures.length === LONGEST_REPORT) this.failures.shift();
    this.failures.push({ attempt: this.#retry, errorClass, error, delayMs, endpoint: this.call.endpoint?.id });
  }

  /** The current attempt is over: a strategy that learns is told. */
  over(succeeded: boolean, now: number): void {
    this.#plan?.learner?.record(this.#previousMs, succeeded, now);
  }

  /** The next attempt is about to begin, `delayMs` after the last one failed. */
  begin(plan: ClassPlan, delayMs: number, error: unknown, since: number): void {
    this.#retry += 1;
    this.#plan = plan;
    this.#previousChance = this.#chance;
    this.#previousMs = delayMs;
    this.since = since;
    this.call.lastError = error;
    this.call.beginAttempt();
  }
}
