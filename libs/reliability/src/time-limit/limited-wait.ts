import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import type { ReliabilityError } from '../core/errors.js';
import { DurationHistogram } from '../core/duration-histogram.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import { DeadlineExceededError } from './deadline-exceeded-error.js';
import type { ResolvedTimeLimitOptions } from './time-limit.options.js';

/** What happens when a limit is reached. */
export interface Expiry {
  /** Whether the limit is the policy's own; one handed down with the call says nothing about what calls take. */
  readonly own: boolean;
  /** Aborts what is limited and gives the error its caller is to get. */
  expire(call: Call, limitMs: number): ReliabilityError;
}

/** Waits for work, but no longer than a limit, and accounts for what comes after it. */
export class LimitedWait {
  #options: ResolvedTimeLimitOptions;
  #adaptive: AdaptiveLimit | undefined;
  #exceeded = 0;
  #running = 0;
  #lateResults = 0;
  #lateErrors = 0;
  #cancelled = 0;
  #refused = 0;
  #durations: DurationHistogram | undefined;

  constructor(
    private readonly type: 'time-limit' | 'deadline',
    private readonly policy: string,
    options: ResolvedTimeLimitOptions,
    private readonly capabilities: Capabilities,
  ) {
    this.#options = options;
    this.#adaptive = adaptiveOf(options);
  }

  limitMs(now: number): number {
    return this.#adaptive === undefined ? this.#options.limitMs : this.#adaptive.limitMs(now);
  }

  /** What was learned for a derived limit is kept unless the rule it is derived by has changed. */
  reconfigure(options: ResolvedTimeLimitOptions): void {
    const sameRule =
      options.limitMs === this.#options.limitMs &&
      JSON.stringify(options.adaptive) === JSON.stringify(this.#options.adaptive);
    this.#options = options;
    if (!sameRule) this.#adaptive = adaptiveOf(options);
  }

  /** The limit in force and what was counted: totals since the policy was made, and work `running` unwaited-for now. */
  inspect(now: number) {
    return {
      limitMs: this.limitMs(now),
      strategy: this.#options.strategy,
      samples: this.#adaptive?.samples(now),
      exceeded: this.#exceeded,
      running: this.#running,
      lateResults: this.#lateResults,
      lateErrors: this.#lateErrors,
      cancelled: this.#cancelled,
      refused: this.#refused,
      durations: this.#durations?.snapshot(),
    };
  }

  measure(): void {
    this.#durations ??= new DurationHistogram();
  }

  /** The error of a call that is not made, because its deadline has passed. */
  refuse(call: Call): DeadlineExceededError {
    this.#refused += 1;
    return new DeadlineExceededError(this.type, this.policy, call.name, true);
  }

  /** The work is over in time: lets a derived limit learn from it. */
  noteInTime(startedAt: number): void {
    if (this.#adaptive === undefined && this.#durations === undefined) return;
    const now = this.capabilities.clock.now();
    this.#durations?.record(now - startedAt);
    this.#adaptive?.record(now - startedAt, now);
  }

  /** Gives what `work` gives, or rejects with what `expiry` makes once `limitMs` have passed since `startedAt`. */
  wait(call: Call, work: PromiseLike<unknown>, startedAt: number, limitMs: number, expiry: Expiry): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let expired: ReliabilityError | undefined;
      let abandoned: boolean | undefined;
      const onLimit = () => {
        expired = expiry.expire(call, limitMs);
        abandoned = this.#options.strategy === 'abandoning';
        if (abandoned) {
          this.#running += 1;
          call.abandon(Promise.resolve(ended));
          reject(expired);
        }
        this.#noteExceeded(call, startedAt, limitMs, expiry.own);
      };
      const timer = this.capabilities.clock.schedule(limitMs, onLimit, startedAt);
      const ended = work.then(
        (value) => {
          if (expired === undefined) {
            timer.cancel();
            this.noteInTime(startedAt);
          } else {
            if (abandoned) this.#running -= 1;
            this.#lateResults += 1;
            this.#emit('late-result', call, startedAt, limitMs);
          }
          resolve(value);
        },
        (error: unknown) => {
          if (expired === undefined) {
            timer.cancel();
            this.#durations?.record(this.capabilities.clock.now() - startedAt);
            reject(error);
            return;
          }
          if (abandoned) this.#running -= 1;
          if (isCancellation(error, expired)) this.#cancelled += 1;
          else this.#lateErrors += 1;
          reject(causedBy(expired, error));
        },
      );
    });
  }

  #noteExceeded(call: Call, startedAt: number, limitMs: number, own: boolean): void {
    this.#exceeded += 1;
    this.#durations?.record(limitMs);
    if (own && this.#adaptive !== undefined) this.#adaptive.record(limitMs, this.capabilities.clock.now());
    this.#emit('exceeded', call, startedAt, limitMs);
  }

  #emit(what: 'exceeded' | 'late-result', call: Call, startedAt: number, limitMs: number): void {
    const at = this.capabilities.clock.now();
    this.capabilities.emit.emit({
      type: `${this.type}.${what}`,
      policy: this.policy,
      at,
      call: call.name,
      limitMs,
      elapsedMs: at - startedAt,
    });
  }
}

const adaptiveOf = ({ adaptive, limitMs }: ResolvedTimeLimitOptions) =>
  adaptive === undefined ? undefined : new AdaptiveLimit(adaptive, limitMs);

/** Whether the work ended because its signal was aborted with `reason`: it threw the reason, or Node's AbortError. */
function isCancellation(error: unknown, reason: ReliabilityError): boolean {
  const thrown = error as Partial<Error> | null | undefined;
  return error === reason || thrown?.name === 'AbortError' || thrown?.cause === reason;
}

function causedBy(expired: ReliabilityError, error: unknown): ReliabilityError {
  if (error !== expired) Object.defineProperty(expired, 'cause', { value: error, configurable: true, writable: true });
  return expired;
}
