import type { Call } from '../core/call.js';
import type { Capabilities } from '../core/capabilities.js';
import { isRefused } from '../core/errors.js';
import type { CallProbe } from '../core/instrumentation.js';
import { Failure, type Outcome, Success } from '../core/outcome.js';
import type { AroundPolicy, Next } from '../core/policy.js';
import { Refusal } from '../core/refusal.js';
import { AdmissionSegment, type AdmissionStep } from './admission-segment.js';
import { AttemptFrame, PendingRun } from './attempt-frame.js';
import type { Link } from './link.js';
import { canonicalOrder } from './order.js';
import { SoleFrame } from './sole-frame.js';
import { Deadline } from '../time-limit/deadline.js';
import { PLAIN_USE } from '../core/use.js';

/** How a call ended, without a throw. */
export type CallOutcome = Outcome | Refused;

/** Not called: a policy refused. */
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
}

/** The policies of one method, linked once, outermost first. */
export class Chain {
  readonly links: readonly Link[];
  private readonly run: Next;
  /** The outermost link when it is a segment: it can refuse without building an error. */
  private readonly outermost: AttemptFrame | SoleFrame | undefined;
  private readonly hasDeadline: boolean;
  private readonly segments: AdmissionSegment[] = [];
  /** Whether the outermost policy surrounds calls and does not count them. */
  private readonly countsCallers: boolean;
  /** Callers without an answer, where {@link countsCallers}. */
  private callers = 0;
  /** The same chain for calls that bring a deadline to it; made for the first of them. */
  private withDeadline: Chain | undefined = undefined;

  constructor(
    links: readonly Link[],
    private readonly invoke: Next,
    readonly capabilities: Capabilities,
    private readonly order?: readonly string[],
    private readonly probe?: CallProbe,
  ) {
    this.links = canonicalOrder(links, order);
    let run = invoke;
    let inside = invoke;
    let outermost: AttemptFrame | SoleFrame | undefined;
    for (let end = this.links.length; end > 0;) {
      const { policy, use } = this.links[end - 1]!;
      const next = REPEATING.has(policy.type) ? watched(run, probe) : run;
      if (policy.kind === 'around') {
        run = (call) => policy.intercept(call, next, use);
        inside = next;
        outermost = undefined;
        end -= 1;
        continue;
      }
      const steps = admissionStepsEndingAt(this.links, end);
      const segment = new AdmissionSegment(steps, capabilities.clock);
      const limits = segment.timed ? aroundAt(this.links, end)?.limits : undefined;
      end -= steps.length;
      // Where attempts are watched, each is a link of its own.
      const repeats = probe === undefined ? aroundAt(this.links, end - 1)?.repeats : undefined;
      const frame = new AttemptFrame(segment, limits === undefined ? next : inside, limits, repeats);
      if (repeats !== undefined) end -= 1;
      const sole = steps.length === 1 && repeats === undefined && run === invoke;
      const outer = sole ? new SoleFrame(steps[0]!, segment, frame, invoke, capabilities.clock) : frame;
      run = watched((call) => outer.run(call), probe);
      outermost = repeats === undefined ? outer : undefined;
      this.segments.push(segment);
    }
    this.hasDeadline = this.links.some(({ policy }) => policy.type === 'deadline');
    this.run = run;
    const outer = this.links[0]?.policy;
    this.countsCallers = outer?.kind === 'around' && !('inFlight' in outer);
    this.outermost = outermost;
  }

  /**
   * Runs the call. Gives what the method gives: a plain value stays plain when no policy has to wait.
   * @throws what the method or the refusing policy throws: at once when that is decided at once, else as a rejection
   */
  execute(call: Call): unknown {
    if (call.deadline !== Infinity && !this.hasDeadline) return this.underDeadline().execute(call);
    return this.countsCallers ? this.counted(call) : this.begun(call);
  }

  private begun(call: Call): unknown {
    if (!call.abortable) return this.run(call);
    if (call.aborted) throw call.reason;
    return untilAborted(call, this.run);
  }

  private counted(call: Call): unknown {
    const result = this.begun(call);
    if (result instanceof Promise) {
      this.callers += 1;
      result.then(this.onAnswer, this.onAnswer);
    }
    return result;
  }

