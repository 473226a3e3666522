import { Abortion, type AbortListener } from './abortion.js';
import type { EndpointRef } from './endpoint.js';
import type { Priority } from './priority.js';

/** What few calls need. */
class RareFields {
  endpoint: EndpointRef | undefined = undefined;
  tried: EndpointRef[] | undefined = undefined;
  lastError: unknown = undefined;
  attachments: Map<symbol, unknown> | undefined = undefined;
  /** The call that a fork is an attempt of. */
  origin: Call | undefined = undefined;
  /** Made when somebody may abort the call or wants to be told. */
  abortion: Abortion | undefined = undefined;
}

/**
 * One invocation of a protected method, on its way through a chain. Policies share it; the fields that only some calls
 * need are made when first asked for.
 *
 * Two things can be aborted: the whole call (its caller gave up, its deadline passed) and the attempt that is under
 * way (a time limit). {@link signal} is the attempt's and follows both.
 */
export class Call {
  /** Which attempt this is, 1 for the first. */
  attempt = 1;
  priority: Priority = 'normal';
  /** Monotonic ms after which the result is of no use; `Infinity` without a deadline. */
  deadline = Infinity;
  /** `false` when a repetition could do harm, `true` when it cannot, `undefined` when nobody said. */
  idempotent: boolean | undefined = undefined;
  /** Whether somebody may abort the whole call while it runs. Set it before going further in when you may. */
  abortable = false;
  /** The clock as last read on behalf of this call. */
  now = 0;
  /** Work that is still running although nobody waits for it. */
  abandoned: Promise<unknown>[] | undefined = undefined;
  /** Made for the first of the fields in it that is set. */
  private rare: RareFields | undefined = undefined;

  constructor(
    /** `Class.method`, or the name given to `execute`. */
    readonly name: string,
    readonly target: (...args: never[]) => unknown,
    readonly self: unknown,
    readonly args: readonly unknown[],
  ) {}

  /** Where the current attempt goes. */
  get endpoint(): EndpointRef | undefined {
    return this.rare?.endpoint;
  }

  set endpoint(endpoint: EndpointRef | undefined) {
    this.rareFields().endpoint = endpoint;
  }

  /** Where earlier attempts, and others under way, went. Shared by forks. */
  get tried(): EndpointRef[] | undefined {
    return this.rare?.tried;
  }

  /** The error of the previous attempt. */
  get lastError(): unknown {
    return this.rare?.lastError;
  }

  set lastError(error: unknown) {
    this.rareFields().lastError = error;
  }

  /**
   * Whether the caller gave up or the deadline passed: nothing more should be started for it. For a fork also whether
   * the attempt of its call was aborted.
   */
  get aborted(): boolean {
    return this.rare?.abortion?.aborted === true;
  }

  /** Whether the attempt under way was aborted, alone or with the whole call. */
  get attemptAborted(): boolean {
    return this.rare?.abortion?.attemptAborted === true;
  }

  /** Why the call or the attempt was aborted. */
  get reason(): unknown {
    return this.rare?.abortion?.reason;
  }

  /** The current attempt's signal. The AbortController behind it is made on first use. */
  get signal(): AbortSignal {
    return this.abortionOfItsOwn().signal;
  }

  /**
   * Makes the call follow a signal of its caller, beside one that it follows already. Nothing is listened to until
   * something waits or asks for a signal.
   */
  follow(signal: AbortSignal): void {
    this.abortionOfItsOwn().follow(signal);
    this.abortable = true;
  }

  /** Ends the whole call: everything waiting on its behalf is told, nothing more is started. */
  abort(reason: unknown): void {
    this.abortionOfItsOwn().abort(reason);
  }

  /** Ends the attempt under way; a further one may follow. */
  abortAttempt(reason: unknown): void {
    this.abortionOfItsOwn().abortAttempt(reason);
  }

  /** Opens the next attempt: a number and a signal of its own; endpoints already used are remembered. */
  beginAttempt(): void {
    this.attempt += 1;
    const rare = this.rare;
    if (rare === undefined) return;
    if (rare.endpoint !== undefined) (rare.tried ??= []).push(rare.endpoint);
    rare.endpoint = undefined;
    rare.abortion?.beginAttempt();
  }

  /**
   * A concurrent attempt of the same call: shares caller, deadline, tried endpoints and attachments, has its own
   * signal, which ends with this call's. Let go of it with {@link finish}.
   */
  fork(attempt = this.attempt + 1): Call {
    const fork = new Call(this.name, this.target, this.self, this.args);
    fork.attempt = attempt;
    fork.priority = this.priority;
    fork.abortable = true;
    fork.deadline = this.deadline;
    fork.idempotent = this.idempotent;
    fork.now = this.now;
    const ours = this.rareFields();
    const forks = fork.rareFields();
    forks.lastError = ours.lastError;
    forks.tried = ours.tried ??= [];
    if (ours.endpoint !== undefined) ours.tried.push(ours.endpoint);
    forks.origin = ours.origin ?? this;
    forks.abortion = new Abortion(this.abortionOfItsOwn());
    return fork;
  }

  /**
   * Tells `listener` when the call or its current attempt is aborted. If it already is, ask {@link aborted} first: the
   * listener is not called for the past.
   * @returns ends the subscription
   */
  onAbort(listener: AbortListener): () => void {
    return this.abortionOfItsOwn().onAbort(listener);
  }

  /** Leaves work behind that still runs: permits that are held until the work ends wait for it. */
  abandon(work: Promise<unknown>): void {
    (this.abandoned ??= []).push(work);
  }

  attach(key: symbol, value: unknown): void {
    ((this.rare?.origin ?? this).rareFields().attachments ??= new Map()).set(key, value);
  }

  attachment(key: symbol): unknown {
    return (this.rare?.origin ?? this).rare?.attachments?.get(key);
  }

  /** Lets go of the caller's signal, or of the call that this is a fork of. To be called when the result is known. */
  finish(): void {
    this.rare?.abortion?.finish();
  }

  private abortionOfItsOwn(): Abortion {
    return (this.rareFields().abortion ??= new Abortion());
  }

  private rareFields(): RareFields {
    return (this.rare ??= new RareFields());
  }
}
