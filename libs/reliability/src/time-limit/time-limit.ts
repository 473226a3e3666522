import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import type { AroundPolicy, Follower, Limits, Next, PolicySnapshot } from '../core/policy.js';
import type { PolicyDefinition } from '../core/policy-definition.js';
import { isThenable } from '../core/thenable.js';
import { CallTimeoutError } from './call-timeout-error.js';
import { DeadlineExceededError } from './deadline-exceeded-error.js';
import { LimitedWait } from './limited-wait.js';
import type { Expiry } from './limited-work.js';
import { type ResolvedTimeLimitOptions, timeLimitOptions } from './time-limit.options.js';

/**
 * Limits the time of each attempt. When it is over the attempt's signal is aborted with a {@link CallTimeoutError},
 * which the caller gets: at once (`abandoning`) or when the work has ended (`cooperative`; a value that comes late is
 * still given). A call whose deadline comes first is limited by that, and not made at all once it has passed.
 */
export class TimeLimit implements AroundPolicy, Limits {
  readonly kind = 'around';
  readonly type = 'time-limit';
  readonly limits = this;
  private readonly limitedWait: LimitedWait;
  private readonly attemptOver: Expiry;
  private readonly deadlineOver: Expiry;

  constructor(
    readonly name: string,
    options: ResolvedTimeLimitOptions,
    private readonly capabilities: Capabilities,
  ) {
    this.limitedWait = new LimitedWait(this.type, name, options, capabilities);
    this.attemptOver = {
      own: true,
      expire: (call, limitMs) => {
        const error = new CallTimeoutError(name, call.name, limitMs);
        call.abortAttempt(error);
        return error;
      },
    };
    this.deadlineOver = {
      own: false,
      expire: (call) => {
        const error = new DeadlineExceededError(this.type, name, call.name, false);
        call.abort(error);
        return error;
      },
    };
  }

  intercept(call: Call, next: Next): unknown {
    const startedAt = this.capabilities.clock.now();
    const limitMs = this.limitMs(call, startedAt);
    const work = next(call);
    if (isThenable(work)) return this.wait(call, work, startedAt, limitMs, undefined);
    this.noteInTime(startedAt);
    return work;
  }

  limitMs(call: Call, now: number): number {
    const ownMs = this.limitedWait.limitMs(now);
    return call.deadline === Infinity ? ownMs : this.earlier(call, ownMs, now);
  }

  wait(
    call: Call,
    work: PromiseLike<unknown>,
    startedAt: number,
    limitMs: number,
    follower: Follower | undefined,
  ): Promise<unknown> {
    return this.limitedWait.wait(call, work, startedAt, limitMs, this.expiryOf(call, startedAt, limitMs), follower);
  }

  noteInTime(startedAt: number): void {
    this.limitedWait.noteInTime(startedAt);
  }

  inspect(now: number): PolicySnapshot {
    return { type: this.type, name: this.name, ...this.limitedWait.inspect(now) };
  }

  reconfigure(options: ResolvedTimeLimitOptions): void {
    this.limitedWait.reconfigure(options);
  }

  measure(): void {
    this.limitedWait.measure();
  }

  private earlier(call: Call, ownMs: number, now: number): number {
    const remainingMs = call.deadline - now;
    if (remainingMs <= 0) throw this.limitedWait.refuse(call);
    return Math.min(ownMs, remainingMs);
  }

  private expiryOf(call: Call, startedAt: number, limitMs: number): Expiry {
    const own = call.deadline === Infinity || this.limitedWait.limitMs(startedAt) <= limitMs;
    return own ? this.attemptOver : this.deadlineOver;
  }
}

export const timeLimitPolicy = {
  type: 'time-limit',
  optionKey: 'timeLimit',
  slot: 'time-limit',
  options: timeLimitOptions,
  create: (name, options, context) => new TimeLimit(name, options, context),
  waits: () => true,
} satisfies PolicyDefinition<typeof timeLimitOptions, TimeLimit>;
