import { Budget, type BudgetSnapshot } from '../core/budget.js';
import type { Call } from '../core/call.js';
import { createClassifier } from '../core/classification/classify.js';
import type { Classification, Classify } from '../core/error-class.js';
import { isRefused } from '../core/errors.js';
import { callsOnce, IdleList, type Reusable } from '../core/idle-list.js';
import type { AroundPolicy, Next, PolicyContext, PolicySnapshot, Repeats } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { fileReport, reportOfOther, reportSequence } from './attempts-of.js';
import { type ClassPlans, mayLookAtTime, planClasses } from './class-plan.js';
import { ExpectedLatency } from './expected-latency.js';
import { attachIdempotencyKey, idempotencyKeyOf } from './idempotency-key.js';
import { type ResolvedRetryOptions, type RetryPredicate, retryOptions } from './retry.options.js';
import { decide, type Decision, isExhaustion, type StopReason } from './retry-decision.js';
import { isRetryExhausted, RetryExhaustedError } from './retry-exhausted-error.js';
import { isRetriedUpstream } from './retry-hop.js';
import { RetryOperation } from './retry-operation.js';
import { RetryRecord } from './retry-record.js';

/** What `inspect` shows: totals since the policy was made, the shared budget, and the last operations. */
export type RetrySnapshot = PolicySnapshot &
  ReturnType<RetryRecord['snapshot']> & {
    /** Operations begun. */
    readonly calls: number;
    /** Operations that wait for their next attempt. */
    readonly sleeping: number;
    readonly budget: BudgetSnapshot;
  };

/**
 * Repeats what failed and may succeed: by class of failure, within a budget shared by everybody who calls the same
 * dependency, never past the deadline, never into an open breaker or a refused limiter.
 *
 * A call that succeeds at once costs no timer, no async frame and no AbortController; a method that gives a plain value
 * keeps giving a plain value, and one that throws at once keeps throwing at once unless something has to be waited for.
 */
export class Retry implements AroundPolicy, Repeats {
  readonly kind = 'around';
  readonly type = 'retry';
  readonly repeats = this;
  private readonly budget: Budget;
  private readonly record: RetryRecord;
  private readonly idle = new IdleList<FirstAttempt>();
  private options!: ResolvedRetryOptions;
  private plans!: ClassPlans;
  private classify!: Classify;
  private latency = new ExpectedLatency(0);
  /** Whether it has to be known when an operation began. */
  private timed = false;
  private recordsAll = false;
  private calls = 0;
  private sleeping = 0;

  constructor(
    readonly name: string,
    options: ResolvedRetryOptions,
    private readonly context: PolicyContext,
  ) {
    this.budget = context.shared('budget', name, () => new Budget(options.budget, () => context.clock.now()));
    this.budget.countedByRetry = true;
    this.record = new RetryRecord(name, context);
    this.reconfigure(options);
  }

  /** @throws InvalidUseError when the idempotency key cannot be computed */
  intercept(call: Call, next: Next): unknown {
    const begun = this.begin(call);
    let result: unknown;
    try {
      result = next(call);
    } catch (error) {
      return this.thrown(call, next, begun, this.startOf(call), error);
    }
    const startedAt = this.startOf(call);
    if (!isThenable(result)) {
      this.succeeded(call, startedAt);
      return result;
    }
    return this.follow(call, next, begun, startedAt, result instanceof Promise ? result : Promise.resolve(result));
  }

  // `then` is cheaper than an async frame, and V8 follows it all the same when it collects an error's asynchronous stack.
  private follow(call: Call, next: Next, begun: number, startedAt: number, work: Promise<unknown>): Promise<unknown> {
    const first = callsOnce(work)
      ? (this.idle.take() ?? new FirstAttempt(this, this.idle))
      : new FirstAttempt(this, undefined);
    first.call = call;
    first.next = next;
    first.begun = begun;
    first.startedAt = startedAt;
    return work.then(first.onValue, first.onError);
  }

  /** @throws InvalidUseError when the idempotency key cannot be computed */
  begin(call: Call): number {
    this.calls += 1;
    const { idempotencyKey } = this.options;
    if (idempotencyKey !== undefined) attachIdempotencyKey(call, idempotencyKey, this.name);
    this.budget.opened();
    return reportSequence();
  }

