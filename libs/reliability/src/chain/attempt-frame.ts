import type { Call } from '../core/call.js';
import type { Follower, Limits, Next, Permit, Repeats } from '../core/policy.js';
import { callsOnce, IdleList, type Reusable } from '../core/idle-list.js';
import { Refusal } from '../core/refusal.js';
import { isThenable } from '../core/thenable.js';
import { abandonedBy, type AdmissionSegment, type Waiting } from './admission-segment.js';

/**
 * Admission policies, the policy directly inside them that limits the time of an attempt and the one directly outside
 * them that repeats, as one link: an attempt runs in one frame with one promise.
 */
export class AttemptFrame {
  /** The same for further attempts: they are repeated by the one who makes them. */
  private readonly once: AttemptFrame;
  private readonly idle = new IdleList<Run>();
  /** {@link once}, to be handed to the policy that repeats. */
  readonly again: Next;

  constructor(
    readonly segment: AdmissionSegment,
    private readonly invoke: Next,
    private readonly limits: Limits | undefined,
    readonly repeats: Repeats | undefined,
  ) {
    const once = repeats === undefined ? this : new AttemptFrame(segment, invoke, limits, undefined);
    this.once = once;
    this.again = (call) => once.attempt(call, 0);
  }

  /** @throws the error of the policy that refuses, at once or as a rejection when a queue was involved */
  run(call: Call): unknown {
    const { repeats } = this;
    if (repeats === undefined) return this.attempt(call, 0);
    const begun = repeats.begin(call);
    try {
      return this.attempt(call, begun);
    } catch (error) {
      return repeats.thrown(call, this.again, begun, repeats.startOf(call), error);
    }
  }

  /** As {@link run} without repetition, but a refusal is given as a value, or as the value of {@link PendingRun}. */
  tryRun(call: Call): unknown {
    const permits = this.segment.permits();
    const stopped = this.segment.begin(call, permits);
    if (stopped === undefined) return this.once.admitted(call, permits, 0);
    return stopped instanceof Refusal ? stopped : this.pending(stopped, call, permits);
  }

  /** A run whose admission has to be waited for. */
  pending(waiting: Waiting, call: Call, permits: Permit[]): PendingRun {
    return new PendingRun(this.once.later(waiting, call, permits));
  }

  private attempt(call: Call, begun: number): unknown {
    const permits = this.segment.permits();
    const stopped = this.segment.begin(call, permits);
    return stopped === undefined ? this.admitted(call, permits, begun) : this.stopped(stopped, call, permits, begun);
  }

  private stopped(by: Refusal | Waiting, call: Call, permits: Permit[], begun: number): Promise<unknown> {
    if (by instanceof Refusal) throw by.toError();
    const later = this.once.later(by, call, permits).then(throwRefusal);
    const { repeats } = this;
    if (repeats === undefined) return later;
    const startedAt = repeats.startOf(call);
    return later.then(
      (value) => {
        repeats.succeeded(call, startedAt);
        return value;
      },
      (error: unknown) => repeats.failed(call, this.again, begun, startedAt, error),
    );
  }

  /** @returns what the work gives, or the refusal */
  private async later(waiting: Waiting, call: Call, permits: Permit[]): Promise<unknown> {
    return (await this.segment.wait(waiting, call, permits)) ?? this.admitted(call, permits, 0);
  }

  private admitted(call: Call, permits: Permit[], begun: number): unknown {
    return this.limits === undefined
      ? this.unlimited(call, permits, begun)
      : this.limited(this.limits, call, permits, begun);
  }

  private unlimited(call: Call, permits: Permit[], begun: number): unknown {
    const admittedAt = call.now;
    const abandonedBefore = abandonedBy(call);
    let work: unknown;
    try {
      work = this.invoke(call);
    } catch (error) {
      this.segment.failed(call, permits, admittedAt, abandonedBefore, error);
      throw error;
    }
    if (!(work instanceof Promise)) return this.done(call, permits, admittedAt, abandonedBefore, work);
    const run = this.runOf(work, call, permits, begun, admittedAt, abandonedBefore);
    return work.then(run.onValue, run.onError);
  }

