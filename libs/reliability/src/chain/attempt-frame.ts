import type { Call } from '../core/call.js';
import type { Limits, Next, Permit, Repeats, Waiter } from '../core/policy.js';
import { isThenable } from '../core/thenable.js';
import { abandonedBy, type AdmissionSegment } from './admission-segment.js';

/**
 * A segment, the policy directly outside it that repeats and the one directly inside it that limits attempts, as one
 * link: a first attempt that is admitted at once runs in one frame with one promise. Whatever else may happen (a queue,
 * a further attempt, an abort from outside) takes the way through the separate links.
 */
export class AttemptFrame {
  constructor(
    readonly repeats: Repeats | undefined,
    readonly segment: AdmissionSegment,
    private readonly limits: Limits | undefined,
    /** What lies inside all three. */
    private readonly invoke: Next,
    /** The segment and what lies inside it, link by link. */
    readonly segmentOn: Next,
    /** Everything, link by link. */
    private readonly linkByLink: Next,
  ) {}

  run(call: Call): unknown {
    if (call.abortable || call.deadline !== Infinity) return this.linkByLink(call);
    const { repeats, segment } = this;
    const begun = repeats === undefined ? 0 : repeats.begin(call);
    try {
      const permits = segment.permits();
      const stopped = segment.begin(call, permits);
      if (stopped === undefined) return this.attempt(call, permits, begun);
      const later = segment.resume(stopped, call, permits);
      return repeats === undefined ? later : this.repeating(repeats, call, begun, later);
    } catch (error) {
      if (repeats === undefined) throw error;
      return repeats.thrown(call, this.segmentOn, begun, repeats.startOf(call), error);
    }
  }

  private attempt(call: Call, permits: Permit[], begun: number): unknown {
    const { repeats, segment, limits, invoke } = this;
    const admittedAt = call.now;
    const abandonedBefore = abandonedBy(call);
    const limitMs = limits === undefined ? Infinity : limits.limitMs(admittedAt);
    let work: unknown;
    try {
      work = invoke(call);
    } catch (error) {
      segment.failed(call, permits, admittedAt, abandonedBefore, error);
      throw error;
    }
    const startedAt = repeats === undefined ? admittedAt : repeats.startOf(call);
    if (limits !== undefined && isThenable(work)) {
      const run = new LimitedRun(this, call, permits, abandonedBefore, admittedAt, startedAt, begun);
      limits.watch(call, work, admittedAt, limitMs, run);
      return run.promise;
    }
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
          return repeats.failed(call, this.segmentOn, begun, startedAt, error);
        },
      );
    }
    if (limits !== undefined) limits.noteInTime(admittedAt);
    segment.succeeded(call, permits, admittedAt, abandonedBefore, work);
    if (repeats !== undefined) repeats.succeeded(call, startedAt);
    return work;
  }

  private repeating(repeats: Repeats, call: Call, begun: number, later: Promise<unknown>): Promise<unknown> {
    const startedAt = repeats.startOf(call);
    return later.then(
      (value) => {
        repeats.succeeded(call, startedAt);
        return value;
      },
      (error: unknown) => repeats.failed(call, this.segmentOn, begun, startedAt, error),
    );
  }
}

/** A first attempt under a time limit: what its caller waits for may end before the work does. */
class LimitedRun implements Waiter {
  readonly promise: Promise<unknown>;
  private settle!: (result: unknown) => void;
  private throwOut!: (error: unknown) => void;

  constructor(
    private readonly frame: AttemptFrame,
    private readonly call: Call,
    private readonly permits: Permit[],
    private readonly abandonedBefore: number,
    private readonly admittedAt: number,
    private readonly startedAt: number,
    private readonly begun: number,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.throwOut = reject;
    });
  }

  resolve(value: unknown): void {
    const { frame, call } = this;
    frame.segment.succeeded(call, this.permits, this.admittedAt, this.abandonedBefore, value);
    if (frame.repeats !== undefined) frame.repeats.succeeded(call, this.startedAt);
    this.settle(value);
  }

  reject(error: unknown): void {
    const { frame, call } = this;
    frame.segment.failed(call, this.permits, this.admittedAt, this.abandonedBefore, error);
    if (frame.repeats === undefined) this.throwOut(error);
    else this.settle(frame.repeats.failed(call, frame.segmentOn, this.begun, this.startedAt, error));
  }
}
