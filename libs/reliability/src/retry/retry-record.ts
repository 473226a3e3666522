import type { Capabilities } from '../core/capabilities.js';
import type { ErrorClass } from '../core/error-class.js';
import type { RetryReport } from './attempts-of.js';
import { ClassStatistics } from './class-statistics.js';
import { type Exhaustion, isExhaustion, type StopReason } from './retry-decision.js';
import { LONGEST_TRAIL, RetryHistory } from './retry-history.js';
import type { RetryOperation } from './retry-operation.js';

const NOTHING: readonly never[] = Object.freeze([]);

/** What a retry counts, remembers and announces. */
export class RetryRecord {
  readonly #statistics = new ClassStatistics();
  readonly #stops = new Map<StopReason, number>();
  #history = new RetryHistory(0);
  #failedFirst = 0;
  #retries = 0;
  #recovered = 0;

  constructor(
    private readonly policy: string,
    private readonly capabilities: Pick<Capabilities, 'clock' | 'emit'>,
  ) {}

  keep(operations: number): void {
    this.#history = this.#history.resized(operations);
  }

  snapshot() {
    return {
      failedFirst: this.#failedFirst,
      retries: this.#retries,
      recovered: this.#recovered,
      stopped: Object.fromEntries(this.#stops),
      byClass: this.#statistics.snapshot(),
      lastOperations: this.#history.list(),
    };
  }

  succeededAtOnce(call: string, durationMs: number, endedAt: number): void {
    this.#history.add({
      call,
      endedAt,
      durationMs,
      attempts: 1,
      delaysMs: NOTHING,
      classes: NOTHING,
      outcome: 'success',
    });
  }

  attemptFailed(operation: RetryOperation, errorClass: ErrorClass): void {
    if (operation.attempt === 1) this.#failedFirst += 1;
    this.#statistics.of(errorClass).failures += 1;
  }

  scheduled(operation: RetryOperation, delayMs: number, at: number): void {
    const { emit } = this.capabilities;
    if (!emit.wants('retry.scheduled')) return;
    const { call, attempt, lastClass: errorClass } = operation;
    emit.emit({
      type: 'retry.scheduled',
      policy: this.policy,
      at,
      call: call.name,
      attempt: attempt + 1,
      delayMs,
      errorClass,
    });
  }

  retried(operation: RetryOperation, delayMs: number): void {
    this.#retries += 1;
    const totals = this.#statistics.of(operation.lastClass);
    totals.retries += 1;
    totals.delayMs += delayMs;
  }

  recovered(operation: RetryOperation): void {
    this.#recovered += 1;
    this.#statistics.of(operation.lastClass).recovered += 1;
    this.#remember(operation, 'success');
  }

  stopped(operation: RetryOperation, error: unknown, reason: StopReason): RetryReport {
    this.#stops.set(reason, (this.#stops.get(reason) ?? 0) + 1);
    this.#remember(operation, reason);
    if (isExhaustion(reason)) this.#exhausted(operation, error, reason);
    return { policy: this.policy, call: operation.call.name, reason, attempts: operation.failures };
  }

  #exhausted({ call, attempt, lastClass }: RetryOperation, error: unknown, reason: Exhaustion): void {
    this.#statistics.of(lastClass).exhausted += 1;
    const { emit, clock } = this.capabilities;
    if (!emit.wants('retry.exhausted')) return;
    emit.emit({
      type: 'retry.exhausted',
      policy: this.policy,
      at: clock.now(),
      call: call.name,
      attempts: attempt,
      errorClass: lastClass,
      reason,
      error,
    });
  }

  #remember({ call, failures, attempt, startedAt }: RetryOperation, outcome: 'success' | StopReason): void {
    if (Number.isNaN(startedAt)) return;
    const endedAt = this.capabilities.clock.now();
    const delaysMs: number[] = [];
    const classes: ErrorClass[] = [];
    for (let index = Math.max(0, failures.length - LONGEST_TRAIL); index < failures.length; index += 1) {
      const { delayMs, errorClass } = failures[index]!;
      classes.push(errorClass);
      if (delayMs !== undefined) delaysMs.push(delayMs);
    }
    this.#history.add({
      call: call.name,
      endedAt,
      durationMs: endedAt - startedAt,
      attempts: attempt,
      delaysMs,
      classes,
      outcome,
    });
  }
}
