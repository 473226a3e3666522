import type { Call } from '../core/call.js';
import type { Follower, Limits, Next, Permit, Repeats } from '../core/policy.js';
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
      : this.limited(this.limits, new Run(this, call, permits, begun));
  }

  /** What {@link Run} does, in the frame itself. */
  private unlimited(call: Call, permits: Permit[], begun: number): unknown {
    const { segment, repeats } = this;
    const admittedAt = call.now;
    const abandonedBefore = abandonedBy(call);
    let work: unknown;
    try {
      work = this.invoke(call);
    } catch (error) {
      segment.failed(call, permits, admittedAt, abandonedBefore, error);
      throw error;
    }
    if (call.abortable && work instanceof Promise) {
      return followAbortable(new Run(this, call, permits, begun, admittedAt, abandonedBefore), work);
    }
    const startedAt = repeats === undefined ? 0 : repeats.startOf(call);
    if (work instanceof Promise) {
      return work.then(
        (value: unknown) => {
          segment.succeeded(call, permits, admittedAt, abandonedBefore, value);
          if (repeats !== undefined) repeats.succeeded(call, startedAt);
          return value;
        },
        (error: unknown) => {
          segment.failed(call, permits, admittedAt, abandonedBefore, error);
          if (repeats === undefined) throw error;
          return repeats.failed(call, this.again, begun, startedAt, error);
        },
      );
    }
    segment.succeeded(call, permits, admittedAt, abandonedBefore, work);
    if (repeats !== undefined) repeats.succeeded(call, startedAt);
    return work;
  }

  private limited(limits: Limits, run: Run): unknown {
    const { call } = run;
    let limitMs: number;
    let work: unknown;
    try {
      limitMs = limits.limitMs(call, run.admittedAt);
      work = this.invoke(call);
    } catch (error) {
      run.settleFailed(error);
      throw error;
    }
    run.begun();
    if (work instanceof Promise || isThenable(work)) return limits.wait(call, work, run.admittedAt, limitMs, run);
    limits.noteInTime(run.admittedAt);
    run.succeeded(work);
    return work;
  }
}

/** Settles the permits when the work ends or the call is aborted, and gives what the caller gets. */
function followAbortable(run: Run, work: Promise<unknown>): Promise<unknown> {
  run.begun();
  return work.then(
    (value) => {
      run.succeeded(value);
      return value;
    },
    (error: unknown) => run.failed(error),
  );
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

/** An attempt that was admitted, and may be over for its caller before its work is. */
class Run implements Follower {
  /** For the policy that repeats. */
  private startedAt: number | undefined = undefined;
  private aborted = false;
  private unwatch: (() => void) | undefined = undefined;

  constructor(
    private readonly frame: AttemptFrame,
    readonly call: Call,
    private readonly permits: Permit[],
    private readonly operation: number,
    readonly admittedAt = call.now,
    private readonly abandonedBefore = abandonedBy(call),
  ) {}

  /** The work has begun: from now on permits are settled when the call is aborted; they end when the work does. */
  begun(): void {
    const { repeats } = this.frame;
    if (repeats !== undefined) this.startedAt = repeats.startOf(this.call);
    if (this.call.abortable) this.watchAbort();
  }

  succeeded(value: unknown): void {
    const { frame, call } = this;
    if (this.unwatch !== undefined) this.unwatch();
    if (this.aborted) frame.segment.over(call, this.permits, this.admittedAt, this.abandonedBefore);
    else frame.segment.succeeded(call, this.permits, this.admittedAt, this.abandonedBefore, value);
    if (frame.repeats !== undefined) frame.repeats.succeeded(call, this.startedAt!);
  }

  settleFailed(error: unknown): void {
    const { frame, call } = this;
    if (this.unwatch !== undefined) this.unwatch();
    if (this.aborted) frame.segment.over(call, this.permits, this.admittedAt, this.abandonedBefore);
    else frame.segment.failed(call, this.permits, this.admittedAt, this.abandonedBefore, error);
  }

  /** @throws the error, when nothing repeats */
  failed(error: unknown): Promise<unknown> {
    this.settleFailed(error);
    const { repeats, again } = this.frame;
    if (repeats === undefined) throw error;
    return repeats.failed(this.call, again, this.operation, this.startedAt!, error);
  }

  private watchAbort(): void {
    this.unwatch = this.call.onAbort((reason) => {
      this.unwatch!();
      this.aborted = true;
      this.frame.segment.aborted(this.call, this.permits, this.admittedAt, reason);
    });
  }
}