  /** A policy further in that looks at the clock has read it already. */
  startOf(call: Call): number {
    if (!this.timed && call.deadline === Infinity) return Number.NaN;
    return call.now > 0 ? call.now : (call.now = this.context.clock.now());
  }

  succeeded(call: Call, startedAt: number): void {
    this.budget.closed();
    if (!this.recordsAll && call.deadline === Infinity) return;
    const endedAt = this.context.clock.now();
    if (call.deadline < Infinity) this.latency.record(endedAt - startedAt, endedAt);
    if (this.recordsAll) this.record.succeededAtOnce(call.name, endedAt - startedAt, endedAt);
  }

  failed(call: Call, next: Next, begun: number, startedAt: number, error: unknown): Promise<unknown> {
    const operation = new RetryOperation(call, next, startedAt, begun);
    return this.resume(operation, error, this.delayAfter(operation, error));
  }

  /** Stays synchronous for as long as nothing has to be waited for. */
  thrown(call: Call, next: Next, begun: number, startedAt: number, first: unknown): unknown {
    const operation = new RetryOperation(call, next, startedAt, begun);
    let error = first;
    for (;;) {
      const delayMs = this.delayAfter(operation, error);
      if (delayMs > 0) return this.resume(operation, error, delayMs);
      this.beginNext(operation, error, delayMs);
      let result: unknown;
      try {
        result = operation.next(operation.call);
      } catch (next) {
        error = next;
        continue;
      }
      if (isThenable(result)) return this.resumeAwaiting(operation, result);
      this.recovered(operation);
      return result;
    }
  }

  get inFlight(): number {
    return this.budget.operations;
  }

  inspect(now: number): RetrySnapshot {
    return {
      type: this.type,
      name: this.name,
      calls: this.calls,
      sleeping: this.sleeping,
      budget: this.budget.inspect(now),
      ...this.record.snapshot(),
    };
  }

  /** Totals, budget and history are kept, learned delays are not; operations under way go on under the new options. */
  reconfigure(options: ResolvedRetryOptions): void {
    this.options = options;
    this.budget.reconfigure(options.budget);
    this.plans = planClasses(options);
    this.classify = createClassifier({ rules: options.rules, wallNow: () => this.context.clock.wallNow() });
    this.latency = this.latency.under(options.expectedLatency);
    const { size, of } = options.history;
    this.record.keep(size);
    this.timed = size > 0 || options.withinMs !== undefined || mayLookAtTime(options);
    this.recordsAll = size > 0 && of === 'all';
  }