  private limited(limits: Limits, call: Call, permits: Permit[], begun: number): unknown {
    const admittedAt = call.now;
    const abandonedBefore = abandonedBy(call);
    let limitMs: number;
    let work: unknown;
    try {
      limitMs = limits.limitMs(call, admittedAt);
      work = this.invoke(call);
    } catch (error) {
      this.segment.failed(call, permits, admittedAt, abandonedBefore, error);
      throw error;
    }
    if (work instanceof Promise || isThenable(work)) {
      const run = this.runOf(work, call, permits, begun, admittedAt, abandonedBefore);
      return limits.wait(call, work, admittedAt, limitMs, run);
    }
    limits.noteInTime(admittedAt);
    return this.done(call, permits, admittedAt, abandonedBefore, work);
  }

  /** The work gave a plain value. */
  private done(call: Call, permits: Permit[], admittedAt: number, abandonedBefore: number, value: unknown): unknown {
    const { repeats } = this;
    this.segment.succeeded(call, permits, admittedAt, abandonedBefore, value);
    if (repeats !== undefined) repeats.succeeded(call, repeats.startOf(call));
    return value;
  }

  private runOf(
    work: PromiseLike<unknown>,
    call: Call,
    permits: Permit[],
    operation: number,
    admittedAt: number,
    abandonedBefore: number,
  ): Run {
    const run = callsOnce(work) ? (this.idle.take() ?? new Run(this, this.idle)) : new Run(this, undefined);
    run.begin(call, permits, operation, admittedAt, abandonedBefore);
    return run;
  }
}

/** A run that first has to wait for admission. Its promise gives the result, or the refusal as a value. */
export class PendingRun {
  constructor(readonly promise: Promise<unknown>) {}
}

/** @throws the error of a refusal */
export function throwRefusal(result: unknown): unknown {
  if (result instanceof Refusal) throw result.toError();
  return result;
}

const NOTHING: Permit[] = [];

/** An attempt that was admitted, and may be over for its caller before its work is; when that is over, another one. */
class Run implements Follower, Reusable<Run> {
  nextIdle: Run | undefined = undefined;
  private call: Call | undefined = undefined;
  private permits = NOTHING;
  private operation = 0;
  private admittedAt = 0;
  private abandonedBefore = 0;
  /** For the policy that repeats. */
  private startedAt = Number.NaN;
  private aborted = false;
  private unwatch: (() => void) | undefined = undefined;

  constructor(
    private readonly frame: AttemptFrame,
    private readonly idle: IdleList<Run> | undefined,
  ) {}

  /** The work has begun: from now on permits are settled when the call is aborted; they end when the work does. */
  begin(call: Call, permits: Permit[], operation: number, admittedAt: number, abandonedBefore: number): void {
    const { repeats } = this.frame;
    this.call = call;
    this.permits = permits;
    this.operation = operation;
    this.admittedAt = admittedAt;
    this.abandonedBefore = abandonedBefore;
    if (repeats !== undefined) this.startedAt = repeats.startOf(call);
    if (call.abortable) this.watchAbort(call);
  }

  readonly onValue = (value: unknown): unknown => {
    this.succeeded(value);
    return value;
  };

  readonly onError = (error: unknown): unknown => this.failed(error);

  succeeded(value: unknown): void {
    const { call, permits, aborted } = this;
    if (call === undefined) return;
    const { segment, repeats } = this.frame;
    const { admittedAt, abandonedBefore, startedAt } = this;
    this.rest();
    if (aborted) segment.over(call, permits, admittedAt, abandonedBefore);
    else segment.succeeded(call, permits, admittedAt, abandonedBefore, value);
    if (repeats !== undefined) repeats.succeeded(call, startedAt);
  }

  /** @throws the error, when nothing repeats */
  failed(error: unknown): Promise<unknown> {
    const { call, permits, aborted } = this;
    if (call === undefined) throw error;
    const { segment, repeats, again } = this.frame;
    const { admittedAt, abandonedBefore, startedAt, operation } = this;
    this.rest();
    if (aborted) segment.over(call, permits, admittedAt, abandonedBefore);
    else segment.failed(call, permits, admittedAt, abandonedBefore, error);
    if (repeats === undefined) throw error;
    return repeats.failed(call, again, operation, startedAt, error);
  }

  private rest(): void {
    if (this.unwatch !== undefined) this.unwatch();
    this.call = this.unwatch = undefined;
    this.permits = NOTHING;
    this.aborted = false;
    if (this.idle !== undefined) this.idle.give(this);
  }

  private watchAbort(call: Call): void {
    this.unwatch = call.onAbort((reason) => {
      this.unwatch!();
      this.aborted = true;
      this.frame.segment.aborted(call, this.permits, this.admittedAt, reason);
    });
  }
}
