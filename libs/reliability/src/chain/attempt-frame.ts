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
    const { repeats } = this;
    if (repeats === undefined) return this.attempt(call, 0);
    const begun = repeats.begin(call);
    try {
      return this.attempt(call, begun);
    } catch (error) {
      return repeats.thrown(call, this.segmentOn, begun, repeats.startOf(call), error);
    }
  }

  private attempt(call: Call, begun: number): unknown {
    const { segment, limits } = this;
    const permits = segment.permits();
    const stopped = segment.begin(call, permits);
    if (stopped !== undefined) return this.goOn(call, begun, segment.resume(stopped, call, permits));
    const limitMs = limits === undefined ? Infinity : limits.limitMs(call.now);
    const run = new Run(this, call, permits, begun);
    const work = this.begin(run);
    if (limits !== undefined && (work instanceof Promise || isThenable(work))) {
      const promise = run.toPromise();
      limits.watch(call, work, run.admittedAt, limitMs, run);
      return promise;
    }
    return work instanceof Promise ? follow(run, work) : this.endedAtOnce(run, work);
  }

  /** Calls what lies inside. @throws what that throws */
  private begin(run: Run): unknown {
    let work: unknown;
    try {
      work = this.invoke(run.call);
    } catch (error) {
      run.failed(error);
      throw error;
    }
    if (this.repeats !== undefined) run.startedAt = this.repeats.startOf(run.call);
    return work;
  }

  private endedAtOnce(run: Run, value: unknown): unknown {
    if (this.limits !== undefined) this.limits.noteInTime(run.admittedAt);
    run.succeeded(value);
    return value;
  }

  /** The segment has a queue, and the call is in it. */
  private goOn(call: Call, begun: number, later: Promise<unknown>): Promise<unknown> {
    const { repeats } = this;
    if (repeats === undefined) return later;
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

/** Settles the permits when the work ends, and gives what the caller gets. */
const follow = (run: Run, work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => {
      run.succeeded(value);
      return value;
    },
    (error: unknown) => {
      run.failed(error);
      return run.recover(error);
    },
  );

/** A first attempt under way. */
class Run implements Waiter {
  readonly admittedAt: number;
  /** For the policy that repeats. */
  startedAt = Number.NaN;
  private readonly abandonedBefore: number;
  private settle: ((result: unknown) => void) | undefined = undefined;
  private throwOut: ((error: unknown) => void) | undefined = undefined;

  constructor(
    private readonly frame: AttemptFrame,
    readonly call: Call,
    private readonly permits: Permit[],
    private readonly begun: number,
  ) {
    this.admittedAt = call.now;
    this.abandonedBefore = abandonedBy(call);
  }

  /** A promise that {@link resolve} and {@link reject} settle. */
  toPromise(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.settle = resolve;
      this.throwOut = reject;
    });
  }

  succeeded(value: unknown): void {
    const { frame, call } = this;
    frame.segment.succeeded(call, this.permits, this.admittedAt, this.abandonedBefore, value);
    if (frame.repeats !== undefined) frame.repeats.succeeded(call, this.startedAt);
  }

  failed(error: unknown): void {
    this.frame.segment.failed(this.call, this.permits, this.admittedAt, this.abandonedBefore, error);
  }

  /** @throws the error, when nothing repeats */
  recover(error: unknown): Promise<unknown> {
    const { repeats, segmentOn } = this.frame;
    if (repeats === undefined) throw error;
    return repeats.failed(this.call, segmentOn, this.begun, this.startedAt, error);
  }

  resolve(value: unknown): void {
    this.succeeded(value);
    this.settle!(value);
  }

  reject(error: unknown): void {
    this.failed(error);
    if (this.frame.repeats === undefined) this.throwOut!(error);
    else this.settle!(this.recover(error));
  }
}
