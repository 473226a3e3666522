import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { Delayed, type DelayLine } from '../core/delay-line.js';
import type { ReliabilityError } from '../core/errors.js';
import type { IdleList, Reusable } from '../core/idle-list.js';
import type { Follower } from '../core/policy.js';
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

/** Work that somebody waits for, but no longer than a limit; when it is over, other work. */
export class LimitedWork extends Delayed implements Reusable<LimitedWork> {
  nextIdle: LimitedWork | undefined = undefined;
  call: Call | undefined = undefined;
  limitMs = 0;
  expiry: Expiry | undefined = undefined;
  private follower: Follower | undefined = undefined;
  /** Where it does not stand in the line. */
  private timer: Timer | undefined = undefined;
  private ended: PromiseLike<void> | undefined = undefined;
  private expired: ReliabilityError | undefined = undefined;
  private abandoned = false;
  /** Of the promise that the caller has. */
  private settle: ((result: unknown) => void) | undefined = undefined;
  private throwOut: ((error: unknown) => void) | undefined = undefined;

  constructor(
    private readonly accounts: LimitedWorkAccounts,
    private readonly idle: IdleList<LimitedWork> | undefined,
  ) {
    super(0);
  }

  begin(call: Call, startedAt: number, limitMs: number, expiry: Expiry, follower: Follower | undefined): void {
    this.call = call;
    this.startedAt = startedAt;
    this.limitMs = limitMs;
    this.expiry = expiry;
    this.follower = follower;
  }

  /**
   * Waits in `line` where the limit is what everybody there has, and its turn the last.
   * @returns what its caller gets
   */
  follow(work: PromiseLike<unknown>, clock: Clock, line: DelayLine): Promise<unknown> {
    const promise = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.throwOut = reject;
    });
    // First: a `then` of somebody else's may throw, or tell at once that all is over.
    const ended = work.then(this.onValue, this.onError);
    if (this.settle === undefined) return promise;
    this.ended = ended;
    if (this.limitMs === line.delayMs && line.takes(this.startedAt)) line.join(this);
    else this.timer = clock.schedule(this.limitMs, this, this.startedAt);
    return promise;
  }

  due(): void {
    const call = this.call!;
    const expired = this.expiry!.expire(call, this.limitMs);
    if (this.settle === undefined) return; // The abortion ended the work at once.
    this.expired = expired;
    this.abandoned = this.accounts.limitReached(this);
    if (!this.abandoned) return;
    call.abandon(Promise.resolve(this.ended));
    this.reject(expired);
  }

  private readonly onValue = (value: unknown): void => {
    const { accounts, expired, abandoned } = this;
    if (this.settle === undefined) return;
    if (expired === undefined) {
      this.stopTimer();
      accounts.noteInTime(this.startedAt);
    } else accounts.endedLate(this, abandoned, 'result');
    if (!abandoned) this.resolve(value);
    this.rest();
  };

  private readonly onError = (error: unknown): void => {
    const { accounts, expired, abandoned } = this;
    if (this.settle === undefined) return;
    if (expired === undefined) {
      this.stopTimer();
      accounts.noteFailed(this.startedAt);
      this.reject(error);
    } else {
      accounts.endedLate(this, abandoned, isCancellation(error, expired) ? 'cancelled' : 'error');
      const late = causedBy(expired, error);
      if (!abandoned) this.reject(late);
    }
    this.rest();
  };

  private resolve(value: unknown): void {
    if (this.follower !== undefined) this.follower.succeeded(value);
    this.settle!(value);
  }

  private reject(error: unknown): void {
    if (this.follower === undefined) this.throwOut!(error);
    else this.askFollower(this.follower, error);
  }

  private askFollower(follower: Follower, error: unknown): void {
    try {
      this.settle!(follower.failed(error));
    } catch (last) {
      this.throwOut!(last);
    }
  }

  private stopTimer(): void {
    if (this.timer === undefined) this.leave();
    else this.timer.cancel();
  }

  private rest(): void {
    this.call =
      this.expiry =
      this.follower =
      this.timer =
      this.ended =
      this.expired =
      this.settle =
      this.throwOut =
        undefined;
    this.abandoned = false;
    if (this.idle !== undefined) this.idle.give(this);
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