  /**
   * As {@link execute}, but a refusal by the outermost policies is given as a value, since a throw costs many times what
   * a call does: as it is, or, where there was a queue, as the value of a {@link PendingRun}.
   */
  answer(call: Call): unknown {
    return this.outermost === undefined || call.abortable || call.deadline !== Infinity
      ? this.execute(call)
      : this.outermost.tryRun(call);
  }

  /**
   * As {@link execute}, with the outcome as a value. A refusal by the outermost policies costs no error.
   * @returns the outcome, or a promise of it when something had to be waited for
   */
  tryExecute(call: Call): CallOutcome | Promise<CallOutcome> {
    try {
      const result = this.answer(call);
      if (result instanceof PendingRun) return outcomeOfPromise(result.promise);
      return result instanceof Promise ? outcomeOfPromise(result) : outcomeOfResult(result);
    } catch (error) {
      return outcomeOfThrown(error);
    }
  }

  /** Calls under way: what shutting down waits for. Only whether it is 0 is exact, since policies are shared. */
  get inFlight(): number {
    let total = this.callers + (this.withDeadline?.inFlight ?? 0);
    if (this.countsCallers) return total;
    for (const segment of this.segments) total += segment.inFlight;
    for (const { policy } of this.links) if (policy.kind === 'around') total += policy.inFlight ?? 0;
    return total;
  }

  private readonly onAnswer = (): void => {
    this.callers -= 1;
  };

  private underDeadline(): Chain {
    if (this.withDeadline !== undefined) return this.withDeadline;
    const policy = new Deadline('call', { limitMs: Infinity, strategy: 'abandoning' }, this.capabilities);
    const links = [...this.links, { policy, slot: 'deadline', use: PLAIN_USE } as const];
    this.withDeadline = new Chain(links, this.invoke, this.capabilities, this.order, this.probe);
    return this.withDeadline;
  }
}

/** Policies that may make several attempts of one call. */
const REPEATING: ReadonlySet<string> = new Set(['retry', 'hedge']);

const watched = (attempt: Next, probe: CallProbe | undefined): Next =>
  probe === undefined ? attempt : (call) => probe.attempt(call, attempt);

function aroundAt(links: readonly Link[], index: number): AroundPolicy | undefined {
  const policy = links[index]?.policy;
  return policy?.kind === 'around' ? policy : undefined;
}

function admissionStepsEndingAt(links: readonly Link[], end: number): AdmissionStep[] {
  const steps: AdmissionStep[] = [];
  for (let index = end - 1; index >= 0; index -= 1) {
    const { policy, use } = links[index]!;
    if (policy.kind !== 'admission') break;
    steps.unshift({ policy, use });
  }
  return steps;
}

/** Answers the caller at once when the call is aborted, and lets go of the caller's signal when the result is known. */
function untilAborted(call: Call, run: Next): unknown {
  let result: unknown;
  try {
    result = run(call);
  } catch (error) {
    call.finish();
    throw error;
  }
  if (result instanceof Promise) {
    return new Promise((resolve, reject) => {
      const release = call.onAbort(() => {
        if (call.aborted) reject(call.reason);
      });
      const finish = () => {
        release();
        call.finish();
      };
      result.then(
        (value) => {
          finish();
          resolve(value);
        },
        (error: unknown) => {
          finish();
          reject(error);
        },
      );
    });
  }
  call.finish();
  return result;
}

async function outcomeOfPromise(promise: Promise<unknown>): Promise<CallOutcome> {
  try {
    return outcomeOfResult(await promise);
  } catch (error) {
    return outcomeOfThrown(error);
  }
}

function outcomeOfResult(result: unknown): CallOutcome {
  return result instanceof Refusal ? { kind: 'refused', refusal: result } : new Success(result, 0);
}

function outcomeOfThrown(error: unknown): CallOutcome {
  return isRefused(error) ? { kind: 'refused', refusal: new ThrownRefusal(error) } : new Failure(error, 0);
}

/** A refusal by an inner policy, which had to be thrown to pass the outer ones. */
class ThrownRefusal extends Refusal {
  constructor(private readonly error: ReturnType<Refusal['toError']>) {
    super(error.policy, error.retryAfterMs);
  }

  override toError(): ReturnType<Refusal['toError']> {
    return this.error;
  }
}
