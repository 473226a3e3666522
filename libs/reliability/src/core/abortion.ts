import { setMaxListeners } from 'node:events';

/** Called once, with the reason, when the call or its current attempt is aborted. */
export type AbortListener = (reason: unknown) => void;

/** Whether a call, or its attempt under way, was aborted, why, and who is to be told. */
export class Abortion {
  #controller: AbortController | undefined = undefined;
  /** One is the usual case, and needs no set. */
  #listeners: AbortListener | Set<AbortListener> | undefined = undefined;
  #aborted = false;
  #attemptAborted = false;
  #reason: unknown = undefined;
  /** Who may abort from outside, and what ends listening to them while somebody here has to be told. */
  #callerSignal: AbortSignal | undefined = undefined;
  #unfollow: (() => void) | undefined = undefined;
  #parent: Abortion | undefined;

  /** @param parent that of the call which this one's is a fork of */
  constructor(parent?: Abortion) {
    this.#parent = parent;
  }

  get aborted(): boolean {
    if (!this.#aborted) {
      if (this.#callerSignal?.aborted === true) this.abort(this.#callerSignal.reason);
      else if (this.#parent?.attemptAborted === true) this.abort(this.#parent.reason);
    }
    return this.#aborted;
  }

  get attemptAborted(): boolean {
    return this.#attemptAborted || this.aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** The current attempt's signal. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.attemptAborted) this.#controller.abort(this.#reason);
      else this.#follow();
    }
    return this.#controller.signal;
  }

  follow(signal: AbortSignal): void {
    this.#callerSignal = this.#callerSignal === undefined ? signal : AbortSignal.any([this.#callerSignal, signal]);
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#announce(reason);
  }

  abortAttempt(reason: unknown): void {
    if (this.#aborted || this.#attemptAborted) return;
    this.#attemptAborted = true;
    this.#announce(reason);
  }

  beginAttempt(): void {
    this.#controller = undefined;
    if (this.#aborted) return;
    this.#attemptAborted = false;
    this.#reason = undefined;
  }

  onAbort(listener: AbortListener): () => void {
    const others = this.#listeners;
    if (others === undefined) this.#listeners = listener;
    else if (typeof others === 'function') this.#listeners = new Set([others, listener]);
    else others.add(listener);
    this.#follow();
    return () => this.#forget(listener);
  }

  finish(): void {
    this.#parent = undefined;
    this.#letGo();
  }

  #announce(reason: unknown): void {
    this.#reason = reason;
    if (this.#aborted) this.#letGo();
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    if (typeof listeners === 'function') listeners(reason);
    else if (listeners !== undefined) {
      for (const listener of Array.from(listeners)) if (listeners.has(listener)) listener(reason);
    }
  }

  #forget(listener: AbortListener): void {
    if (this.#listeners === listener) this.#listeners = undefined;
    else if (typeof this.#listeners === 'object' && this.#listeners.delete(listener) && this.#listeners.size === 0) {
      this.#listeners = undefined;
    }
    if (this.#listeners === undefined && this.#controller === undefined) this.#letGo();
  }

  #follow(): void {
    if (this.#unfollow !== undefined || this.#aborted) return;
    const signal = this.#callerSignal;
    if (this.#parent !== undefined) {
      this.#unfollow = this.#parent.onAbort((reason) => this.abort(reason));
    } else if (signal !== undefined) {
      const onAbort = () => this.abort(signal.reason);
      expectMany(signal);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#unfollow = () => signal.removeEventListener('abort', onAbort);
    }
  }

  #letGo(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
  }
}

/** Many calls may follow one signal, of a request or a shutdown: no leak, of which Node would warn from the 11th on. */
function expectMany(signal: AbortSignal): void {
  if (signal instanceof AbortSignal) setMaxListeners(Infinity, signal);
}
