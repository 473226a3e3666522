import { isObservable, Observable, type Subscriber, type Subscription } from 'rxjs';
import type { Call } from '../core/call.js';
import type { SettleOn } from './call-options.js';
import { asPromise, type LateRun, type Make, READER_LEFT, type RunLate } from './late-work.js';

const STREAMING = Symbol('streaming');
const COMPLETED = Symbol('completed');

/**
 * An Observable that runs through the chain for each subscription: refused, limited and repeated (by subscribing anew)
 * like a call. Unsubscribing early counts as neither success nor failure.
 */
export function lateObservable(run: RunLate, settleOn: SettleOn, first?: unknown): Observable<unknown> {
  let made = first;
  return new Observable((subscriber) => {
    const subscriptionRun = new SubscriptionRun(subscriber, run, settleOn, made as Observable<unknown> | undefined);
    made = undefined;
    subscriptionRun.start();
    return () => subscriptionRun.leave();
  });
}

class SubscriptionRun {
  readonly #run: LateRun;
  /** The attempt whose items the subscriber gets: the first that has one. */
  #leading: object | undefined;
  #source: Subscription | undefined;
  #settled = false;
  #ended: (() => void) | undefined;

  constructor(
    private readonly subscriber: Subscriber<unknown>,
    run: RunLate,
    private readonly settleOn: SettleOn,
    private made: Observable<unknown> | undefined,
  ) {
    this.#run = run((attempt, make) => this.#begin(attempt, make));
  }

  start(): void {
    asPromise(() => this.#run.start()).then(
      (value) => {
        this.#settled = true;
        if (value === COMPLETED) this.subscriber.complete();
        else if (value !== STREAMING) this.#answer(value);
      },
      (error: unknown) => {
        this.#settled = true;
        this.subscriber.error(error);
      },
    );
  }

  leave(): void {
    if (!this.#settled) this.#run.call.abort(READER_LEFT);
    this.#source?.unsubscribe();
    this.#ended?.();
  }

  /** What a fallback gave. */
  #answer(value: unknown): void {
    if (isObservable(value)) this.#source = value.subscribe(this.subscriber);
    else {
      this.subscriber.next(value);
      this.subscriber.complete();
    }
  }

  #begin(attempt: Call, make: Make): Promise<unknown> {
    const source = (this.made ?? make()) as Observable<unknown>;
    this.made = undefined;
    const self = {};
    return new Promise((resolve, reject) => {
      let streaming = false;
      const fail = (error: unknown) => {
        if (this.#leading === self) this.#leading = undefined;
        reject(error);
      };
      const release = attempt.onAbort((reason) => {
        subscription?.unsubscribe();
        fail(reason);
      });
      let subscription: Subscription | undefined = undefined;
      subscription = source.subscribe({
        next: (item) => {
          this.#leading ??= self;
          if (this.#leading !== self) return;
          if (!streaming && this.settleOn === 'first-item') {
            streaming = true;
            release();
            this.#settled = true;
            attempt.abandon(new Promise<void>((ended) => (this.#ended = ended)));
            resolve(STREAMING);
          }
          this.subscriber.next(item);
        },
        error: (error: unknown) => {
          if (streaming) this.subscriber.error(error);
          else {
            release();
            fail(error);
          }
        },
        complete: () => {
          if (streaming) this.subscriber.complete();
          else {
            release();
            resolve(COMPLETED);
          }
        },
      });
      this.#source = subscription;
      // The subscriber may have left during the first, synchronous items.
      if (this.subscriber.closed || attempt.attemptAborted) subscription.unsubscribe();
    });
  }
}
