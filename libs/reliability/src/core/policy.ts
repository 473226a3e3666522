import type { Capabilities } from './capabilities.js';
import type { Call } from './call.js';
import type { Outcome } from './outcome.js';
import type { Refusal } from './refusal.js';
import type { Use } from './use.js';

/**
 * What an admission hands out and gets back at settlement. A number (a generation, a cost) costs nothing; an object
 * may carry what must be remembered until then.
 */
export type Permit = number | object;

/** Decided: a permit or a refusal. A promise only from a policy that holds callers in a queue. */
export type Admission = Permit | Refusal | Promise<Permit | Refusal>;

interface PolicyBase {
  /** Kind of policy: `circuit-breaker`, `retry`, … */
  readonly type: string;
  /** Name under which its state is shared, configured and shown. */
  readonly name: string;
  /** Plain data for `inspect()`, metrics and pages: state and counters. */
  inspect(now: number): PolicySnapshot;
  /** Takes new, already parsed options and keeps the state that still makes sense under them. */
  reconfigure(options: never): void;
  /** Keeps durations in histograms from now on, for metrics. Nobody's calls are timed for that before. */
  measure?(): void;
  /** Stops background work and refuses everybody still queued. */
  close?(): void;
}

export interface PolicySnapshot {
  readonly type: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/**
 * Decides on calls one by one: breaker, limiter, bulkhead, balancer.
 * For each permit given, the chain calls `settle` exactly once and then `end` exactly once.
 */
export interface AdmissionPolicy extends PolicyBase {
  readonly kind: 'admission';
  /** Whether `admit` may give a promise. Such policies are asked before those that only decide. */
  readonly waits: boolean;
  /** Whether it looks at `now` or at durations. When no policy of a segment does, the clock is not read and both are 0. */
  readonly timed: boolean;
  /**
   * Refuses without taking a permit, or gives `undefined`. Asked before the queues of a chain, so that a call that
   * has no chance does not wait; `admit` follows after them.
   */
  precheck?(call: Call, now: number, use: Use): Refusal | undefined;
  admit(call: Call, now: number, use: Use): Admission;
  /** The outcome is known. Must not throw. */
  settle(permit: Permit, outcome: Outcome, call: Call, now: number): void;
  /**
   * The work itself is over, which is later than `settle` when its caller stopped waiting for it. The call may be in
   * another attempt by then: look at the permit, not at the call. Must not throw.
   */
  end?(permit: Permit, now: number): void;
}

/** What lies further in. Gives the method's own result: a plain value or a promise. */
export type Next = (call: Call) => unknown;

/** Surrounds what lies further in: fallback, deadline, retry, hedge, time limit. */
export interface AroundPolicy extends PolicyBase {
  readonly kind: 'around';
  /** Calls that it surrounds now, where it knows: shutting down waits for them. */
  readonly inFlight?: number;
  /** Gives what `next` gives, plain or promise; calls `next` with the same call, or with a fork of it. */
  intercept(call: Call, next: Next, use: Use): unknown;
  /** Its part in an attempt frame directly further in, where it repeats what failed. */
  readonly repeats?: Repeats;
  /** Its part in an attempt frame directly further out, where it limits the time of an attempt. */
  readonly limits?: Limits;
}

/**
 * {@link AroundPolicy.intercept} of a policy that repeats what failed, taken apart: what it does about a first attempt
 * that succeeds needs no promise and no frame of its own.
 */
export interface Repeats {
  /** An operation begins. @returns what {@link succeeded}, {@link failed} or {@link thrown} is to get back */
  begin(call: Call): number;
  /** The clock as the operation's first attempt began; `NaN` when nobody wants to know. */
  startOf(call: Call): number;
  succeeded(call: Call, startedAt: number): void;
  /** @returns what the caller gets instead @throws the error when nothing more is tried */
  failed(call: Call, next: Next, begun: number, startedAt: number, error: unknown): Promise<unknown>;
  /** As {@link failed}, at once where nothing has to be waited for. @throws the error when nothing more is tried */
  thrown(call: Call, next: Next, begun: number, startedAt: number, error: unknown): unknown;
}

/** Is told how limited work ended for its caller, before the caller is. */
export interface Follower {
  succeeded(value: unknown): void;
  /** @returns what the caller gets instead @throws the error that he gets */
  failed(error: unknown): unknown;
}

/** {@link AroundPolicy.intercept} of a policy that limits the time of an attempt, taken apart. */
export interface Limits {
  /**
   * Longest time for work that begins now, in ms.
   * @throws the refusal of a call whose deadline has passed
   */
  limitMs(call: Call, now: number): number;
  /** Gives what the work gives, or the error of a limit that was reached first; tells `follower` of either. */
  wait(
    call: Call,
    work: PromiseLike<unknown>,
    startedAt: number,
    limitMs: number,
    follower: Follower | undefined,
  ): Promise<unknown>;
  /** The work was over at once. */
  noteInTime(startedAt: number): void;
}

export type Policy = AdmissionPolicy | AroundPolicy;

/** What a policy may ask of its surroundings when it is created. */
export interface PolicyContext extends Capabilities {
  /** Another policy, private to the asking one: a breaker for each endpoint of a balancer. */
  create(type: string, name: string, options: unknown): Policy;
  /** One object per name and kind for everybody who asks: a retry budget shared by retries and hedges. */
  shared<T>(kind: string, name: string, make: () => T): T;
}