  private async resumeAwaiting(operation: RetryOperation, result: PromiseLike<unknown>): Promise<unknown> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      return await this.resume(operation, error, this.delayAfter(operation, error));
    }
    this.recovered(operation);
    return value;
  }

  private async resume(operation: RetryOperation, thrown: unknown, wait: number): Promise<unknown> {
    let error = thrown;
    let delayMs = wait;
    for (;;) {
      if (delayMs > 0) await this.sleep(operation, delayMs);
      if (operation.call.aborted) this.stop(operation, operation.call.reason ?? error, 'aborted');
      this.beginNext(operation, error, delayMs);
      let value: unknown;
      try {
        value = await operation.next(operation.call);
      } catch (next) {
        error = next;
        delayMs = this.delayAfter(operation, error);
        continue;
      }
      this.recovered(operation);
      return value;
    }
  }

  private beginNext(operation: RetryOperation, error: unknown, delayMs: number): void {
    this.record.retried(operation, delayMs);
    operation.begin(this.plans[operation.lastClass], delayMs, error, reportSequence());
  }

  /**
   * @returns ms to wait before the next attempt
   * @throws the error, when there is none
   */
  private delayAfter(operation: RetryOperation, error: unknown): number {
    const now = this.context.clock.now();
    const classification = this.classify(error);
    const { errorClass, retryAfterMs } = classification;
    this.record.attemptFailed(operation, errorClass);
    this.attemptOver(operation, false, now);
    if (retryAfterMs !== undefined) this.plans[errorClass].learner?.asked(retryAfterMs, now);
    const decision = operation.call.aborted ? 'aborted' : this.decide(operation, error, classification, now);
    if (typeof decision !== 'number') {
      operation.failed(errorClass, error, undefined);
      return this.stop(operation, error, decision);
    }
    operation.failed(errorClass, error, decision);
    operation.taken = errorClass;
    this.record.scheduled(operation, decision, now);
    return decision;
  }

  private decide(operation: RetryOperation, error: unknown, classification: Classification, now: number): Decision {
    const { call, attempt } = operation;
    const options = this.options;
    const plan = this.plans[classification.errorClass];
    const decision = decide({
      classification,
      plan,
      attempt,
      wanted: wantedBy(options.retryIf, error, { attempt, classification, call }),
      refused: isRefused(error),
      retriedElsewhere: isRetriedUpstream() || this.retriedFurtherIn(operation, error),
      repeatable: (call.idempotent ?? options.idempotent ?? true) || idempotencyKeyOf(call) !== undefined,
      step: operation.step(plan, this.context.random.next(), now),
      withinMs: options.withinMs ?? Infinity,
      remainingMs: call.deadline - now,
      expectedLatencyMs: call.deadline === Infinity ? 0 : this.latency.ms(now),
      retryAfter: options.retryAfter,
    });
    if (typeof decision !== 'number') return decision;
    return this.budget.take(classification.errorClass, now) ? decision : 'budget';
  }

  private retriedFurtherIn(operation: RetryOperation, error: unknown): boolean {
    if (isRetryExhausted(error)) return true;
    const inner = reportOfOther(error, this.name, operation.since);
    return inner !== undefined && isExhaustion(inner.reason);
  }

  private sleep({ call }: RetryOperation, delayMs: number): Promise<void> {
    this.sleeping += 1;
    return new Promise((resolve) => {
      const wake = () => {
        this.sleeping -= 1;
        release();
        resolve();
      };
      const timer = this.context.clock.schedule(delayMs, wake);
      const release = call.onAbort(() => {
        if (!call.aborted) return;
        timer.cancel();
        wake();
      });
    });
  }

  private recovered(operation: RetryOperation): void {
    this.attemptOver(operation, true, this.context.clock.now());
    this.budget.closed();
    this.record.recovered(operation);
  }

  private stop(operation: RetryOperation, error: unknown, reason: StopReason): never {
    this.giveBack(operation);
    this.budget.closed();
    const report = this.record.stopped(operation, error, reason);
    const wraps = isExhaustion(reason) && this.options.onExhausted === 'wrap';
    const thrown = wraps ? new RetryExhaustedError(report, error) : error;
    fileReport(thrown, report);
    throw thrown;
  }

  private attemptOver(operation: RetryOperation, succeeded: boolean, now: number): void {
    operation.over(succeeded, now);
    this.giveBack(operation);
  }

  private giveBack(operation: RetryOperation): void {
    if (operation.taken === undefined) return;
    this.budget.giveBack(operation.taken);
    operation.taken = undefined;
  }
}

/** A first attempt under way, until it is over; then another operation's. */
class FirstAttempt implements Reusable<FirstAttempt> {
  nextIdle: FirstAttempt | undefined = undefined;
  call: Call | undefined = undefined;
  next: Next | undefined = undefined;
  begun = 0;
  startedAt = Number.NaN;

  constructor(
    private readonly retry: Retry,
    private readonly idle: IdleList<FirstAttempt> | undefined,
  ) {}

  readonly onValue = (value: unknown): unknown => {
    const { call, startedAt } = this;
    if (call !== undefined) {
      this.rest();
      this.retry.succeeded(call, startedAt);
    }
    return value;
  };

  readonly onError = (error: unknown): unknown => {
    const { call, next, begun, startedAt } = this;
    if (call === undefined) throw error;
    this.rest();
    return this.retry.failed(call, next!, begun, startedAt, error);
  };

  private rest(): void {
    this.call = this.next = undefined;
    if (this.idle !== undefined) this.idle.give(this);
  }
}

/** A predicate that throws has no opinion: it must not replace the error it was asked about. */
function wantedBy(
  predicate: RetryPredicate | undefined,
  error: unknown,
  failed: { attempt: number; classification: Classification; call: Call },
): boolean | undefined {
  try {
    return predicate?.(error, failed);
  } catch {
    return undefined;
  }
}

export const retryPolicy = {
  type: 'retry',
  optionKey: 'retry',
  slot: 'retry',
  options: retryOptions,
  create: (name, options, context) => new Retry(name, options, context),
  waits: () => true,
} satisfies PolicyDefinition<typeof retryOptions, Retry>;
