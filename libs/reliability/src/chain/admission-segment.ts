import type { Call } from '../core/call.js';
import type { Clock } from '../core/clock.js';
import { isRefused, isReliabilityError } from '../core/errors.js';
import { Failure, Ignored, type Outcome, Success } from '../core/outcome.js';
import type { Admission, AdmissionPolicy, Permit } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import type { Use } from '../core/use.js';

export interface AdmissionStep {
  readonly policy: AdmissionPolicy;
  readonly use: Use;
}

/** Steps that have call sites of their own. */
const UNROLLED = 3;

/**
 * Neighbouring admission policies: admits in order, settles in reverse. The clock is read once at admission and once at
 * settlement, and not at all when no policy here looks at it.
 */
export class AdmissionSegment {
  private readonly prechecks: readonly AdmissionStep[];
  private readonly steps: readonly AdmissionStep[];
  // The first steps have call sites of their own: V8 learns and inlines by call site, and a loop has one for all.
  private readonly first: AdmissionStep;
  private readonly second: AdmissionStep | undefined;
  private readonly third: AdmissionStep | undefined;
  /** Which steps want to be told of the end of the work. */
  private readonly ending: readonly number[];
  /** Whether the clock is read. */
  readonly timed: boolean;
  /** The clock as read by the last {@link #since}. */
  private settledAt = 0;
  /** Calls between the first permit and settlement, those in queues included. */
  inFlight = 0;

  constructor(
    steps: readonly AdmissionStep[],
    private readonly clock: Clock,
  ) {
    const lastQueue = steps.findLastIndex(({ policy }) => policy.waits);
    const early = steps.filter(({ policy }, index) => index < lastQueue && policy.precheck !== undefined);
    this.prechecks = early;
    this.steps = [
      ...steps.slice(0, lastQueue + 1).filter((step) => !early.includes(step)),
      ...early,
      ...steps.slice(lastQueue + 1),
    ];
    [this.first, this.second, this.third] = this.steps as readonly [AdmissionStep, ...AdmissionStep[]];
    this.timed = steps.some(({ policy }) => policy.timed);
    this.ending = [...this.steps.keys()].filter((index) => this.steps[index]!.policy.end !== undefined);
  }

  /** Room for the permits of one run. */
  permits(): Permit[] {
    return new Array<Permit>(this.steps.length);
  }

  /**
   * Takes the permits of a run. The time of admission is left in `call.now`.
   * @returns what stopped it: nothing, a refusal, or a queue, after which {@link wait} goes on
   */
  begin(call: Call, permits: Permit[]): Refusal | Waiting | undefined {
    this.inFlight += 1;
    const now = this.timed ? this.clock.now() : 0;
    call.now = now;
    const refusal = this.prechecks.length === 0 ? undefined : this.precheck(call, permits, now);
    return refusal === undefined ? this.admitAll(call, permits, now) : refusal;
  }

  private precheck(call: Call, permits: Permit[], now: number): Refusal | undefined {
    const { prechecks } = this;
    try {
      for (let index = 0; index < prechecks.length; index += 1) {
        const { policy, use } = prechecks[index]!;
        const refusal = policy.precheck!(call, now, use);
        if (refusal !== undefined) return this.giveBack(call, permits, 0, now, refusal);
      }
      return undefined;
    } catch (error) {
      this.giveBack(call, permits, 0, now, error);
      throw error;
    }
  }

  /**
   * Waits in the queues and takes the rest of the permits.
   * @returns the refusal, if there was one
   * @throws the reason of a call that was aborted meanwhile
   */
  async wait(first: Waiting, call: Call, permits: Permit[]): Promise<Refusal | undefined> {
    for (let waiting: Waiting | undefined = first; waiting !== undefined;) {
      const { index } = waiting;
      let admission: Permit | Refusal;
      try {
        admission = await waiting.admission;
      } catch (error) {
        this.giveBack(call, permits, index, this.readClock(call), error);
        throw error;
      }
      const now = this.readClock(call);
      if (admission instanceof Refusal) return this.giveBack(call, permits, index, now, admission);
      permits[index] = admission;
      const stopped = this.admit(call, permits, index + 1, now);
      if (stopped instanceof Refusal) return stopped;
      waiting = stopped;
    }
    if (call.abortable && call.aborted) throw this.giveBack(call, permits, permits.length, call.now, call.reason);
    return undefined;
  }

  /** Tells the policies that the work succeeded, and that it is over. */
  succeeded(call: Call, permits: Permit[], admittedAt: number, abandonedBefore: number, value: unknown): void {
    this.settle(call, permits, new Success(value, this.since(admittedAt)), this.settledAt);
    if (this.ending.length > 0) this.endAfterAbandoned(call, permits, abandonedBefore);
  }

  /** Tells the policies that the work failed, and that it is over. */
  failed(call: Call, permits: Permit[], admittedAt: number, abandonedBefore: number, error: unknown): void {
    this.settle(call, permits, outcomeOfError(error, this.since(admittedAt)), this.settledAt);
    if (this.ending.length > 0) this.endAfterAbandoned(call, permits, abandonedBefore);
  }

