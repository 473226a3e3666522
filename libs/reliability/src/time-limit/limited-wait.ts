import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import { DelayLine } from '../core/delay-line.js';
import { DurationHistogram } from '../core/duration-histogram.js';
import { callsOnce, IdleList } from '../core/idle-list.js';
import type { Follower } from '../core/policy.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import { DeadlineExceededError } from './deadline-exceeded-error.js';
import { type Expiry, LimitedWork } from './limited-work.js';
import type { ResolvedTimeLimitOptions } from './time-limit.options.js';

/** Waits for work, but no longer than a limit, and accounts for what comes after it. */
export class LimitedWait {
  private options: ResolvedTimeLimitOptions;
  private adaptive: AdaptiveLimit | undefined;
  /** Of those who wait for the configured limit. */
  private line: DelayLine;
  private readonly idle = new IdleList<LimitedWork>();
  private exceeded = 0;
  private running = 0;
  private lateResults = 0;
  private lateErrors = 0;
  private cancelled = 0;
  private refused = 0;
  private durations: DurationHistogram | undefined;

  constructor(
    private readonly type: 'time-limit' | 'deadline',
    private readonly policy: string,
    options: ResolvedTimeLimitOptions,
    private readonly capabilities: Capabilities,
  ) {
    this.options = options;
    this.adaptive = adaptiveOf(options);
    this.line = new DelayLine(capabilities.clock, options.limitMs);
  }

  limitMs(now: number): number {
    return this.adaptive === undefined ? this.options.limitMs : this.adaptive.limitMs(now);
  }

  /** What was learned for a derived limit is kept unless the rule it is derived by has changed. */
  reconfigure(options: ResolvedTimeLimitOptions): void {
    const sameRule =
      options.limitMs === this.options.limitMs &&
      JSON.stringify(options.adaptive) === JSON.stringify(this.options.adaptive);
    if (options.limitMs !== this.options.limitMs) this.line = new DelayLine(this.capabilities.clock, options.limitMs);
    this.options = options;
    if (!sameRule) this.adaptive = adaptiveOf(options);
  }

  /** The limit in force and what was counted: totals since the policy was made, and work `running` unwaited-for now. */
  inspect(now: number) {
    return {
      limitMs: this.limitMs(now),
      strategy: this.options.strategy,
      samples: this.adaptive?.samples(now),
      exceeded: this.exceeded,
      running: this.running,
      lateResults: this.lateResults,
      lateErrors: this.lateErrors,
      cancelled: this.cancelled,
      refused: this.refused,
      durations: this.durations?.snapshot(),
    };
  }

  measure(): void {
    this.durations ??= new DurationHistogram();
  }

  /** The error of a call that is not made, because its deadline has passed. */
  refuse(call: Call): DeadlineExceededError {
    this.refused += 1;
    return new DeadlineExceededError(this.type, this.policy, call.name, true);
  }

  /** The work is over in time: lets a derived limit learn from it. */
  noteInTime(startedAt: number): void {
    if (this.adaptive === undefined && this.durations === undefined) return;
    const now = this.capabilities.clock.now();
    this.durations?.record(now - startedAt);
    this.adaptive?.record(now - startedAt, now);
  }

  /** The work has failed in time. */
  noteFailed(startedAt: number): void {
    this.durations?.record(this.capabilities.clock.now() - startedAt);
  }

  /** Gives what `work` gives, or rejects with what `expiry` makes once `limitMs` have passed since `startedAt`. */
  wait(
    call: Call,
    work: PromiseLike<unknown>,
    startedAt: number,
    limitMs: number,
    expiry: Expiry,
    follower: Follower | undefined,
  ): Promise<unknown> {
    const limited = callsOnce(work)
      ? (this.idle.take() ?? new LimitedWork(this, this.idle))
      : new LimitedWork(this, undefined);
    limited.begin(call, startedAt, limitMs, expiry, follower);
    return limited.follow(work, this.capabilities.clock, this.line);
  }

  /** @returns whether the work is abandoned now */
  limitReached({ call, startedAt, limitMs, expiry }: LimitedWork): boolean {
    const abandoned = this.options.strategy === 'abandoning';
    if (abandoned) this.running += 1;
    this.exceeded += 1;
    this.durations?.record(limitMs);
    if (expiry!.own && this.adaptive !== undefined) this.adaptive.record(limitMs, this.capabilities.clock.now());
    this.emit('exceeded', call!, startedAt, limitMs);
    return abandoned;
  }

  /** The work ended after its limit was reached. */
  endedLate(
    { call, startedAt, limitMs }: LimitedWork,
    abandoned: boolean,
    how: 'result' | 'error' | 'cancelled',
  ): void {
    if (abandoned) this.running -= 1;
    if (how === 'cancelled') this.cancelled += 1;
    else if (how === 'error') this.lateErrors += 1;
    else {
      this.lateResults += 1;
      this.emit('late-result', call!, startedAt, limitMs);
    }
  }

  private emit(what: 'exceeded' | 'late-result', call: Call, startedAt: number, limitMs: number): void {
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
