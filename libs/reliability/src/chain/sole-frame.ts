import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { Success } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, Next, Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';
import { type AdmissionSegment, type AdmissionStep, Waiting } from './admission-segment.js';
import { type AttemptFrame, PendingRun, throwRefusal } from './attempt-frame.js';

/**
 * One admission policy directly around the work: what {@link AttemptFrame} does, in as few steps as can be. What few
 * calls need is left to the frame and its segment: queues, callers who may abort, failures, work left behind.
 */
export class SoleFrame {
  private readonly policy: AdmissionPolicy;
  private readonly use: Use;
  private readonly timed: boolean;
  private readonly ends: boolean;

  constructor(
    { policy, use }: AdmissionStep,
    private readonly segment: AdmissionSegment,
    private readonly frame: AttemptFrame,
    private readonly invoke: Next,
    private readonly clock: Clock,
  ) {
    this.policy = policy;
    this.use = use;
    this.timed = segment.timed;
    this.ends = policy.end !== undefined;
  }

  /** @throws the error of the policy when it refuses, at once or as a rejection when a queue was involved */
  run(call: Call): unknown {
    if (call.abortable || call.abandoned !== undefined) return this.frame.run(call);
    const answer = this.tryRun(call);
    if (answer instanceof Refusal) throw answer.toError();
    return answer instanceof PendingRun ? answer.promise.then(throwRefusal) : answer;
  }

  /** As {@link run} of a call that nobody may abort, but a refusal is given as a value, or as that of {@link PendingRun}. */
  tryRun(call: Call): unknown {
    const now = this.timed ? this.clock.now() : 0;
    call.now = now;
    const admission = this.policy.admit(call, now, this.use);
    return typeof admission === 'number' ? this.admitted(call, admission) : this.decided(call, admission);
  }

  private decided(call: Call, admission: Admission): unknown {
    if (admission instanceof Refusal) return admission;
    if (!(admission instanceof Promise)) return this.admitted(call, admission);
    this.segment.inFlight += 1;
    return this.frame.pending(new Waiting(0, admission), call, this.segment.permits());
  }

  private admitted(call: Call, permit: Permit): unknown {
    this.segment.inFlight += 1;
    let work: unknown;
    try {
      work = this.invoke(call);
    } catch (error) {
      this.failed(call, permit, error);
      throw error;
    }
    if (work instanceof Promise) {
      return work.then(
        (value: unknown) => {
          this.succeeded(call, permit, value);
          return value;
        },
        (error: unknown) => {
          this.failed(call, permit, error);
          throw error;
        },
      );
    }
    this.succeeded(call, permit, work);
    return work;
  }

  /** Nothing further in reads the clock: the call still has the time of its admission. */
  private succeeded(call: Call, permit: Permit, value: unknown): void {
    this.segment.inFlight -= 1;
    const now = this.timed ? this.clock.now() : 0;
    this.policy.settle(permit, new Success(value, this.timed ? now - call.now : 0), call, now);
    if (this.ends) this.end(call, permit, now);
  }

  private end(call: Call, permit: Permit, now: number): void {
    if (call.abandoned === undefined) this.policy.end!(permit, now);
    else this.segment.endLater(call, [permit], 0);
  }

  private failed(call: Call, permit: Permit, error: unknown): void {
    this.segment.failed(call, [permit], call.now, 0, error);
  }
}