  /** Tells the policies that the call was aborted, though the work goes on. */
  aborted(call: Call, permits: Permit[], admittedAt: number, reason: unknown): void {
    this.settle(call, permits, outcomeOfAbort(reason, this.since(admittedAt)), this.settledAt);
  }

  /** Tells the policies that the work of a call that was {@link aborted} is over. */
  over(call: Call, permits: Permit[], admittedAt: number, abandonedBefore: number): void {
    this.since(admittedAt);
    if (this.ending.length > 0) this.endAfterAbandoned(call, permits, abandonedBefore);
  }

  /** Takes all permits, until one is refused or has to be waited for. */
  private admitAll(call: Call, permits: Permit[], now: number): Refusal | Waiting | undefined {
    const { first, second, third } = this;
    let asked = 0;
    try {
      let stopped = this.keep(first.policy.admit(call, now, first.use), 0, call, permits, now);
      if (stopped !== undefined || second === undefined) return stopped;
      asked = 1;
      stopped = this.keep(second.policy.admit(call, now, second.use), 1, call, permits, now);
      if (stopped !== undefined || third === undefined) return stopped;
      asked = 2;
      stopped = this.keep(third.policy.admit(call, now, third.use), 2, call, permits, now);
      if (stopped !== undefined || this.steps.length === UNROLLED) return stopped;
    } catch (error) {
      this.giveBack(call, permits, asked, now, error);
      throw error;
    }
    return this.admit(call, permits, UNROLLED, now);
  }

  /** Takes permits from the step `from` on until one is refused or has to be waited for. */
  private admit(call: Call, permits: Permit[], from: number, now: number): Refusal | Waiting | undefined {
    const { steps } = this;
    let index = from;
    try {
      for (; index < steps.length; index += 1) {
        const step = steps[index]!;
        const stopped = this.keep(step.policy.admit(call, now, step.use), index, call, permits, now);
        if (stopped !== undefined) return stopped;
      }
      return undefined;
    } catch (error) {
      this.giveBack(call, permits, index, now, error);
      throw error;
    }
  }

  private keep(
    admission: Admission,
    index: number,
    call: Call,
    permits: Permit[],
    now: number,
  ): Refusal | Waiting | undefined {
    if (typeof admission !== 'number') {
      if (admission instanceof Promise) return new Waiting(index, admission);
      if (admission instanceof Refusal) return this.giveBack(call, permits, index, now, admission);
    }
    permits[index] = admission;
    return undefined;
  }

  /** Settles and ends the first `count` permits with nothing learned. */
  private giveBack<Reason>(call: Call, permits: Permit[], count: number, now: number, reason: Reason): Reason {
    permits.length = count;
    if (count === 0) this.inFlight -= 1;
    else {
      this.settle(call, permits, new Ignored(reason), now);
      this.end(permits, now);
    }
    return reason;
  }

  private settle(call: Call, permits: Permit[], outcome: Outcome, now: number): void {
    this.inFlight -= 1;
    const count = permits.length;
    for (let index = count - 1; index >= UNROLLED; index -= 1) {
      this.steps[index]!.policy.settle(permits[index]!, outcome, call, now);
    }
    if (count > 2) this.third!.policy.settle(permits[2]!, outcome, call, now);
    if (count > 1) this.second!.policy.settle(permits[1]!, outcome, call, now);
    if (count > 0) this.first.policy.settle(permits[0]!, outcome, call, now);
  }

  private endAfterAbandoned(call: Call, permits: Permit[], abandonedBefore: number): void {
    if (abandonedBy(call) === abandonedBefore) this.end(permits, this.settledAt);
    else this.endLater(call, permits, abandonedBefore);
  }

  /** Tells the policies that the work is over once what the call left behind is, from the given piece on. */
  endLater(call: Call, permits: Permit[], abandonedBefore: number): void {
    void Promise.allSettled(call.abandoned!.slice(abandonedBefore)).then(() => {
      this.end(permits, this.clock.now());
    });
  }

  private end(permits: Permit[], now: number): void {
    const { ending } = this;
    for (let place = ending.length - 1; place >= 0; place -= 1) {
      const index = ending[place]!;
      if (index < permits.length) this.steps[index]!.policy.end!(permits[index]!, now);
    }
  }

  /** Reads the clock for a settlement and gives the time passed. */
  private since(admittedAt: number): number {
    if (!this.timed) return 0;
    this.settledAt = this.clock.now();
    return this.settledAt - admittedAt;
  }

  private readClock(call: Call): number {
    call.now = this.timed ? this.clock.now() : 0;
    return call.now;
  }
}

/** How much work of the call is running that nobody waits for. */
export const abandonedBy = (call: Call) => (call.abandoned === undefined ? 0 : call.abandoned.length);

/** Step at which a run waits, and what for. */
export class Waiting {
  constructor(
    readonly index: number,
    readonly admission: Promise<Permit | Refusal>,
  ) {}
}

function outcomeOfError(error: unknown, durationMs: number): Outcome {
  return isRefused(error) ? new Ignored(error) : new Failure(error, durationMs);
}

/** A deadline that passed is the fault of what was called; a caller who gave up is nobody's. */
function outcomeOfAbort(reason: unknown, durationMs: number): Outcome {
  return isReliabilityError(reason) ? new Failure(reason, durationMs) : new Ignored(reason);
}
