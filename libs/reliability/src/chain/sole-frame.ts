import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { callsOnce, IdleList, type Reusable } from '../core/idle-list.js';
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
  private readonly idle = new IdleList<SoleRun>();

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
      this.failed(call, permit, call.now, error);
      throw error;
    }
    if (work instanceof Promise) return this.follow(call, permit, work);
    this.succeeded(call, permit, call.now, work);
    return work;
  }

  private follow(call: Call, permit: Permit, work: Promise<unknown>): Promise<unknown> {
    const run = callsOnce(work) ? (this.idle.take() ?? new SoleRun(this, this.idle)) : new SoleRun(this, undefined);
    run.call = call;
    run.permit = permit;
    run.admittedAt = call.now;
    return work.then(run.onValue, run.onError);
  }

  succeeded(call: Call, permit: Permit, admittedAt: number, value: unknown): void {
    this.segment.inFlight -= 1;
    const now = this.timed ? this.clock.now() : 0;
    this.policy.settle(permit, new Success(value, this.timed ? now - admittedAt : 0), call, now);
    if (this.ends) this.end(call, permit, now);
  }

  private end(call: Call, permit: Permit, now: number): void {
    if (call.abandoned === undefined) this.policy.end!(permit, now);
    else this.segment.endLater(call, [permit], 0);
  }

  failed(call: Call, permit: Permit, admittedAt: number, error: unknown): void {
    this.segment.failed(call, [permit], admittedAt, 0, error);
  }
}

/** A call that was admitted, until its work is over; then the next one's. */
class SoleRun implements Reusable<SoleRun> {
  nextIdle: SoleRun | undefined = undefined;
  call: Call | undefined = undefined;
  permit: Permit = 0;
  admittedAt = 0;

  constructor(
    private readonly frame: SoleFrame,
    private readonly idle: IdleList<SoleRun> | undefined,
  ) {}

  readonly onValue = (value: unknown): unknown => {
    const { call, permit, admittedAt } = this;
    if (call !== undefined) {
      this.rest();
      this.frame.succeeded(call, permit, admittedAt, value);
    }
    return value;
  };

  readonly onError = (error: unknown): never => {
    const { call, permit, admittedAt } = this;
    if (call !== undefined) {
      this.rest();
      this.frame.failed(call, permit, admittedAt, error);
    }
    throw error;
  };

  private rest(): void {
    this.call = undefined;
    this.permit = 0;
    if (this.idle !== undefined) this.idle.give(this);
  }
}
