import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { Delayed, type DelayLine } from '../core/delay-line.js';
import type { ReliabilityError } from '../core/errors.js';
import type { Waiter } from '../core/policy.js';
import type { Timer } from '../core/timer.js';

/** What happens when a limit is reached. */
export interface Expiry {
  /** Whether the limit is the policy's own; one handed down with the call says nothing about what calls take. */
  readonly own: boolean;
  /** Aborts what is limited and gives the error its caller is to get. */
  expire(call: Call, limitMs: number): ReliabilityError;
}

/** Who keeps the accounts of limited work. */
export interface LimitedWorkAccounts {
  noteInTime(startedAt: number): void;
  noteFailed(startedAt: number): void;
  limitReached(work: LimitedWork): boolean;
  endedLate(work: LimitedWork, abandoned: boolean, how: 'result' | 'error' | 'cancelled'): void;
}

/** Work that somebody waits for, but no longer than a limit. */
export class LimitedWork extends Delayed {
  /** Where it does not stand in the line. */
  private timer: Timer | undefined = undefined;
  private ended: PromiseLike<void> | undefined = undefined;
  private expired: ReliabilityError | undefined = undefined;
  private abandoned = false;

  constructor(
    private readonly accounts: LimitedWorkAccounts,
    readonly call: Call,
    startedAt: number,
    readonly limitMs: number,
    readonly expiry: Expiry,
    private readonly waiter: Waiter,
  ) {
    super(startedAt);
  }

  /** Waits in `line` where the limit is what everybody there has, and its turn the last. */
  follow(work: PromiseLike<unknown>, clock: Clock, line: DelayLine): void {
    if (this.limitMs === line.delayMs && line.takes(this.startedAt)) line.join(this);
    else this.timer = clock.schedule(this.limitMs, this, this.startedAt);
    this.ended = work.then(
      (value) => this.succeeded(value),
      (error: unknown) => this.failed(error),
    );
  }

  due(): void {
    const { call } = this;
    this.expired = this.expiry.expire(call, this.limitMs);
    this.abandoned = this.accounts.limitReached(this);
    if (!this.abandoned) return;
    call.abandon(Promise.resolve(this.ended));
    this.waiter.reject(this.expired);
  }

  private stopTimer(): void {
    if (this.timer === undefined) this.leave();
    else this.timer.cancel();
  }

  private succeeded(value: unknown): void {
    if (this.expired === undefined) {
      this.stopTimer();
      this.accounts.noteInTime(this.startedAt);
      this.waiter.resolve(value);
      return;
    }
    this.accounts.endedLate(this, this.abandoned, 'result');
    if (!this.abandoned) this.waiter.resolve(value);
  }

  private failed(error: unknown): void {
    const expired = this.expired;
    if (expired === undefined) {
      this.stopTimer();
      this.accounts.noteFailed(this.startedAt);
      this.waiter.reject(error);
      return;
    }
    this.accounts.endedLate(this, this.abandoned, isCancellation(error, expired) ? 'cancelled' : 'error');
    const late = causedBy(expired, error);
    if (!this.abandoned) this.waiter.reject(late);
  }
}

/** Whether the work ended because its signal was aborted with `reason`: it threw the reason, or Node's AbortError. */
function isCancellation(error: unknown, reason: ReliabilityError): boolean {
  const thrown = error as Partial<Error> | null | undefined;
  return error === reason || thrown?.name === 'AbortError' || thrown?.cause === reason;
}

function causedBy(expired: ReliabilityError, error: unknown): ReliabilityError {
  if (error !== expired) Object.defineProperty(expired, 'cause', { value: error, configurable: true, writable: true });
  return expired;
}
